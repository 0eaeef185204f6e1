/** The view of labels: how many series, entries and families have each label, and each value of one. */
import { Memo } from '../../memo.js';
import type { Steps } from '../../steps.js';
import type { Selector } from '../selector.js';
import type { SeriesIndex } from '../series-index.js';
import { entryCounts } from './entry-counts.js';
import { rowsOf } from './list-series.js';
import { marked, type Page, pageInOrder, pageOf, ranksOf, type Sort } from './ordering.js';
import { rowsOfProcess } from './process-rows.js';
import { searchTest } from './select-rows.js';
import { type SeriesTable, seriesTable, type TableLabel } from './series-table.js';

/** What has a label, or a value of it. */
export interface LabelCounts {
  readonly series: number;
  /** The entries of those series. */
  readonly entries: number;
  readonly families: number;
}

export interface LabelView extends LabelCounts {
  readonly name: string;
  /** Different ones. */
  readonly values: number;
}

export interface LabelValueView extends LabelCounts {
  readonly value: string;
}

export const LABEL_SORTS = ['name', 'values', 'series', 'entries', 'families'] as const;
export const VALUE_SORTS = ['value', 'series', 'entries', 'families'] as const;

export interface LabelQuery<Column extends string> {
  /** Only series that any of them selects count; all if there is none. */
  readonly selectors: readonly Selector[];
  /** Only series of which this process has a value count. */
  readonly process?: string | undefined;
  /** In the name, or in the value. */
  readonly search: string | undefined;
  /** First seen first without one. */
  readonly sort: Sort<Column> | undefined;
  readonly page: Page;
}

/** Rows between two steps. */
const ROWS_PER_STEP = 2048;

export function* listLabels(
  index: SeriesIndex,
  { selectors, process, search, sort, page }: LabelQuery<(typeof LABEL_SORTS)[number]>,
): Steps<{ readonly total: number; readonly labels: readonly LabelView[] }> {
  const table = yield* seriesTable(index.layout);
  const counts = new Counts(table.labels.length);
  const values = new Float64Array(table.labels.length);
  const isSeen = table.labels.map((label) => new Uint8Array(label.values.length));
  yield* countRows(index, table, { selectors, process }, (row, entries, family) => {
    const begin = table.valueBegin[row]!;
    for (const [i, label] of table.kinds[table.kind[row]!]!.label.entries()) {
      counts.add(label, entries, family);
      const value = table.value[begin + i]!;
      if (isSeen[label]![value]) continue;
      isSeen[label]![value] = 1;
      values[label]! += 1;
    }
  });
  const names = table.labels.map(({ name }) => name);
  const column = (name: (typeof LABEL_SORTS)[number]) =>
    name === 'name' ? ranksOf(names) : name === 'values' ? values : counts.column(name);
  const { total, shown } = yield* pageOfCounts(counts, names, search, sort, column, page);
  const labels = Array.from(shown, (i): LabelView => {
    return { name: names[i]!, values: values[i]!, ...counts.at(i) };
  });
  return { total, labels };
}

const valueRanks = new Memo<TableLabel, Float64Array>();

/** @returns undefined if no series has the label */
export function* listLabelValues(
  index: SeriesIndex,
  name: string,
  { selectors, process, search, sort, page }: LabelQuery<(typeof VALUE_SORTS)[number]>,
): Steps<{ readonly total: number; readonly values: readonly LabelValueView[] } | undefined> {
  const table = yield* seriesTable(index.layout);
  const wanted = table.labelByName.get(name);
  if (wanted === undefined) return undefined;
  const label = table.labels[wanted]!;
  const counts = new Counts(label.values.length);
  const placeOf = table.kinds.map((kind) => kind.label.indexOf(wanted));
  yield* countRows(index, table, { selectors, process }, (row, entries, family) => {
    const place = placeOf[table.kind[row]!]!;
    if (place >= 0) counts.add(table.value[table.valueBegin[row]! + place]!, entries, family);
  });
  const column = (by: (typeof VALUE_SORTS)[number]) =>
    by === 'value' ? valueRanks.getInSteps(label, () => ranksOf(label.values)) : counts.column(by);
  const { total, shown } = yield* pageOfCounts(counts, label.values, search, sort, column, page);
  const values = Array.from(shown, (i): LabelValueView => {
    return { value: label.values[i]!, ...counts.at(i) };
  });
  return { total, values };
}

function* countRows(
  index: SeriesIndex,
  table: SeriesTable,
  { selectors, process }: Pick<LabelQuery<never>, 'selectors' | 'process'>,
  count: (row: number, entries: number, family: number) => void,
): Steps<void> {
  const { entries } = yield* entryCounts(index);
  const ofProcess = yield* rowsOfProcess(index, process);
  const rows = yield* rowsOf(table, selectors, undefined, ofProcess);
  for (const [i, row] of rows.entries()) {
    count(row, entries[row]!, table.family[row]!);
    if (i % ROWS_PER_STEP === 0) yield;
  }
}

function* pageOfCounts<Column extends string>(
  { series }: Counts,
  texts: readonly string[],
  search: string | undefined,
  sort: Sort<Column> | undefined,
  columnOf: (name: Column) => Float64Array | Steps<Float64Array>,
  page: Page,
): Steps<{ readonly total: number; readonly shown: Uint32Array }> {
  const has = search === undefined ? undefined : searchTest(search);
  const chosen = new Uint8Array(texts.length);
  for (const [i, text] of texts.entries()) {
    chosen[i] = series[i]! > 0 && (has === undefined || has(text)) ? 1 : 0;
    if (i % ROWS_PER_STEP === 0) yield;
  }
  const all = marked(chosen);
  if (sort === undefined) return { total: all.length, shown: pageOf(all, page) };
  const made = columnOf(sort.column);
  const column = made instanceof Float64Array ? made : yield* made;
  return { total: all.length, shown: yield* pageInOrder(all, column, sort.descending, page) };
}

/** Of each label or value. REQUIRES: rows are added family by family. */
class Counts {
  readonly series: Float64Array;
  readonly #entries: Float64Array;
  readonly #families: Float64Array;
  /** From 1. */
  readonly #lastFamily: Uint32Array;

  constructor(length: number) {
    this.series = new Float64Array(length);
    this.#entries = new Float64Array(length);
    this.#families = new Float64Array(length);
    this.#lastFamily = new Uint32Array(length);
  }

  add(i: number, entries: number, family: number): void {
    this.series[i]! += 1;
    this.#entries[i]! += entries;
    if (this.#lastFamily[i] === family + 1) return;
    this.#lastFamily[i] = family + 1;
    this.#families[i]! += 1;
  }

  at(i: number): LabelCounts {
    return {
      series: this.series[i]!,
      entries: this.#entries[i]!,
      families: this.#families[i]!,
    };
  }

  column(name: keyof LabelCounts): Float64Array {
    return { series: this.series, entries: this.#entries, families: this.#families }[name];
  }
}
