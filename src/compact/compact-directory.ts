/**
 * Compacts a directory, or says what that would do: a Reading, the files that may go (candidates.ts), and the addon, which
 * has the last word on each file and does all of it on the disk (native/core/compact/).
 *
 * Where not all files can be open at once the addon takes some of them; then the directory is read again for the rest.
 */
import { resolve } from 'node:path';
import { MetricFileError } from '../errors.js';
import { parseFileName } from '../format/filename.js';
import { KeyTable } from '../inspect/key-table.js';
import { isPlanned, planWithin } from '../inspect/plan-reading.js';
import { readDirectory } from '../inspect/read-directory.js';
import type { Reading } from '../inspect/reading.js';
import { type CompactionResult, compact, recoverCompaction } from '../native.js';
import { exceededText, type Limits } from '../plan/budget.js';
import { inSlices } from '../steps.js';
import { type CandidateOptions, type Candidates, candidatesOf, isArchive } from './candidates.js';
import { type KeptReason, keptReasonOf } from './kept-reason.js';
import { refusalOf } from './refusal.js';
import { type CompactionOutcome, type CompactionReport, compactionPlan } from './report.js';
import { bytesOf, type RequestOptions, requestFor } from './request.js';

export type CompactOptions = CandidateOptions & Omit<RequestOptions, 'isDryRun'>;

export type { CompactionReport } from './report.js';

/** A scrape of Python takes seconds at worst, and a process opens its files within milliseconds. */
export const GRACE_SECONDS = 5;

/** What a compaction of this directory would do now. */
export async function planCompaction(
  directory: string,
  options: CompactOptions,
): Promise<CompactionReport> {
  const reading = await readDirectory(resolve(directory));
  const candidates = await inSlices(candidatesOf(reading, options));
  if (candidates.candidates.length === 0) {
    return { ...(await inSlices(compactionPlan(reading, candidates))), applied: false };
  }
  const dryRun = requestFor(reading, candidates, { ...options, isDryRun: true });
  const result = await compact(await inSlices(dryRun));
  const plan = await inSlices(compactionPlan(reading, withoutKept(candidates, result)));
  const gone = result.folded.length + result.removed.length;
  return {
    ...plan,
    // The reading does not tell who owns the files. Where there are too many for one pass, it is all that is known.
    ...(result.fault === undefined &&
      result.remaining === 0 && {
        filesAfter: plan.files - gone + result.archives.length,
        freedBytes: Math.max(0, result.freedBytes),
      }),
    applied: false,
    ...(result.fault !== undefined && { refused: refusalOf(result.fault) }),
  };
}

/** Compacts it. What was done before something failed is in the outcome. */
export async function compactDirectory(
  directory: string,
  options: CompactOptions,
): Promise<CompactionReport> {
  const path = resolve(directory);
  const sums = new OutcomeSums();
  // Files may be missing until what an interrupted one left is in order.
  const recovered = await recoverCompaction(path, options.graceSeconds * 1000);
  sums.add(recovered);
  if (recovered.fault !== undefined) {
    const none = { groups: [], candidates: [], kept: [] };
    return reportOf(await readIfWhole(path), none, sums, recovered);
  }
  let reading = await readDirectory(path);
  return compactReading(reading, options, sums, async () => {
    reading = await readDirectory(path);
    return reading;
  });
}

/** Of what could not be put in order: why says more than that it cannot be read while files are moved away. */
async function readIfWhole(path: string): Promise<Reading> {
  try {
    return await readDirectory(path);
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    if (cause?.code !== 'EINPROGRESS') throw error;
    const takenAtSeconds = Date.now() / 1000;
    const writers: Reading['writers'] = new Map();
    const keys = new KeyTable();
    return { path, takenAtSeconds, files: [], keys, writers, bootSeconds: undefined };
  }
}

/**
 * Compacts a directory of which there is a reading.
 *
 * @param again reads it anew, where not all files could go at once
 */
export async function compactReading(
  reading: Reading,
  options: CompactOptions,
  sums = new OutcomeSums(),
  again?: () => Promise<Reading>,
): Promise<CompactionReport> {
  let candidates = await inSlices(candidatesOf(reading, options));
  let now = reading;
  let result: CompactionResult | undefined;
  let kept = candidates;
  while (candidates.candidates.length > 0) {
    const request = requestFor(now, candidates, { ...options, isDryRun: false });
    result = await compact(await inSlices(request));
    sums.add(result);
    if (now === reading) kept = withoutKept(candidates, result);
    if (again === undefined || result.fault !== undefined) break;
    if (result.remaining === 0 || !isProgress(result)) break;
    now = await again();
    candidates = await inSlices(candidatesOf(now, options));
  }
  return reportOf(reading, kept, sums, result);
}

/** Whether there are fewer files that are no archives, or fewer archives: again and again, that ends. */
function isProgress({ folded, removed, archives }: CompactionResult): boolean {
  if (removed.length > 0 || folded.length > archives.length) return true;
  return folded.some((name) => !isArchive({ fileName: parseFileName(name) }));
}

export interface DeadOptions {
  /** Who writes the files: those that it does not know are kept. */
  readonly writers: Reading['writers'];
  /** Of the dead ones, only the files of these. */
  readonly processIds: ReadonlySet<string>;
  readonly graceSeconds: number;
  /** Those of the source. What goes beyond one is kept. */
  readonly limits: Limits;
  /** Files that the source leaves out because of them, by name: they are not read. */
  readonly leftOut: ReadonlyMap<string, MetricFileError>;
}

/**
 * For a daemon: in slices, with what it knows of the writers, within its limits, and nothing that is left goes at once.
 */
export async function compactDead(
  directory: string,
  { writers, processIds, graceSeconds, limits, leftOut }: DeadOptions,
): Promise<CompactionReport> {
  const read = await readDirectory(resolve(directory), leftOut);
  // The plan of the daemon may have labels dropped: keys that are one series there are not for other readers.
  const plan = planWithin(read.files.filter(isPlanned), read.keys, limits);
  const { structure, leftOut: beyond } = await inSlices(plan);
  await inSlices(structure.prepare());
  const files = read.files.map((file) => {
    const exceeded = beyond.get(file);
    if (exceeded === undefined) return file;
    const found = exceededText(exceeded);
    return { ...file, fault: new MetricFileError('BUDGET_EXCEEDED', file.path, found) };
  });
  const reading = { ...read, files, writers, structure };
  const options = { olderThanSeconds: 0, processIds, readersStopped: false, graceSeconds };
  return compactReading(reading, options);
}

/** Puts in order what an interrupted compaction left. */
export async function recoverDirectory(
  directory: string,
  graceSeconds = GRACE_SECONDS,
): Promise<Pick<CompactionReport, 'refused'> & { readonly recovered: boolean }> {
  const { fault, recovered } = await recoverCompaction(resolve(directory), graceSeconds * 1000);
  return { recovered, ...(fault !== undefined && { refused: refusalOf(fault) }) };
}

async function reportOf(
  reading: Reading,
  candidates: Candidates,
  sums: OutcomeSums,
  result: CompactionResult | undefined,
): Promise<CompactionReport> {
  return {
    ...(await inSlices(compactionPlan(reading, candidates))),
    applied: true,
    outcome: sums.outcome(),
    ...(result?.fault !== undefined && { refused: refusalOf(result.fault) }),
  };
}

/** The candidates without those that the addon kept, which are among the kept ones then. */
function withoutKept(candidates: Candidates, { kept, keptReason }: CompactionResult): Candidates {
  if (kept.length === 0) return candidates;
  const reasonOf = new Map(kept.map((name, i) => [name, keptReasonOf(keptReason[i]!)]));
  const reason = (name: string): KeptReason | undefined => reasonOf.get(bytesOf(name));
  return {
    groups: candidates.groups,
    candidates: candidates.candidates.filter(({ file }) => reason(file.name) === undefined),
    kept: [
      ...candidates.kept,
      ...candidates.candidates.flatMap(({ file }) => {
        const why = reason(file.name);
        return why === undefined ? [] : [{ file, reason: why }];
      }),
    ],
  };
}

class OutcomeSums {
  #folded = 0;
  #removed = 0;
  #freedBytes = 0;
  #carried = 0;
  #undone = 0;
  #rounded = 0;
  #passes = 0;
  #recovered = false;
  #archives: CompactionOutcome['archives'] = [];

  add(result: CompactionResult): void {
    const { folded, removed, archives, generation } = result;
    this.#folded += folded.length;
    this.#removed += removed.length;
    this.#freedBytes += result.freedBytes;
    this.#carried += result.carried;
    this.#undone += result.undone;
    this.#rounded += result.rounded;
    this.#recovered ||= result.recovered;
    if (generation !== '') this.#passes++;
    // One that a later pass folded again is gone.
    const gone = new Set(folded);
    this.#archives = [...this.#archives.filter(({ name }) => !gone.has(name)), ...archives];
  }

  outcome(): CompactionOutcome {
    return {
      folded: this.#folded,
      removed: this.#removed,
      freedBytes: this.#freedBytes,
      archives: this.#archives,
      passes: this.#passes,
      carried: this.#carried,
      undone: this.#undone,
      rounded: this.#rounded,
      recovered: this.#recovered,
    };
  }
}
