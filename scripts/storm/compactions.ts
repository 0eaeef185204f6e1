/**
 * Compactions, one after the other, of a directory in which short-lived processes of the real client write (short_lives.py),
 * while two unmodified readers of Python (truth_reader.py) and a promfold read it.
 *
 * The writers say what they have counted, before and after. A read is wrong if it has more than was started when it ended,
 * less than a read before it, or less than was done three seconds before it began: so a value that is lost or
 * doubled, if only for a moment, is seen. A reader of Python may fail, when a file that it listed is folded before it opens
 * it, or be overtaken (truth_reader.py). promfold must not.
 *
 * All of it runs in a PID namespace of its own: nothing is certainly dead where the maps of a process cannot be read.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compactDirectory } from '../../src/compact/compact-directory.js';
import { Daemon } from '../../test/support/cli.js';
import { valuesOf } from '../../test/support/exposition.js';
import { ROOT } from '../../test/support/paths.js';
import { run, start } from '../../test/support/process.js';

export interface CompactionStormOptions {
  /** Empty, and used by nothing else. */
  readonly parent: string;
  readonly compactions: number;
  /** Path of a Python with prometheus_client. */
  readonly python: string;
  /** Processes that live at any time. */
  readonly writers: number;
  readonly graceSeconds: number;
  /** Flags of the daemon that reads. */
  readonly flags?: readonly string[];
}

export interface CompactionStormReport {
  readonly seconds: number;
  readonly compactions: number;
  readonly foldedFiles: number;
  readonly removedFiles: number;
  /** Files that were born meanwhile, and moved. */
  readonly carriedFiles: number;
  /** Writers. */
  readonly born: number;
  readonly failedWriters: number;
  /** What writers have counted in the end. */
  readonly counted: number;
  readonly python: ReaderReport;
  readonly promfold: ReaderReport;
  /** Files in the end. */
  readonly files: number;
  /** Why compactions did not do what they should; where ids are used again so often, some find no quiet moment. */
  readonly refused: readonly string[];
  /** What was printed to standard error. */
  readonly complaints: string;
}

export interface ReaderReport {
  /** The counter and the histogram, as read last. */
  last: number[];
  right: number;
  /** Of those that are right: they lack what was done a moment before. */
  late: number;
  /** Of Python: too little, since a new file had the name of a folded one. */
  overtaken: number;
  failed: Record<string, number>;
  /** The first ones. */
  wrong: string[];
  wrongs: number;
}

const PAIR_BYTES = 16;

const SETTLE_MS = 300;

const KINDS = [0, 1, 2];

/** As in truth_reader.py. */
const LATEST_MS = 3_000;

/** Of a writer, as in short_lives.py. */
const IDS = 4;

const HERE = join(ROOT, 'scripts', 'storm');

export async function runCompactionStorm(
  options: CompactionStormOptions,
): Promise<CompactionStormReport> {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const namespace = [...asRoot, '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = fileURLToPath(new URL('compactions-child.js', import.meta.url));
  const { exitCode, stdout, stderr } = await run('unshare', [
    ...namespace,
    process.execPath,
    child,
    JSON.stringify(options),
  ]);
  if (exitCode !== 0) throw new Error(`the storm ended with ${exitCode}: ${stderr}`);
  return { ...JSON.parse(stdout), complaints: stderr };
}

/** The same, in the namespaces of this process. */
export async function runHere({
  parent,
  compactions,
  python,
  writers,
  graceSeconds,
  flags = [],
}: CompactionStormOptions): Promise<Omit<CompactionStormReport, 'complaints'>> {
  const directory = join(parent, 'prom');
  mkdirSync(directory);
  const truth = join(parent, 'truth');
  const file = openSync(truth, 'w');
  ftruncateSync(file, PAIR_BYTES * IDS * writers);
  closeSync(file);
  const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
  const begin = (script: string, args: readonly string[]) =>
    new Part(
      start(python, [join(HERE, script), ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] }),
    );

  const beganMs = performance.now();
  const working = begin('short_lives.py', [String(writers), truth]);
  const daemon = await Daemon.serve(directory, flags);
  const readers = [begin('truth_reader.py', [truth]), begin('truth_reader.py', [truth])];
  const reading = readUntilStopped(daemon, truth);
  const sums = { compactions: 0, foldedFiles: 0, removedFiles: 0, carriedFiles: 0 };
  const refused: string[] = [];
  try {
    while (sums.compactions < compactions && refused.length < compactions) {
      const options = { olderThanSeconds: 0, readersStopped: false, graceSeconds };
      const { outcome, refused: why } = await compactDirectory(directory, options);
      if (why !== undefined) refused.push(JSON.stringify(why));
      if (outcome === undefined || outcome.folded + outcome.removed === 0) continue;
      sums.compactions++;
      sums.foldedFiles += outcome.folded;
      sums.removedFiles += outcome.removed;
      sums.carriedFiles += outcome.carried;
    }
  } finally {
    await working.stop();
    // Whatever began before that ends.
    await sleep(SETTLE_MS);
    await Promise.all(readers.map((reader) => reader.stop()));
    await reading.stop();
    await daemon.stop();
  }
  const { born, failed: failedWriters } = working.report<{ born: number; failed: number }>();
  const files = readdirSync(directory).length;
  return {
    seconds: (performance.now() - beganMs) / 1000,
    ...sums,
    born,
    failedWriters,
    counted: sumsOf(truth).done,
    python: readers.map((reader) => reader.report<ReaderReport>()).reduce(added),
    promfold: reading.report,
    files,
    refused,
  };
}

/** A process that works until its input ends, and then prints its report. */
class Part {
  readonly #child: ChildProcess;
  #printed = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.on('data', (chunk: Buffer) => {
      this.#printed += chunk;
    });
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin!.end();
    await closed;
  }

  report<T>(): T {
    return JSON.parse(this.#printed);
  }
}

/** As truth_reader.py. */
function readUntilStopped(daemon: Daemon, truth: string) {
  const report: ReaderReport = {
    last: [],
    right: 0,
    late: 0,
    overtaken: 0,
    failed: {},
    wrong: [],
    wrongs: 0,
  };
  let isStopped = false;
  let before = [0, 0];
  const known = [{ ms: performance.now(), done: 0 }];
  const read = async () => {
    while (!isStopped) {
      const ms = performance.now();
      const { done } = sumsOf(truth);
      known.push({ ms, done });
      while (known[1]!.ms <= ms - LATEST_MS) known.shift();
      const { status, body } = await daemon.get('/metrics');
      const { started } = sumsOf(truth);
      if (status !== 200) {
        report.failed[status] = (report.failed[status] ?? 0) + 1;
        continue;
      }
      const values = valuesOf(body);
      const jobs = KINDS.reduce(
        (sum, kind) => sum + (values.get(`jobs_total{kind="${kind}"}`) ?? 0),
        0,
      );
      const counts = [jobs, values.get('took_seconds_count') ?? 0];
      const gauges = [values.get('most_jobs'), values.get('last_batch') ?? 7];
      const isRight =
        counts.every(
          (count, i) => Math.max(known[0]!.done, before[i]!) <= count && count <= started,
        ) &&
        (done === 0 || gauges.every((value) => value === 7));
      if (isRight) {
        report.right++;
        if (counts.some((count) => count < done)) report.late++;
        before = counts;
        report.last = counts;
        continue;
      }
      report.wrongs++;
      if (report.wrong.length < 20)
        report.wrong.push(
          `${done} (${known[0]!.done}) to ${started}: ${counts}, ${gauges}, before ${before}`,
        );
    }
  };
  const ended = read();
  return {
    report,
    stop: () => {
      isStopped = true;
      return ended;
    },
  };
}

function sumsOf(truth: string): { readonly started: number; readonly done: number } {
  const numbers = readFileSync(truth);
  const sums = { started: 0, done: 0 };
  for (let at = 0; at < numbers.length; at += PAIR_BYTES) {
    sums.started += Number(numbers.readBigUInt64LE(at));
    sums.done += Number(numbers.readBigUInt64LE(at + 8));
  }
  return sums;
}

function added(a: ReaderReport, b: ReaderReport): ReaderReport {
  const failed = { ...a.failed };
  for (const [name, count] of Object.entries(b.failed)) failed[name] = (failed[name] ?? 0) + count;
  return {
    last: [...a.last, ...b.last],
    right: a.right + b.right,
    late: a.late + b.late,
    overtaken: a.overtaken + b.overtaken,
    failed,
    wrong: [...a.wrong, ...b.wrong],
    wrongs: a.wrongs + b.wrongs,
  };
}
