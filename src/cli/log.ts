/**
 * The daemon's log: pino to stderr, as logfmt or JSON, one line an event.
 *
 * Writing is synchronous, so that the last line before an exit is there, and a closed stderr ends
 * nothing: a daemon does not die because nobody reads its log.
 */
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import type { LogFormat, LogLevel } from './log-choices.js';
import { logfmt } from './logfmt.js';

/** Beside the command of `run`, whose log goes to the same place. */
export const MARK = { logger: 'promfold' } as const;

type Write = (message: string, fields?: Record<string, unknown>) => void;

export type Log = Readonly<Record<LogLevel, Write>>;

/** A log whose level may change. */
export interface AdjustableLog extends Log {
  setLevel(level: LogLevel): void;
}

/**
 * @param mark what each line begins with, where others write to the same stderr
 * @param output stderr when left out
 */
export function openLog(
  level: LogLevel,
  format: LogFormat,
  mark: { readonly logger?: string } = {},
  output = stderr(),
): AdjustableLog {
  const logger = pino(
    {
      level,
      base: mark.logger === undefined ? null : mark,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'json' ? output : asLogfmt(output),
  );
  const write =
    (at: LogLevel): Write =>
    (message, fields = {}) =>
      logger[at](fields, message);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    setLevel: (level) => {
      logger.level = level;
    },
  };
}

function asLogfmt(output: DestinationStream): DestinationStream {
  return { write: (line) => output.write(`${logfmt(JSON.parse(line))}\n`) };
}

function stderr(): DestinationStream {
  const stream = destination({ fd: 2, sync: true });
  stream.on('error', () => {});
  return stream;
}
