/** What a selector selects of a family: series, or a whole histogram. */
import type { Histogram, LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Series } from '../../plan/series.js';
import type { Selector } from '../selector.js';

export interface ChosenSeries {
  readonly family: LaidOutFamily;
  readonly series: Series;
  /** The histogram that it is part of, if its value comes from buckets. */
  readonly group: Histogram | undefined;
}

/** All of its series. */
export interface ChosenHistogram {
  readonly family: LaidOutFamily;
  readonly group: Histogram;
  readonly sum: Series | undefined;
}

export function* slotsOf(
  chosen: readonly (ChosenSeries | ChosenHistogram)[],
): IterableIterator<number> {
  for (const selected of chosen) {
    for (const { slot } of selected.group?.buckets ?? []) yield slot;
    const own = 'series' in selected ? selected.series : selected.sum;
    if (own !== undefined) yield own.slot;
  }
}

export function* choose(
  family: LaidOutFamily,
  selector: Selector,
): IterableIterator<ChosenSeries | ChosenHistogram> {
  const groupOf = new Map<Series, Histogram>();
  const taken = new Set<Series>();
  for (const group of family.histograms) {
    for (const series of [...group.buckets, group.count]) groupOf.set(series, group);
    if (selector.hasLabel('le')) continue;
    const { labels } = group.count;
    const bucket = { family: family.name, sampleName: `${family.name}_bucket`, labels };
    if (!selector.selects(bucket)) continue;
    for (const series of [...group.plain, ...group.buckets, group.count]) taken.add(series);
    const sum = group.plain.find(({ sampleName }) => sampleName === `${family.name}_sum`);
    yield { family, group, sum };
  }
  for (const series of family.series) {
    if (taken.has(series)) continue;
    const { sampleName, labels } = series;
    // A histogram is selected as a whole, or by the name of a sample.
    const asked = family.histograms.length > 0 ? sampleName : family.name;
    if (!selector.selects({ family: asked, sampleName, labels })) continue;
    yield { family, series, group: groupOf.get(series) };
  }
}
