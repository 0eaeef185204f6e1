/**
 * The view of `diff`: what changed between two directories, snapshots or expositions, or two moments of a recording.
 *
 * Plain data, in the shape of `diff --json`. Prometheus takes a counter that went back for a restart: `increase()`
 * then counts its whole new value again.
 */
import { MetricFileError, UsageError } from '../errors.js';
import { atOnce, ITEMS_PER_STEP, type Steps } from '../steps.js';
import {
  type ComparedSample,
  diffHistograms,
  type HistogramsDifference,
  histogramPart,
} from './diff-histograms.js';
import { type ExposedSample, parseExposition } from './exposition.js';
import { type Input, isSamePipe, openInput } from './input.js';
import { mergedSamples, processSamples } from './merged-samples.js';
import { readInput, refuseUnusable } from './read-directory.js';
import type { ReadFile, Reading } from './reading.js';
import { seriesName } from './series-name.js';

export interface ChangedSeries {
  readonly series: string;
  /** With `--by process`. */
  readonly processId?: string | undefined;
  readonly type: string;
  /** The histogram that it is part of; absent for other series. */
  readonly histogram?: string;
  /** Absent where it was added. */
  readonly before?: number;
  /** Absent where it was removed. */
  readonly after?: number;
  readonly delta?: number;
  /** It should only grow, but is lower than before. */
  readonly wentBack?: true;
}

export interface Difference {
  readonly before: string;
  readonly after: string;
  /** The moments, where they are of a recording. */
  readonly beforeSeconds?: number;
  readonly afterSeconds?: number;
  readonly added: readonly ChangedSeries[];
  readonly removed: readonly ChangedSeries[];
  readonly changed: readonly ChangedSeries[];
  /** Series that are the same in both. */
  readonly same: number;
  /** Of `changed`, how many went back. */
  readonly wentBack: number;
  /** The same, counting each histogram once. */
  readonly counts: {
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    readonly wentBack: number;
    readonly same: number;
  };
  /** Files that could not be read: their series are in no list. */
  readonly damagedFiles: { readonly before: number; readonly after: number };
  /** The changes of histograms again, with a row for each histogram. */
  readonly histograms: HistogramsDifference;
  /** Series of promfold's own families, left out if only one side is an exposition: no file has them. */
  readonly ownSeries: number;
}

/** Prefix of the daemon's own families. Source: scrape/families/self-metrics.ts, scrape/families/gauge-age.ts. */
const OWN_PREFIX = 'promfold_';

/** What is kept of a sample: there may be a million on either side, so only what is compared and shown. */
interface Sample extends ComparedSample {
  readonly series: string;
  readonly type: string;
  /** Prometheus' rate() takes a lower value for a restart. */
  readonly onlyGrows: boolean;
}

/** @throws MetricFileError if one cannot be read, or has no processes to compare */
export async function diffPaths(
  before: string,
  after: string,
  by: 'process' | undefined,
): Promise<Difference> {
  if (await isSamePipe(before, after)) {
    throw new UsageError(`A and B: expected two, got one pipe, ${after}, which is read only once`);
  }
  const [first, second] = [await readSide(before, by), await readSide(after, by)];
  return atOnce(diffSides(before, after, first, second, by));
}

/** Compares two moments, or a moment with what is at a path now. */
export async function diffReadings(
  before: Reading,
  after: Reading | string,
  by: 'process' | undefined,
): Promise<Difference> {
  const path = typeof after === 'string' ? after : after.path;
  const second = typeof after === 'string' ? await readSide(after, by) : atOnce(sideOf(after, by));
  return atOnce(diffSides(before.path, path, atOnce(sideOf(before, by)), second, by));
}

/** As diffReadings, of two moments, in steps. */
export function* diffInSteps(
  before: Reading,
  after: Reading,
  by: 'process' | undefined,
): Steps<Difference> {
  const first = yield* sideOf(before, by);
  const second = yield* sideOf(after, by);
  return yield* diffSides(before.path, after.path, first, second, by);
}

function* diffSides(
  before: string,
  after: string,
  first: Side,
  second: Side,
  by: 'process' | undefined,
): Steps<Difference> {
  const was = first.samples;
  const is = second.samples;
  const ownSeries =
    first.isExposition === second.isExposition
      ? 0
      : first.isExposition
        ? leaveOutOwn(was, is)
        : leaveOutOwn(is, was);

  const added: ChangedSeries[] = [];
  const changed: ChangedSeries[] = [];
  let same = 0;
  let sameSingle = 0;
  let seen = 0;
  for (const [key, sample] of is) {
    if (++seen % ITEMS_PER_STEP === 0) yield;
    const old = was.get(key);
    if (old === undefined) added.push({ ...about(sample), after: sample.value });
    else if (Object.is(old.value, sample.value)) {
      same++;
      if (sample.part === undefined) sameSingle++;
    } else changed.push(changeOf(old, sample));
  }
  const removed: ChangedSeries[] = [];
  for (const [key, sample] of was) {
    if (++seen % ITEMS_PER_STEP === 0) yield;
    if (!is.has(key)) removed.push({ ...about(sample), before: sample.value });
  }
  const wentBack = changed.filter((change) => change.wentBack).length;
  const damagedFiles = { before: first.damagedFiles, after: second.damagedFiles };
  const histograms = yield* diffHistograms(was.values(), is.values(), by === undefined);
  const isSingle = ({ histogram }: ChangedSeries) => histogram === undefined;
  const changedHistograms = histograms.changed;
  const kinds = {
    added: changedHistograms.filter((histogram) => histogram.before === undefined).length,
    removed: changedHistograms.filter((histogram) => histogram.after === undefined).length,
    wentBack: changedHistograms.filter((histogram) => histogram.wentBack).length,
  };
  const counts = {
    added: added.filter(isSingle).length + kinds.added,
    removed: removed.filter(isSingle).length + kinds.removed,
    changed:
      changed.filter(isSingle).length + changedHistograms.length - kinds.added - kinds.removed,
    wentBack:
      changed.filter((change) => isSingle(change) && change.wentBack).length + kinds.wentBack,
    same: sameSingle + histograms.same,
  };
  return {
    before,
    after,
    ...(first.recordedSeconds !== undefined && { beforeSeconds: first.recordedSeconds }),
    ...(second.recordedSeconds !== undefined && { afterSeconds: second.recordedSeconds }),
    added,
    removed,
    changed,
    same,
    wentBack,
    counts,
    damagedFiles,
    histograms,
    ownSeries,
  };
}

/** Whether a daemon adds it to the families of the directory; series of the application with such a name stay. */
function leaveOutOwn(exposed: Map<string, Sample>, inFiles: ReadonlyMap<string, Sample>): number {
  let left = 0;
  for (const [key, { series }] of exposed) {
    if (!series.startsWith(OWN_PREFIX) || inFiles.has(key)) continue;
    exposed.delete(key);
    left++;
  }
  return left;
}

function changeOf(old: Sample, sample: Sample): ChangedSeries {
  const wentBack = sample.onlyGrows && sample.value < old.value;
  return {
    ...about(sample),
    before: old.value,
    after: sample.value,
    delta: sample.value - old.value,
    ...(wentBack && { wentBack }),
  };
}

function about({
  series,
  processId,
  type,
  part,
}: Sample): Pick<ChangedSeries, 'series' | 'processId' | 'type' | 'histogram'> {
  return {
    series,
    ...(processId !== undefined && { processId }),
    type,
    ...(part !== undefined && { histogram: part.histogram }),
  };
}

/** A sum may decrease if observations are negative, but Prometheus' rate() takes that for a restart too. */
function onlyGrows({ type, sampleName }: ExposedSample): boolean {
  if (type === 'counter' || type === 'histogram') return true;
  return type === 'summary' && /_(?:count|sum)$/.test(sampleName);
}

/** By series, and by process if those are compared; if a series occurs twice, the last one counts. */
function* indexed(
  samples: Iterable<ExposedSample & { readonly processId?: string }>,
): Steps<Map<string, Sample>> {
  const index = new Map<string, Sample>();
  let seen = 0;
  for (const sample of samples) {
    if (++seen % ITEMS_PER_STEP === 0) yield;
    const { sampleName, labels, family, type, value, processId } = sample;
    const series = seriesName(sampleName, labels);
    index.set(processId === undefined ? series : `${processId} ${series}`, {
      series,
      family,
      type,
      value,
      processId,
      onlyGrows: onlyGrows(sample),
      part: histogramPart(sample),
    });
  }
  return index;
}

interface Side {
  /** By series. */
  readonly samples: Map<string, Sample>;
  /** Files whose values are missing. */
  readonly damagedFiles: number;
  readonly isExposition: boolean;
  /** Undefined if it is not of a recording. */
  readonly recordedSeconds?: number | undefined;
}

async function readSide(path: string, by: 'process' | undefined): Promise<Side> {
  const input = await openInput(path);
  if (input.kind === 'text') {
    const samples = await readExposition(path, input, by);
    return { samples, damagedFiles: 0, isExposition: true };
  }
  const reading = await readInput(path, input);
  if (input.kind === 'metric file') refuseUnusable(path, reading);
  return atOnce(sideOf(reading, by));
}

function* sideOf(reading: Reading, by: 'process' | undefined): Steps<Side> {
  return {
    samples: yield* indexed(by === 'process' ? processSamples(reading) : mergedSamples(reading)),
    damagedFiles: reading.files.filter(isDamaged).length,
    isExposition: false,
    recordedSeconds: reading.isRecorded ? reading.takenAtSeconds : undefined,
  };
}

function isDamaged({ fault, fileName }: ReadFile): boolean {
  return fault !== undefined && fileName !== undefined;
}

async function readExposition(
  path: string,
  { text }: Extract<Input, { kind: 'text' }>,
  by: 'process' | undefined,
): Promise<Map<string, Sample>> {
  const refuse = (found: string) => new MetricFileError('FILE_UNREADABLE', path, found);
  if (by === 'process') throw refuse('an exposition does not have the values of each process');
  try {
    return atOnce(indexed(parseExposition(await text())));
  } catch (error) {
    if (error instanceof MetricFileError) throw error;
    throw refuse(`not an exposition: ${(error as Error).message}`);
  }
}
