/**
 * The view of `diff`: what changed between two directories, snapshots or expositions.
 *
 * Plain data, in this shape the JSON of `diff --json`. A counter that went back is what Prometheus takes for a
 * restart: `increase()` then counts its whole new value once more.
 */
import { readFile } from 'node:fs/promises';
import { MetricFileError } from '../errors.js';
import { openRegularFile } from '../files/file-reading.js';
import { type ExposedSample, parseExposition } from './exposition.js';
import { mergedSamples, processSamples } from './merged-samples.js';
import { readPath } from './read-directory.js';
import { seriesName } from './series-name.js';
import { isSnapshot } from './snapshot.js';

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
}

type Sample = ExposedSample & { readonly processId?: string };

/** @throws MetricFileError when one cannot be read, or has no processes to compare by */
export async function diffPaths(
  before: string,
  after: string,
  by: 'process' | undefined,
): Promise<Difference> {
  const [first, second] = [await samplesOf(before, by), await samplesOf(after, by)];
  const was = indexed(first);
  const is = indexed(second);

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
  return { before, after, added, removed, changed, same, wentBack };
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

async function samplesOf(path: string, by: 'process' | undefined): Promise<readonly Sample[]> {
  const exposition = await readExposition(path);
  if (exposition === undefined) {
    const reading = await readPath(path);
    return by === 'process' ? processSamples(reading) : mergedSamples(reading);
  }
  if (by === 'process') {
    throw new MetricFileError(
      'FILE_UNREADABLE',
      path,
      'an exposition does not say which process holds what',
    );
  }
  try {
    return parseExposition(exposition);
  } catch (error) {
    throw new MetricFileError(
      'FILE_UNREADABLE',
      path,
      `no exposition: ${(error as Error).message}`,
    );
  }
}

/** The text of an exposition; undefined for a directory, a snapshot or a metric file. */
async function readExposition(path: string): Promise<string | undefined> {
  if (path === '-') return readFile('/dev/stdin', 'utf8');
  const file = await openRegularFile(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (path.endsWith('.db') || (await isSnapshot(file))) return undefined;
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
