/**
 * The series of a layout as columns: of which family and kind each is, and its labels as numbers. Selections, searches and
 * counts of labels then compare numbers, and each text once, however many series have it.
 *
 * Made once for each layout (the slow clock). It holds no value: series-values.ts does.
 */
import { Memo } from '../../memo.js';
import type { Histogram, LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Layout } from '../../plan/layout.js';
import type { Series, SeriesKind } from '../../plan/series.js';
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';

/** A label name, with its values: first seen first. */
export interface TableLabel {
  readonly name: string;
  readonly values: readonly string[];
}

/** The series of one kind in one family: they have equal names, and the same label names. */
export interface TableKind {
  readonly family: LaidOutFamily;
  readonly kind: SeriesKind;
  /** Indexes into `labels`, in the order in which they are printed. */
  readonly label: readonly number[];
}

export interface SeriesTable {
  readonly families: readonly LaidOutFamily[];
  readonly kinds: readonly TableKind[];
  readonly labels: readonly TableLabel[];
  readonly labelByName: ReadonlyMap<string, number>;
  readonly histograms: readonly Histogram[];
  /** By row. A row is a series; they are in output order. */
  readonly series: readonly Series[];
  /** Index into `families`, of each row. */
  readonly family: Uint32Array;
  /** Index into `kinds`, of each row. */
  readonly kind: Uint32Array;
  /** Index into `histograms` of a bucket or a count that is made of buckets; -1 for other rows. */
  readonly histogram: Int32Array;
  /** Up to which bucket its value counts; for those rows only. */
  readonly lastBucket: Uint32Array;
  /** The values of the labels of row i are at valueBegin[i] to valueBegin[i + 1], in the order of its kind. */
  readonly valueBegin: Uint32Array;
  /** Index into the values of its label. */
  readonly value: Uint32Array;
}

const tables = new Memo<Layout, SeriesTable>();

export function seriesTable(layout: Layout): Steps<SeriesTable> {
  return tables.getInSteps(layout, makeTable);
}

function* makeTable({ families }: Layout): Steps<SeriesTable> {
  const kinds: TableKind[] = [];
  const labels = new LabelIndex();
  const histograms: Histogram[] = [];
  const rows = families.reduce((sum, { series }) => sum + series.length, 0);
  const series: Series[] = [];
  const family = new Uint32Array(rows);
  const kind = new Uint32Array(rows);
  const histogram = new Int32Array(rows).fill(-1);
  const lastBucket = new Uint32Array(rows);
  const valueBegin = new Uint32Array(rows + 1);
  const value = new Uint32Array(yield* countLabels(families));
  let end = 0;

  let row = 0;
  for (const [at, laidOut] of families.entries()) {
    const groups = groupsOf(laidOut, histograms);
    const kindAt = new Map<SeriesKind, number>();
    for (const one of laidOut.series) {
      let own = kindAt.get(one.kind);
      if (own === undefined) {
        const label = one.labelNames.map((name) => labels.add(name));
        own = kinds.push({ family: laidOut, kind: one.kind, label }) - 1;
        kindAt.set(one.kind, own);
      }
      series.push(one);
      family[row] = at;
      kind[row] = own;
      const group = groups.get(one.slot);
      if (group !== undefined) {
        histogram[row] = group.histogram;
        lastBucket[row] = group.lastBucket;
      }
      const { label } = kinds[own]!;
      for (const [i, [, text]] of one.labels.entries()) {
        value[end++] = labels.addValue(label[i]!, text);
      }
      row++;
      valueBegin[row] = end;
      if (row % ITEMS_PER_STEP === 0) yield;
    }
    if (at % ITEMS_PER_STEP === 0) yield;
  }
  return {
    families,
    kinds,
    labels: labels.labels,
    labelByName: labels.byName,
    histograms,
    series,
    family,
    kind,
    histogram,
    lastBucket,
    valueBegin,
    value,
  };
}

/** Of all series together. */
function* countLabels(families: readonly LaidOutFamily[]): Steps<number> {
  let count = 0;
  for (const { series } of families) {
    for (const [i, { labelNames }] of series.entries()) {
      if (i % ITEMS_PER_STEP === 0) yield;
      count += labelNames.length;
    }
  }
  return count;
}

class LabelIndex {
  readonly labels: { readonly name: string; readonly values: string[] }[] = [];
  readonly byName = new Map<string, number>();
  readonly #ids: Map<string, number>[] = [];

  add(name: string): number {
    let label = this.byName.get(name);
    if (label === undefined) {
      label = this.labels.push({ name, values: [] }) - 1;
      this.byName.set(name, label);
      this.#ids.push(new Map());
    }
    return label;
  }

  addValue(label: number, value: string): number {
    const ids = this.#ids[label]!;
    let id = ids.get(value);
    if (id === undefined) {
      id = this.labels[label]!.values.push(value) - 1;
      ids.set(value, id);
    }
    return id;
  }
}

/** By slot; adds the histograms of the family to the list. */
function groupsOf(
  family: LaidOutFamily,
  histograms: Histogram[],
): ReadonlyMap<number, { readonly histogram: number; readonly lastBucket: number }> {
  const groups = new Map<number, { histogram: number; lastBucket: number }>();
  for (const group of family.histograms) {
    const histogram = histograms.push(group) - 1;
    for (const [i, { slot }] of group.buckets.entries()) {
      groups.set(slot, { histogram, lastBucket: i });
    }
    groups.set(group.count.slot, { histogram, lastBucket: group.buckets.length - 1 });
  }
  return groups;
}
