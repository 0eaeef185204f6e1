/** What a selector selects of a family: series, or a whole histogram. */
import type { Labels } from '../../format/key.js';
import type { Histogram, LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Series } from '../../plan/series.js';
import type { Selectable, Selector } from '../selector.js';

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
  const taken = new Set<Series>();
  const bucketNames = { family: family.name, sampleName: `${family.name}_bucket` };
  const isWhole = !selector.hasLabel('le') && selector.selectsNames(bucketNames);
  for (const group of isWhole ? family.histograms : []) {
    if (!selector.selects(new Selected(family.name, bucketNames.sampleName, group.count))) continue;
    for (const series of [...group.plain, ...group.buckets, group.count]) taken.add(series);
    const sum = group.plain.find(({ sampleName }) => sampleName === `${family.name}_sum`);
    yield { family, group, sum };
  }
  let groupOf: ReadonlyMap<Series, Histogram> | undefined;
  for (const series of family.series) {
    if (taken.has(series)) continue;
    const { sampleName } = series;
    // A histogram is selected as a whole, or by the name of a sample.
    const asked = family.histograms.length > 0 ? sampleName : family.name;
    if (!selector.selects(new Selected(asked, sampleName, series))) continue;
    groupOf ??= groupsOf(family);
    yield { family, series, group: groupOf.get(series) };
  }
}

/** A series under these names. Its labels are read only if they count. */
class Selected implements Selectable {
  readonly family: string;
  readonly sampleName: string;
  readonly #series: Series;

  constructor(family: string, sampleName: string, series: Series) {
    this.family = family;
    this.sampleName = sampleName;
    this.#series = series;
  }

  get labels(): Labels {
    return this.#series.labels;
  }
}

/** The histograms whose buckets or count these series are. */
function groupsOf({ histograms }: LaidOutFamily): Map<Series, Histogram> {
  const groupOf = new Map<Series, Histogram>();
  for (const group of histograms) {
    for (const series of [...group.buckets, group.count]) groupOf.set(series, group);
  }
  return groupOf;
}
