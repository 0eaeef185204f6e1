/** `export`: a recording as OpenMetrics with timestamps, for Prometheus. */
import { UsageError } from '../errors.js';
import { pastPage } from '../inspect/past-page.js';
import type { Recorded } from '../inspect/past-values.js';
import { counted } from '../inspect/quantity.js';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import { Redactor } from '../inspect/redact.js';
import type { Command, Terminal } from './command.js';
import { writeOutputFile } from './output-file.js';
import { openSpan } from './past.js';

const FLAGS = ['by', 'step', 'since', 'until', 'include', 'exclude', 'redact', 'output'] as const;

/** Pieces are short: one for each metric. */
const CHUNK_LENGTH = 65_536;

export const exportCommand: Command<(typeof FLAGS)[number]> = {
  name: 'export',
  summary: 'Print a recording as OpenMetrics with timestamps, for promtool to make blocks of.',
  details: [
    'RECORDING is a file, a folder of --recorder.dir, or the URL of a running promfold. With --by process each process has its own series, with a label process.',
  ],
  positionals: ['RECORDING'],
  flags: FLAGS,
  exitCodes: [
    ['0', 'it is printed'],
    ['1', 'there is no such series'],
  ],
  topic: 'history',
  examples: [
    'export /var/lib/promfold -o past.om',
    'export --by process --step 1s --since -15m /var/lib/promfold -o past.om',
  ],

  async run({ positionals: [path], flags }, terminal) {
    if (path === undefined) throw new UsageError('RECORDING is missing');
    const { past: recorded, ...span } = await openSpan(path, flags.since, flags.until, terminal);
    const past = redacted(recorded, flags.redact);
    const count = { points: 0 };
    const page = pastPage(past, {
      ...span,
      stepSeconds: flags.step,
      byProcess: flags.by === 'process',
      prefixes: { include: flags.include, exclude: flags.exclude },
      onPoints: (points) => {
        count.points += points;
      },
    });
    const { output } = flags;
    if (output === undefined || output === '-') await print(page, terminal);
    else {
      // It contains label values, which may not be meant for others.
      await writeOutputFile(output, page, { isPrivate: true });
      terminal.complain(`${output}: ${counted(count.points, 'point')}`);
    }
    return count.points === 0 ? 1 : 0;
  },
};

/** Checked before anything is written. */
function redacted(past: RecordedPast, labels: readonly string[]): Recorded {
  if (labels.length === 0) return past;
  const redactor = new Redactor(labels);
  const keys = redactor.keys(past.keys);
  for (let id = 0; id < keys.size; id++) keys.read(id);
  redactor.refuseUnused();
  const { path, recording, timeSeconds } = past;
  return { path, recording, timeSeconds, keys };
}

/** Until the reader closes the pipe. */
async function print(page: AsyncIterable<string>, terminal: Terminal): Promise<void> {
  let chunk = '';
  for await (const piece of page) {
    chunk += piece;
    if (chunk.length < CHUNK_LENGTH) continue;
    if (!(await terminal.print(chunk))) return;
    chunk = '';
  }
  await terminal.print(chunk);
}
