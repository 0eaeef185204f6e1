/**
 * The order of the output: families, label sets, series. Made anew when a key or a file comes or goes;
 * slots are not touched by it.
 *
 * Families come in the order of their first entry, label sets and samples likewise; inside a
 * histogram's label set the buckets ascend and the count follows them.
 *
 * Source: prometheus_client multiprocess.py, _accumulate_metrics (0.24.0 and later); `src/reference.md`
 * G2 to G5, H1, H2.
 */
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import type { Family } from './family.js';
import type { Histogram, LaidOutFamily } from './laid-out-family.js';
import { LargeMap } from './large-map.js';
import { countShape, type Series, type SeriesShape } from './series.js';

/** The output in order, and how its buckets accumulate. Immutable: an unchanged layout stays the same object. */
export interface Layout {
  readonly families: readonly LaidOutFamily[];
  readonly seriesCount: number;
  /** As FileSet.setLayout takes them. */
  readonly slotCount: number;
  readonly bucketSlot: Uint32Array;
  readonly bucketEnd: Uint32Array;
  readonly countSlot: Uint32Array;
}

/** Whether a series of the family is served; absent where all are. */
export type IsServed = (exposedName: string, series: Series) => boolean;

/** Finds the series of a shape, or makes one with a new slot. */
export type Intern = (family: Family, shape: SeriesShape, processId: string | undefined) => Series;

/**
 * Lays out one family.
 *
 * @param seenSlot its slots in the order in which files and entries first show them
 * @returns the same object as last time when nothing changed
 */
export function* layOutFamily(
  family: Family,
  seenSlot: Uint32Array,
  seriesAt: (slot: number) => Series,
  intern: Intern,
  isServed?: IsServed,
): Steps<LaidOutFamily> {
  const last = family.laidOut;
  if (
    last !== undefined &&
    last.name === family.exposedName &&
    last.type === family.type &&
    last.help === family.help &&
    last.keepsRawName === family.keepsRawName &&
    sameSlots(last.seenSlot, seenSlot)
  ) {
    return last;
  }

  const ordered = yield* orderSeries(family, seenSlot, seriesAt, intern);
  const unique = family.mayRepeat ? yield* withoutRepeated(ordered.series) : undefined;
  const { exposedName: name, type, help, keepsRawName } = family;
  const { histograms } = ordered;
  const { series: all, identical } = unique ?? { series: ordered.series, identical: [] };
  const { series, leftOut } =
    isServed === undefined ? { series: all, leftOut: [] } : yield* parted(name, all, isServed);
  return { name, type, help, keepsRawName, series, leftOut, seenSlot, histograms, identical };
}

/** A bucket that is not served counts for those that are. */
function* parted(
  exposedName: string,
  all: readonly Series[],
  isServed: IsServed,
): Steps<Pick<LaidOutFamily, 'series' | 'leftOut'>> {
  const series: Series[] = [];
  const leftOut: Series[] = [];
  for (const [i, one] of all.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    (isServed(exposedName, one) ? series : leftOut).push(one);
  }
  return { series, leftOut };
}

/** All families as one output. */
export function* layOutAll(families: readonly LaidOutFamily[], slotCount: number): Steps<Layout> {
  let seriesCount = 0;
  let buckets = 0;
  let groups = 0;
  for (const [i, { series, histograms }] of families.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    seriesCount += series.length;
    groups += histograms.length;
    for (const histogram of histograms) buckets += histogram.buckets.length;
  }
  const bucketSlot = new Uint32Array(buckets);
  const bucketEnd = new Uint32Array(groups);
  const countSlot = new Uint32Array(groups);
  let bucket = 0;
  let group = 0;
  for (const { histograms } of families) {
    for (const { buckets, count } of histograms) {
      if (group % ITEMS_PER_STEP === 0) yield;
      for (const { slot } of buckets) bucketSlot[bucket++] = slot;
      bucketEnd[group] = bucket;
      countSlot[group++] = count.slot;
    }
  }
  return { families, seriesCount, slotCount, bucketSlot, bucketEnd, countSlot };
}

function* orderSeries(
  family: Family,
  seenSlot: Uint32Array,
  seriesAt: (slot: number) => Series,
  intern: Intern,
): Steps<{ series: Series[]; histograms: Histogram[] }> {
  const seen: Series[] = [];
  // With one kind of sample, as in most families, each label set is one series, and they are in order already.
  let isPlain = true;
  for (let i = 0; i < seenSlot.length; i++) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const series = seriesAt(seenSlot[i]!);
    isPlain &&= !series.kind.isBucket && series.sampleName === seriesAt(seenSlot[0]!).sampleName;
    seen.push(series);
  }
  if (isPlain) return { series: seen, histograms: [] };

  const ordered: Series[] = [];
  const histograms: Histogram[] = [];
  const groups = yield* groupByLabelSet(seen);
  for (const [i, { plain, buckets }] of groups.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    for (const series of plain) ordered.push(series);
    if (buckets.length === 0) continue;
    const ascending = inAscendingBounds(buckets);
    const first = ascending[0]!;
    const count = intern(family, countShape(family.name, first), first.processId);
    for (const series of ascending) ordered.push(series);
    // A stored count keeps its old place and gets the accumulated total.
    if (!plain.includes(count)) ordered.push(count);
    histograms.push({ buckets: ascending, count, plain });
  }
  return { series: ordered, histograms };
}

interface Group {
  readonly plain: Series[];
  readonly buckets: Series[];
}

/** Label sets in first-seen order; one that only buckets show comes after those with other samples. */
function* groupByLabelSet(seen: readonly Series[]): Steps<Group[]> {
  const groups: Group[] = [];
  const groupOf = new LargeMap<Group>();
  for (const isBucket of [false, true]) {
    for (const [i, series] of seen.entries()) {
      if (i % ITEMS_PER_STEP === 0) yield;
      if (series.kind.isBucket !== isBucket) continue;
      const { labelSet } = series;
      let group = groupOf.get(labelSet);
      if (group === undefined) {
        group = { plain: [], buckets: [] };
        groupOf.add(labelSet, group);
        groups.push(group);
      }
      (isBucket ? group.buckets : group.plain).push(series);
    }
  }
  return groups;
}

/** NaN, which Python's sort leaves anywhere, comes last. */
function inAscendingBounds(buckets: readonly Series[]): Series[] {
  const bounded = buckets.map((series) => ({ series, bound: series.bound! }));
  bounded.sort((a, b) => compareBounds(a.bound, b.bound));
  return bounded.map(({ series }) => series);
}

function compareBounds(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** Of series that print the same line, the last one stays. */
function* withoutRepeated(
  ordered: readonly Series[],
): Steps<{ series: Series[]; identical: Series[] }> {
  const seen = new LargeMap<true>();
  const series: Series[] = [];
  const identical: Series[] = [];
  for (let i = ordered.length - 1; i >= 0; i--) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const { sampleName, labels } = ordered[i]!;
    const line = JSON.stringify([sampleName, labels]);
    if (seen.get(line)) {
      identical.push(ordered[i]!);
    } else {
      seen.add(line, true);
      series.push(ordered[i]!);
    }
  }
  return { series: series.reverse(), identical: identical.reverse() };
}

function sameSlots(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
