/**
 * The daemon's log: pino to stderr, as logfmt or JSON, one line per event.
 *
 * Writing is synchronous, so that the last line before an exit is not lost. A closed stderr is ignored: a daemon does
 * not die because its log has no reader.
 */
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import type { LogFormat, LogLevel } from './log-choices.js';
import { logfmt } from './logfmt.js';

/** In the daemon of `run`: the command writes to the same stderr. */
export const MARK = { logger: 'promfold' } as const;

type Write = (message: string, fields?: Record<string, unknown>) => void;

export type Log = Readonly<Record<LogLevel, Write>>;

/** A log whose level may change. */
export interface AdjustableLog extends Log {
  setLevel(level: LogLevel): void;
}

/**
 * @param mark the first fields of each line, if others write to the same stderr
 * @param output stderr by default
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
