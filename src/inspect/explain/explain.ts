/**
 * The view of `explain`: what a series is made of, who holds how much of it, and when it misleads.
 *
 * Plain data from a Reading, in this shape the JSON of `explain --json`. Values are those a scrape prints; a
 * histogram's buckets are running totals, here as there.
 */
import { listOf } from '../list.js';
import { nearest } from '../near-names.js';
import { lastSeenByProcess } from '../processes.js';
import type { Reading } from '../reading.js';
import type { Selector } from '../selector.js';
import { SeriesIndex } from '../series-index.js';
import type { Context } from './context.js';
import type { Explanation } from './explanation.js';
import { explainHistogram } from './histogram.js';
import { type ChosenHistogram, type ChosenSeries, choose, slotsOf } from './selection.js';
import { explainSeries } from './series.js';

/** Explains all that the selector selects; in output order. */
export function explain(reading: Reading, selector: Selector): Explanation {
  const index = new SeriesIndex(reading);
  const series: ChosenSeries[] = [];
  const histograms: ChosenHistogram[] = [];
  for (const family of index.layout.families) {
    for (const chosen of choose(family, selector)) {
      if ('series' in chosen) series.push(chosen);
      else histograms.push(chosen);
    }
  }
  const context: Context = {
    reading,
    index,
    contributions: index.contributions(slotsOf([...series, ...histograms])),
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

/** Names near one that was not found; nearest first. */
export function nearNames(reading: Reading, wanted: string): string[] {
  const names = new Set<string>();
  for (const { name, series } of new SeriesIndex(reading).layout.families) {
    names.add(name);
    for (const { sampleName } of series) names.add(sampleName);
  }
  return nearest(wanted, names);
}
