/**
 * `record`: a recording without a daemon. It is kept in memory, and written when it ends: FILE is whole or not there. As the
 * recorder of `serve`, it forgets what is oldest where memory is used up, and then says so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../errors.js';
import { counted, formatBytes } from '../inspect/quantity.js';
import { Redactor } from '../inspect/redact.js';
import { isUrl } from '../inspect/remote.js';
import { ProcThread } from '../processes/proc-thread.js';
import { FlightRecorder } from '../record/flight-recorder.js';
import { recordBytes } from '../scrape/default-limits.js';
import { Scraper } from '../scrape/scraper.js';
import type { Command, Terminal } from './command.js';
import { chooseDirectory } from './directory.js';
import { writeOutputFile } from './output-file.js';

/** Of a core: it does nothing else, and was asked for. */
const SHARE = 0.5;

export const record: Command<'output' | 'recordFor' | 'recordInterval' | 'redact'> = {
  name: 'record',
  summary: 'Record the values of a directory over time, until Ctrl-C.',
  flags: ['output', 'recordFor', 'recordInterval', 'redact'],
  exitCodes: [['0', 'the recording is written']],
  topic: 'recording',
  examples: [
    'record /run/prom -o prom.rec --for 10m',
    'record /run/prom -o prom.rec --interval 100ms',
    'record /run/prom -o prom.rec --for 10m --redact user',
  ],

  async run({ directory: given, flags }, terminal) {
    const { output, recordFor, recordInterval, redact } = flags;
    if (output === undefined) throw new UsageError('--output: expected a file or -, got nothing');
    const directory = chooseDirectory(given, terminal.environment, terminal.complain);
    if (isUrl(directory)) {
      throw new UsageError(
        `${directory}: expected a directory, got a URL; a daemon records by itself: GET /api/v1/recording`,
      );
    }
    const log = logTo(terminal);
    const scraper = new Scraper(directory, { log });
    const procThread = new ProcThread();
    const recorder = new FlightRecorder(scraper, {
      intervalSeconds: recordInterval,
      maxBytes: recordBytes(),
      share: SHARE,
      procThread,
      log,
    });
    const stop = terminal.stopSignal();
    try {
      await refuseUnreadable(scraper);
      const beganSeconds = Date.now() / 1000;
      recorder.start();
      terminal.complain(
        `recording ${directory} until ${recordFor === undefined ? '' : `${recordFor} s have passed, or `}Ctrl-C`,
      );
      await waited(recordFor, stop);
      await recorder.stop();
      const redactor = redact.length > 0 ? new Redactor(redact) : undefined;
      const saved = await recorder.save(undefined, beganSeconds, redactor);
      const bytes = Buffer.concat(saved);
      if (bytes.length === 0) throw new UsageError(`${directory}: nothing was recorded`);
      // What was recorded for minutes is not thrown away for a misspelled name.
      if (redactor?.unused !== undefined) {
        terminal.complain(
          `promfold: --redact: no series had the label '${redactor.unused}'; no value of it was there to be replaced`,
        );
      }
      await write(output, bytes, terminal);
      const [{ coverage } = { coverage: undefined }] = recorder.sources();
      const seconds = coverage === undefined ? 0 : coverage.toSeconds - coverage.fromSeconds;
      terminal.complain(
        `${output}: ${formatBytes(bytes.length)}, ${counted(recorder.ticks, 'moment')}, the last ${Math.round(seconds)} s`,
      );
      return 0;
    } finally {
      await recorder.close();
      await scraper.close();
      await procThread.close();
    }
  },
};

/** @throws MetricFileError */
async function refuseUnreadable(scraper: Scraper): Promise<void> {
  (await scraper.instant(undefined, false)).release();
}

async function write(output: string, bytes: Uint8Array, terminal: Terminal): Promise<void> {
  if (output === '-') await terminal.print(bytes);
  // It contains label values, which may not be meant for others.
  else await writeOutputFile(output, bytes, { isPrivate: true });
}

/** Problems of the directory, once each. */
function logTo({ complain }: Terminal) {
  const told = new Set<string>();
  const warn = (message: string, fields: Record<string, unknown>) => {
    const { path, cause } = fields;
    const line = [path, message, cause].filter((part) => part !== undefined).join(': ');
    if (!told.has(line)) complain(line);
    told.add(line);
  };
  return { warn, info: warn };
}

/** A timer that keeps the process alive has an end. */
const LONGEST_SECONDS = 86_400;

async function waited(seconds: number | undefined, stop: AbortSignal): Promise<void> {
  try {
    do await sleep((seconds ?? LONGEST_SECONDS) * 1000, undefined, { signal: stop });
    while (seconds === undefined);
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
