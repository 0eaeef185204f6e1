/**
 * The view of `explain`: how a series is made up, how much each process contributes, and when it misleads.
 *
 * Plain data from a Reading, in the shape of `explain --json`. Values are those of a scrape, so the buckets of
 * histograms are running totals.
 */
import { listOf } from '../list.js';
import { nearest } from '../near-names.js';
import { lastSeenByProcess } from '../processes.js';
import type { Reading } from '../reading.js';
import type { Selector } from '../selector.js';
import { indexOf, type SeriesIndex } from '../series-index.js';
import type { Context } from './context.js';
import type { Explanation } from './explanation.js';
import { explainHistogram } from './histogram.js';
import { type ChosenHistogram, type ChosenSeries, choose, slotsOf } from './selection.js';
import { explainSeries } from './series.js';

export interface Chosen {
  readonly series: readonly ChosenSeries[];
  readonly histograms: readonly ChosenHistogram[];
}

/** Explains all selected series; in output order. */
export function explain(reading: Reading, selector: Selector): Explanation {
  const index = indexOf(reading);
  const series: ChosenSeries[] = [];
  const histograms: ChosenHistogram[] = [];
  for (const family of index.layout.families) {
    for (const chosen of choose(family, selector)) {
      if ('series' in chosen) series.push(chosen);
      else histograms.push(chosen);
    }
  }
  return explainChosen(reading, index, { series, histograms });
}

/** Explains what is chosen, in the order given. */
export function explainChosen(
  reading: Reading,
  index: SeriesIndex,
  { series, histograms }: Chosen,
): Explanation {
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

/** Names similar to one that was not found; nearest first. */
export function nearNames(reading: Reading, wanted: string): string[] {
  const names = new Set<string>();
  for (const { name, series } of indexOf(reading).layout.families) {
    names.add(name);
    for (const { sampleName } of series) names.add(sampleName);
  }
  return nearest(wanted, names);
}
