/**
 * The view of `explain`: what a series is made of, who holds how much of it, and when it misleads.
 *
 * Plain data from a Reading, in this shape the JSON of `explain --json`. Values are those a scrape prints; a
 * histogram's buckets are running totals, here as there.
 */
import { formatNumber } from '../format/number.js';
import { joinValues } from '../plan/join.js';
import type { Histogram, LaidOutFamily } from '../plan/laid-out-family.js';
import { OPERATION, type Operation } from '../plan/operation.js';
import type { Series } from '../plan/series.js';
import { isPreviousLife } from '../processes/previous-life.js';
import type {
  ExplainedHistogram,
  ExplainedSeries,
  Explanation,
  HistogramShare,
  Observations,
  Share,
  ShareHolder,
} from './explanation.js';
import { type List, listOf, mapList } from './list.js';
import { type Contribution, type Contributions, type Merged, mergeReading } from './merge.js';
import { nearest } from './near-names.js';
import { lastSeenByProcess } from './processes.js';
import { histogramQuantile } from './quantile.js';
import type { ReadFile, Reading } from './reading.js';
import type { Selector } from './selector.js';
import { seriesName } from './series-name.js';
import { verdictOf } from './verdict.js';
import { warningsOfHistogram, warningsOfSeries } from './warnings.js';

const OPERATION_NAME = Object.fromEntries(
  Object.entries(OPERATION).map(([name, operation]) => [operation, name]),
) as Readonly<Record<Operation, keyof typeof OPERATION>>;

/** Explains all that the selector selects; in output order. */
export function explain(reading: Reading, selector: Selector): Explanation {
  const merged = mergeReading(reading);
  const series: ChosenSeries[] = [];
  const histograms: ChosenHistogram[] = [];
  for (const family of merged.layout.families) {
    for (const chosen of choose(family, selector)) {
      if ('series' in chosen) series.push(chosen);
      else histograms.push(chosen);
    }
  }
  const context: Context = {
    reading,
    merged,
    contributions: merged.contributions(slotsOf([...series, ...histograms])),
    lastSeen: lastSeenByProcess(reading),
    holders: new Map(),
    totals: new Map(),
  };
  return {
    path: reading.path,
    takenAtSeconds: reading.takenAtSeconds,
    windowSeconds: undefined,
    series: listOf(series.length, (i) => explainSeries(context, series[i]!)),
    histograms: listOf(histograms.length, (i) => explainHistogram(context, histograms[i]!)),
  };
}

interface ChosenSeries {
  readonly family: LaidOutFamily;
  readonly series: Series;
  /** That it is a part of, if its value comes from buckets. */
  readonly group: Histogram | undefined;
}

/** All of its series. */
interface ChosenHistogram {
  readonly family: LaidOutFamily;
  readonly group: Histogram;
  readonly sum: Series | undefined;
}

function* slotsOf(chosen: readonly (ChosenSeries | ChosenHistogram)[]): IterableIterator<number> {
  for (const one of chosen) {
    for (const { slot } of one.group?.buckets ?? []) yield slot;
    const own = 'series' in one ? one.series : one.sum;
    if (own !== undefined) yield own.slot;
  }
}

function* choose(
  family: LaidOutFamily,
  selector: Selector,
): IterableIterator<ChosenSeries | ChosenHistogram> {
  const groupOf = new Map<Series, Histogram>();
  const taken = new Set<Series>();
  for (const group of family.histograms) {
    for (const one of [...group.buckets, group.count]) groupOf.set(one, group);
    if (selector.hasLabel('le')) continue;
    const { labels } = group.count;
    const bucket = { family: family.name, sampleName: `${family.name}_bucket`, labels };
    if (!selector.selects(bucket)) continue;
    for (const one of [...group.plain, ...group.buckets, group.count]) taken.add(one);
    const sum = group.plain.find(({ sampleName }) => sampleName === `${family.name}_sum`);
    yield { family, group, sum };
  }
  for (const series of family.series) {
    if (taken.has(series)) continue;
    const { sampleName, labels } = series;
    // A histogram was asked for as a whole, or by the name of a sample.
    const asked = family.histograms.length > 0 ? sampleName : family.name;
    if (!selector.selects({ family: asked, sampleName, labels })) continue;
    yield { family, series, group: groupOf.get(series) };
  }
}

interface Context {
  readonly reading: Reading;
  readonly merged: Merged;
  readonly contributions: Contributions;
  readonly lastSeen: ReadonlyMap<string, number>;
  /** Made once for each file. */
  readonly holders: Map<ReadFile, ShareHolder>;
  /** Made once for each histogram of which single series are asked for. */
  readonly totals: Map<Histogram, BucketTotals>;
}

function explainSeries(context: Context, { family, series, group }: ChosenSeries): ExplainedSeries {
  const { merged } = context;
  const { sampleName, labels, operation } = series;
  const { value, shares } =
    group === undefined
      ? plainShares(context, series, operation)
      : totalShares(context, group, series);
  const name = nameInFiles(context, series, group);
  const conflict = merged.conflicts.get(name ?? family.name);
  const base = {
    series: seriesName(sampleName, labels),
    sampleName,
    labels: Object.fromEntries(labels),
    family: family.name,
    type: family.type,
    mode: family.type === 'gauge' && name !== undefined ? merged.modes.get(name) : undefined,
    operation: OPERATION_NAME[operation],
    value,
    shares: shares.sort(shareOrder(operation)),
  };
  const warnings = warningsOfSeries(base, conflict);
  return { ...base, verdict: verdictOf({ ...base, warnings }).text, warnings };
}

/** The family as the keys call it, which the output may have renamed. */
function nameInFiles({ contributions }: Context, series: Series, group: Histogram | undefined) {
  const slot = group?.buckets[0]?.slot ?? series.slot;
  const key = contributions.of(slot)[0]?.entry.key;
  return key !== undefined && 'family' in key ? key.family : undefined;
}

function plainShares(
  context: Context,
  series: Series,
  operation: Operation,
): { value: number | undefined; shares: Share[] } {
  const { reading, contributions } = context;
  const own = contributions.of(series.slot);
  const { value, winner } = joinValues(
    operation,
    own.map(({ entry }) => entry),
  );
  const adds = operation === OPERATION.sum && own.every(({ entry }) => entry.value >= 0);
  // Field by field: a graveyard has a million of these.
  const shares = own.map(({ file, entry }, i): Share => {
    const holder = holderOf(context, file);
    const { processId, liveness, lastSeenSeconds, role, program, file: name } = holder;
    const set = entry.timestampSeconds > 0 ? entry.timestampSeconds : undefined;
    return {
      processId,
      liveness,
      lastSeenSeconds,
      role,
      program,
      file: name,
      value: entry.value,
      valueOffset: entry.valueOffset,
      percent: adds ? percentOf(entry.value, value) : undefined,
      setSeconds: set,
      ageSeconds: set === undefined ? undefined : reading.takenAtSeconds - set,
      previousLife: isOfPreviousLife(reading, file, entry.timestampSeconds),
      decides: i === winner,
    };
  });
  return { value, shares };
}

/** A bucket or the count: of each file the buckets up to it. */
function totalShares(
  context: Context,
  group: Histogram,
  series: Series,
): { value: number | undefined; shares: Share[] } {
  let totals = context.totals.get(group);
  if (totals === undefined) {
    totals = bucketTotals(context, group);
    context.totals.set(group, totals);
  }
  const last = totals.indexOf.get(series) ?? group.buckets.length - 1;
  const value = totals.all[last];
  const shares = [...totals.byFile].map(
    ([file, own]): Share => ({
      ...holderOf(context, file),
      value: own[last]!,
      valueOffset: undefined,
      percent: percentOf(own[last]!, value),
      setSeconds: undefined,
      ageSeconds: undefined,
      previousLife: isOfPreviousLife(context.reading, file, 0),
      decides: false,
    }),
  );
  return { value, shares };
}

interface BucketTotals {
  readonly indexOf: ReadonlyMap<Series, number>;
  /** As exposed. */
  readonly all: readonly number[];
  readonly byFile: ReadonlyMap<ReadFile, readonly number[]>;
  /** Bounds that a file has, of those that any has. */
  readonly boundsOf: ReadonlyMap<ReadFile, ReadonlySet<number>>;
}

function bucketTotals({ contributions }: Context, { buckets }: Histogram): BucketTotals {
  const all: number[] = [];
  const byFile = new Map<ReadFile, number[]>();
  const boundsOf = new Map<ReadFile, Set<number>>();
  for (const [i, { slot, bound }] of buckets.entries()) {
    let merged = 0;
    for (const { file, entry } of contributions.of(slot)) {
      merged += entry.value;
      let own = byFile.get(file);
      if (own === undefined) {
        own = new Array<number>(buckets.length).fill(0);
        byFile.set(file, own);
        boundsOf.set(file, new Set());
      }
      own[i]! += entry.value;
      boundsOf.get(file)!.add(bound!);
    }
    all.push((all.at(-1) ?? 0) + merged);
  }
  for (const own of byFile.values()) for (let i = 1; i < own.length; i++) own[i]! += own[i - 1]!;
  const indexOf = new Map(buckets.map((bucket, i) => [bucket, i]));
  return { indexOf, all, byFile, boundsOf };
}

function explainHistogram(
  context: Context,
  { family, group, sum }: ChosenHistogram,
): ExplainedHistogram {
  const { buckets, count } = group;
  const bounds = buckets.map(({ bound }) => bound!);
  const totals = bucketTotals(context, group);
  const sums = sum === undefined ? [] : context.contributions.of(sum.slot);
  const sumOf = (own: readonly Contribution[]) =>
    own.length === 0 ? undefined : own.reduce((total, { entry }) => total + entry.value, 0);
  const sumsByFile = groupByFile(sums);

  const all = observations(bounds, totals.all, sumOf(sums));
  const shares = [...totals.byFile].map(([file, own]): HistogramShare => {
    const seen = observations(bounds, own, sumOf(sumsByFile.get(file) ?? []));
    return {
      ...holderOf(context, file),
      ...seen,
      percent: percentOf(seen.count, all.count),
    };
  });
  const base = {
    histogram: seriesName(family.name, count.labels),
    labels: Object.fromEntries(count.labels),
    family: family.name,
    operation: 'sum' as const,
    ...all,
    le: bounds.map(formatNumber),
    shares: shares.sort((a, b) => b.count - a.count),
  };
  const conflict = context.merged.conflicts.get(nameInFiles(context, count, group) ?? family.name);
  return { ...base, warnings: warningsOfHistogram(base, [...totals.boundsOf.values()], conflict) };
}

function groupByFile(own: readonly Contribution[]): Map<ReadFile, Contribution[]> {
  const groups = new Map<ReadFile, Contribution[]>();
  for (const one of own) {
    const group = groups.get(one.file);
    if (group === undefined) groups.set(one.file, [one]);
    else group.push(one);
  }
  return groups;
}

/** REQUIRES: a running total for each bound. */
export function observations(
  bounds: readonly number[],
  buckets: readonly number[],
  sum: number | undefined,
): Observations {
  const exposed = bounds.map((bound, i) => ({ bound, count: buckets[i]! }));
  const at = (quantile: number) => histogramQuantile(quantile, exposed);
  return {
    count: buckets.at(-1) ?? 0,
    sum,
    quantiles: { p50: at(0.5), p90: at(0.9), p99: at(0.99) },
    buckets,
  };
}

function holderOf(
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

function isOfPreviousLife({ writers }: Reading, file: ReadFile, timestampSeconds: number): boolean {
  const writer = writers.get(file.fileName!.processId);
  if (writer === undefined) return false;
  return (
    writer.abandoned?.includes(file.identity) === true || isPreviousLife(timestampSeconds, writer)
  );
}

function percentOf(value: number, total: number | undefined): number | undefined {
  if (total === undefined || !(total > 0) || !Number.isFinite(total)) return undefined;
  return (100 * value) / total;
}

function shareOrder(operation: Operation): (a: Share, b: Share) => number {
  const sign = operation === OPERATION.min ? -1 : 1;
  return (a, b) => {
    if (a.decides !== b.decides) return a.decides ? -1 : 1;
    if (a.setSeconds !== b.setSeconds) return (b.setSeconds ?? 0) - (a.setSeconds ?? 0);
    // NaN is neither more nor less: it stays where it is.
    return sign * (b.value - a.value) || 0;
  };
}

/** The second of two looks, with what happened since the first. */
export function explainWindow(before: Explanation, after: Explanation): Explanation {
  const seconds = after.takenAtSeconds - before.takenAtSeconds;
  const seriesBefore = indexByName(before.series, ({ series }) => series);
  const histogramsBefore = indexByName(before.histograms, ({ histogram }) => histogram);
  return {
    ...after,
    windowSeconds: seconds,
    series: mapList(after.series, (one) => seriesWindow(seriesBefore(one.series), one, seconds)),
    histograms: mapList(after.histograms, (one) =>
      histogramWindow(histogramsBefore(one.histogram), one, seconds),
    ),
  };
}

/** Of those that have one name the last. */
function indexByName<T>(
  list: List<T>,
  nameOf: (one: T) => string,
): (name: string) => T | undefined {
  const index = new Map<string, number>();
  for (let i = 0; i < list.length; i++) index.set(nameOf(list.at(i)!), i);
  return (name) => list.at(index.get(name) ?? -1);
}

function seriesWindow(
  before: ExplainedSeries | undefined,
  after: ExplainedSeries,
  seconds: number,
): ExplainedSeries {
  if (after.type === 'gauge' || after.operation !== 'sum' || after.value === undefined)
    return after;
  const key = ({ file, valueOffset }: Share) => `${file} ${valueOffset}`;
  const was = new Map(before?.shares.map((share) => [key(share), share.value]));
  const delta = after.value - (before?.value ?? 0);
  return {
    ...after,
    window: { delta, ratePerSecond: delta / seconds },
    shares: after.shares.map((share) => ({
      ...share,
      ratePerSecond: (share.value - (was.get(key(share)) ?? 0)) / seconds,
    })),
  };
}

function histogramWindow(
  before: ExplainedHistogram | undefined,
  after: ExplainedHistogram,
  seconds: number,
): ExplainedHistogram {
  const was = new Map(before?.le.map((le, i) => [le, before.buckets[i]!]));
  let last = 0;
  // A bound that is new has the total of the one below it.
  const buckets = after.le.map((le, i) => {
    last = was.get(le) ?? last;
    return after.buckets[i]! - last;
  });
  const bounds = after.le.map((le) => (le === '+Inf' ? Infinity : Number(le)));
  const sum = after.sum === undefined ? undefined : after.sum - (before?.sum ?? 0);
  const seen = observations(bounds, buckets, sum);
  return { ...after, window: { ...seen, ratePerSecond: seen.count / seconds } };
}

/** Names near one that was not found; nearest first. */
export function nearNames(reading: Reading, wanted: string): string[] {
  const names = new Set<string>();
  for (const { name, series } of mergeReading(reading).layout.families) {
    names.add(name);
    for (const { sampleName } of series) names.add(sampleName);
  }
  return nearest(wanted, names);
}
