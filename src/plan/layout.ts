/**
 * The order of the output: families, label sets, series. Made anew when a key or a file comes or goes;
 * slots are not touched by it.
 *
 * Families come in the order of their first entry, label sets and samples likewise; inside a
 * histogram's label set the buckets ascend and the count follows them.
 *
 * Source: prometheus_client multiprocess.py, _accumulate_metrics (0.24.0 and later); `reference.md`
 * G2 to G5, H1, H2.
 */
import type { MetricType } from '../format/filename.js';
import type { Family } from './family.js';
import { countShape, type Series, type SeriesShape } from './series.js';

/** One family in output order. Immutable: an unchanged family keeps its object. */
export interface LaidOutFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly bare: boolean;
  readonly series: readonly Series[];
  /** The slots that the layout was made of, in first-seen order. */
  readonly seenSlot: Uint32Array;
  /** Buckets of each label set in ascending bounds, and the series of their count. */
  readonly histograms: readonly { readonly buckets: readonly Series[]; readonly count: Series }[];
  /** Series left out because a later one prints the same line. */
  readonly identical: readonly Series[];
}

/** Gives a shape its series: the one there is, or a new one with a new slot. */
export type Intern = (family: Family, shape: SeriesShape, processId: string | undefined) => Series;

/**
 * Lays out one family.
 *
 * @param seen its series in the order in which files and entries first show them
 * @returns the same object as last time when nothing changed
 */
export function layOutFamily(
  family: Family,
  seenSlot: Uint32Array,
  seen: readonly Series[],
  intern: Intern,
): LaidOutFamily {
  const last = family.laidOut;
  if (
    last !== undefined &&
    last.name === family.exposedName &&
    last.type === family.type &&
    last.help === family.help &&
    last.bare === family.bare &&
    sameSlots(last.seenSlot, seenSlot)
  ) {
    return last;
  }

  const histograms: { buckets: Series[]; count: Series }[] = [];
  let series: Series[] = [];
  for (const { plain, buckets } of groupsOf(seen)) {
    series.push(...plain);
    if (buckets.length === 0) continue;
    buckets.sort((a, b) => compareBounds(a.shape.bound!, b.shape.bound!));
    const { shape, processId } = buckets[0]!;
    const count = intern(family, countShape(family.name, shape), processId);
    series.push(...buckets);
    // A stored count keeps its old place and gets the accumulated total.
    if (!plain.includes(count)) series.push(count);
    histograms.push({ buckets, count });
  }

  const identical: Series[] = [];
  if (family.mayRepeat) {
    const lastOf = new Map<string, Series>();
    for (const one of series) lastOf.set(JSON.stringify([one.sampleName, one.labels]), one);
    const printed = new Set(lastOf.values());
    identical.push(...series.filter((one) => !printed.has(one)));
    series = series.filter((one) => printed.has(one));
  }

  const { exposedName: name, type, help, bare } = family;
  return { name, type, help, bare, series, seenSlot, histograms, identical };
}

interface Group {
  readonly plain: Series[];
  readonly buckets: Series[];
}

/** Label sets in first-seen order; one that only buckets show comes after those with other samples. */
function groupsOf(seen: readonly Series[]): Group[] {
  // One kind of sample, as in most families: each label set is one series, and they are in order.
  const isPlain = ({ shape, sampleName }: Series) =>
    shape.bound === undefined && sampleName === seen[0]!.sampleName;
  if (seen.every(isPlain)) return [{ plain: [...seen], buckets: [] }];

  const groups = new Map<string, Group>();
  const groupOf = (one: Series) => {
    let group = groups.get(one.labelSet);
    if (group === undefined) {
      group = { plain: [], buckets: [] };
      groups.set(one.labelSet, group);
    }
    return group;
  };
  for (const one of seen) if (one.shape.bound === undefined) groupOf(one).plain.push(one);
  for (const one of seen) if (one.shape.bound !== undefined) groupOf(one).buckets.push(one);
  return [...groups.values()];
}

/** Ascending; NaN, which Python's sort leaves anywhere, comes last. */
function compareBounds(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function sameSlots(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((slot, i) => slot === b[i]);
}
