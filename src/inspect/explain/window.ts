/** Combines two explanations of one directory: what happened in between. */
import { type List, mapList } from '../list.js';
import { observations } from '../observations.js';
import type { ExplainedHistogram, ExplainedSeries, Explanation, Share } from './explanation.js';

/** The second of two readings, with what happened since the first. */
export function explainWindow(before: Explanation, after: Explanation): Explanation {
  const seconds = after.takenAtSeconds - before.takenAtSeconds;
  const seriesBefore = indexByName(before.series, ({ series }) => series);
  const histogramsBefore = indexByName(before.histograms, ({ histogram }) => histogram);
  return {
    ...after,
    windowSeconds: seconds,
    series: mapList(after.series, (explained) =>
      seriesWindow(seriesBefore(explained.series), explained, seconds),
    ),
    histograms: mapList(after.histograms, (explained) =>
      histogramWindow(histogramsBefore(explained.histogram), explained, seconds),
    ),
  };
}

/** If several have one name, the last counts. */
function indexByName<T>(
  list: List<T>,
  nameOf: (element: T) => string,
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
  // A new bound gets the total of the bound below it.
  const buckets = after.le.map((le, i) => {
    last = was.get(le) ?? last;
    return after.buckets[i]! - last;
  });
  const bounds = after.le.map((le) => (le === '+Inf' ? Infinity : Number(le)));
  const sum = after.sum === undefined ? undefined : after.sum - (before?.sum ?? 0);
  const seen = observations(bounds, buckets, sum);
  return { ...after, window: { ...seen, ratePerSecond: seen.count / seconds } };
}
