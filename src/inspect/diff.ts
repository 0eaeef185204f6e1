/**
 * The view of `diff`: what changed between two directories, snapshots or expositions.
 *
 * Plain data, in this shape the JSON of `diff --json`. A counter that went back is what Prometheus takes for a
 * restart: `increase()` then counts its whole new value once more.
 */
import { MetricFileError, UsageError } from '../errors.js';
import { type ExposedSample, parseExposition } from './exposition.js';
import { type Input, isSamePipe, openInput } from './input.js';
import { mergedSamples, processSamples } from './merged-samples.js';
import { readInput, refuseUnusable } from './read-directory.js';
import type { ReadFile } from './reading.js';
import { seriesName } from './series-name.js';

export interface ChangedSeries {
  readonly series: string;
  /** With `--by process`. */
  readonly processId?: string | undefined;
  readonly type: string;
  /** Absent where it was added. */
  readonly before?: number;
  /** Absent where it was removed. */
  readonly after?: number;
  readonly delta?: number;
  /** It only ever grows, and is less than before. */
  readonly wentBack?: true;
}

export interface Difference {
  readonly before: string;
  readonly after: string;
  readonly added: readonly ChangedSeries[];
  readonly removed: readonly ChangedSeries[];
  readonly changed: readonly ChangedSeries[];
  /** Series that are the same in both. */
  readonly same: number;
  /** Of `changed`, how many went back. */
  readonly wentBack: number;
  /** Files of either that could not be read: what they hold is in no list. */
  readonly damagedFiles: { readonly before: number; readonly after: number };
}

type Sample = ExposedSample & { readonly processId?: string };

/** @throws MetricFileError when one cannot be read, or has no processes to compare by */
export async function diffPaths(
  before: string,
  after: string,
  by: 'process' | undefined,
): Promise<Difference> {
  if (await isSamePipe(before, after)) {
    throw new UsageError(`A and B: expected two, got one pipe, ${after}, which is read only once`);
  }
  const [first, second] = [await readSide(before, by), await readSide(after, by)];
  const was = indexed(first.samples);
  const is = indexed(second.samples);

  const added: ChangedSeries[] = [];
  const changed: ChangedSeries[] = [];
  let same = 0;
  for (const [key, sample] of is) {
    const old = was.get(key);
    if (old === undefined) added.push({ ...about(sample), after: sample.value });
    else if (Object.is(old.value, sample.value)) same++;
    else changed.push(changeOf(old, sample));
  }
  const removed = [...was]
    .filter(([key]) => !is.has(key))
    .map(([, sample]) => ({ ...about(sample), before: sample.value }));
  const wentBack = changed.filter((one) => one.wentBack).length;
  const damagedFiles = { before: first.damagedFiles, after: second.damagedFiles };
  return { before, after, added, removed, changed, same, wentBack, damagedFiles };
}

function changeOf(old: Sample, sample: Sample): ChangedSeries {
  const wentBack = onlyGrows(sample) && sample.value < old.value;
  return {
    ...about(sample),
    before: old.value,
    after: sample.value,
    delta: sample.value - old.value,
    ...(wentBack && { wentBack }),
  };
}

function about(sample: Sample): Pick<ChangedSeries, 'series' | 'processId' | 'type'> {
  const { sampleName, labels, processId, type } = sample;
  return {
    series: seriesName(sampleName, labels),
    ...(processId !== undefined && { processId }),
    type,
  };
}

/** A sum may go down where observations are negative, but Prometheus' rate() takes that for a restart, too. */
function onlyGrows({ type, sampleName }: Sample): boolean {
  if (type === 'counter' || type === 'histogram') return true;
  return type === 'summary' && /_(?:count|sum)$/.test(sampleName);
}

/** By series, and by process where that counts; of a series that is there twice the last counts. */
function indexed(samples: readonly Sample[]): Map<string, Sample> {
  const index = new Map<string, Sample>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.processId, sample.sampleName, sample.labels]);
    index.set(key, sample);
  }
  return index;
}

interface Side {
  readonly samples: readonly Sample[];
  /** Files whose values are missing in it. */
  readonly damagedFiles: number;
}

async function readSide(path: string, by: 'process' | undefined): Promise<Side> {
  const input = await openInput(path);
  if (input.kind === 'text')
    return { samples: await readExposition(path, input, by), damagedFiles: 0 };
  const reading = await readInput(path, input);
  if (input.kind === 'metric file') refuseUnusable(path, reading);
  return {
    samples: by === 'process' ? processSamples(reading) : mergedSamples(reading),
    damagedFiles: reading.files.filter(isDamaged).length,
  };
}

function isDamaged({ fault, fileName }: ReadFile): boolean {
  return fault !== undefined && fileName !== undefined;
}

async function readExposition(
  path: string,
  { text }: Extract<Input, { kind: 'text' }>,
  by: 'process' | undefined,
): Promise<readonly Sample[]> {
  const refuse = (found: string) => new MetricFileError('FILE_UNREADABLE', path, found);
  if (by === 'process') throw refuse('an exposition does not say which process holds what');
  try {
    return parseExposition(await text());
  } catch (error) {
    if (error instanceof MetricFileError) throw error;
    throw refuse(`no exposition: ${(error as Error).message}`);
  }
}
