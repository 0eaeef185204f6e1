/**
 * What all series of an explanation share: the reading, its merged values, and what is computed once per file or
 * histogram.
 */
import type { Histogram } from '../../plan/laid-out-family.js';
import type { Series } from '../../plan/series.js';
import { isByEarlierProcess } from '../../processes/earlier-process.js';
import type { ReadFile, Reading } from '../reading.js';
import type { Contributions, SeriesIndex } from '../series-index.js';
import type { BucketTotals } from './bucket-totals.js';
import type { ShareHolder } from './explanation.js';

export interface Context {
  readonly reading: Reading;
  readonly index: SeriesIndex;
  readonly contributions: Contributions;
  readonly lastSeen: ReadonlyMap<string, number>;
  /** Made once for each file. */
  readonly holders: Map<ReadFile, ShareHolder>;
  /** Made once for each histogram of which single series are selected. */
  readonly totals: Map<Histogram, BucketTotals>;
}

export function holderOf(
  { reading: { writers }, lastSeen, holders }: Context,
  file: ReadFile,
): ShareHolder {
  let holder = holders.get(file);
  if (holder === undefined) {
    const { processId } = file.fileName!;
    const writer = writers.get(processId);
    holder = {
      processId,
      liveness: writer?.liveness ?? 'unknown',
      lastSeenSeconds: lastSeen.get(processId),
      role: writer?.role,
      program: writer?.program,
      file: file.name,
    };
    holders.set(file, holder);
  }
  return holder;
}

/** The family as named in the keys; the output may rename it. */
export function nameInFiles(
  { contributions }: Context,
  series: Series,
  group: Histogram | undefined,
) {
  const slot = group?.buckets[0]?.slot ?? series.slot;
  const key = contributions.of(slot).at(0)?.entry.key;
  return key !== undefined && 'family' in key ? key.family : undefined;
}

export function isOfEarlierProcess(
  { writers }: Reading,
  file: ReadFile,
  timestampSeconds: number,
): boolean {
  const writer = writers.get(file.fileName!.processId);
  if (writer === undefined) return false;
  return (
    writer.abandoned?.includes(file.identity) === true ||
    isByEarlierProcess(timestampSeconds, writer)
  );
}

export function percentOf(value: number, total: number | undefined): number | undefined {
  if (total === undefined || !(total > 0) || !Number.isFinite(total)) return undefined;
  return (100 * value) / total;
}
