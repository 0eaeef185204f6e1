/** The view of single series: selected, searched, sorted, and one page of them with their values. */
import type { Steps } from '../../steps.js';
import type { Selector } from '../selector.js';
import type { SeriesIndex } from '../series-index.js';
import { seriesName } from '../series-name.js';
import { entryCounts } from './entry-counts.js';
import { marked, type Page, pageInOrder, pageOf, ranksOf, type Sort } from './ordering.js';
import { rowsOfProcess } from './process-rows.js';
import { searchRows, selectRows } from './select-rows.js';
import { type SeriesTable, seriesTable } from './series-table.js';
import { seriesValue, valueColumn } from './series-values.js';

export interface SeriesView {
  /** As in `explain`: a selector of exactly this series. */
  readonly series: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly family: string;
  readonly type: string;
  readonly mode: string | undefined;
  /** As a scrape prints it; undefined if no process ever set it, so that it is not printed. */
  readonly value: number | undefined;
  /** How many have a value in it. */
  readonly processes: number;
  /** Since the previous instant; absent where there is none, and for gauges. */
  readonly perSecond?: number;
}

export const SERIES_SORTS = ['name', 'value', 'perSecond', 'processes'] as const;

export interface SeriesQuery {
  /** Series that any of them selects; all if there is none. */
  readonly selectors: readonly Selector[];
  /** Only series of which this process has a value; of all where absent. */
  readonly process?: string | undefined;
  readonly search: string | undefined;
  /** In output order without one; so are series that are equal by it. */
  readonly sort: Sort<(typeof SERIES_SORTS)[number]> | undefined;
  readonly page: Page;
}

/** By slot: increase per second since the previous instant; NaN where it is not known. */
export type RateColumn = Float64Array;

export interface SeriesPage {
  readonly total: number;
  readonly series: readonly SeriesView[];
}

export function* listSeries(
  index: SeriesIndex,
  { selectors, process, search, sort, page }: SeriesQuery,
  perSecond?: RateColumn,
): Steps<SeriesPage> {
  const table = yield* seriesTable(index.layout);
  const { processes, familyInKeys } = yield* entryCounts(index);
  const rows = yield* rowsOf(table, selectors, search, yield* rowsOfProcess(index, process));
  const column = sort && (yield* columnOf(sort.column, index, table, perSecond, processes));
  const shown =
    column === undefined
      ? pageOf(rows, page)
      : yield* pageInOrder(rows, column, sort!.descending, page);
  const series: SeriesView[] = [];
  for (const row of shown) {
    const { slot, sampleName, labels } = table.series[row]!;
    const family = table.families[table.family[row]!]!;
    const rate = family.type === 'gauge' ? undefined : perSecond?.[slot];
    series.push({
      series: seriesName(sampleName, labels),
      name: sampleName,
      labels: Object.fromEntries(labels),
      family: family.name,
      type: family.type,
      mode: family.type === 'gauge' ? modeOf(index, familyInKeys[table.family[row]!]) : undefined,
      value: seriesValue(index, table, row),
      processes: processes[row]!,
      ...(rate !== undefined && Number.isFinite(rate) && { perSecond: rate }),
    });
    yield;
  }
  return { total: rows.length, series };
}

/** Rows that are selected, and have the text that is searched for, and a value of the process. */
export function* rowsOf(
  table: SeriesTable,
  selectors: readonly Selector[],
  search?: string | undefined,
  ofProcess?: Uint8Array | undefined,
): Steps<Uint32Array> {
  let selected =
    selectors.length === 0
      ? new Uint8Array(table.series.length).fill(1)
      : yield* selectRows(table, selectors);
  if (search !== undefined) selected = yield* searchRows(table, search, selected);
  if (ofProcess !== undefined) selected = selected.map((is, row) => (ofProcess[row] ? is : 0));
  return marked(selected);
}

export function modeOf(index: SeriesIndex, familyInKeys: string | undefined): string | undefined {
  return familyInKeys === undefined ? undefined : index.modes.get(familyInKeys);
}

function* columnOf(
  name: (typeof SERIES_SORTS)[number],
  index: SeriesIndex,
  table: SeriesTable,
  perSecond: RateColumn | undefined,
  processes: Uint32Array,
): Steps<Float64Array> {
  switch (name) {
    case 'name': {
      const ranks = yield* ranksOf(table.kinds.map(({ kind }) => kind.sampleName));
      return Float64Array.from(table.kind, (kind) => ranks[kind]!);
    }
    case 'value':
      return yield* valueColumn(index, table);
    case 'processes':
      return Float64Array.from(processes);
    case 'perSecond':
      return Float64Array.from(table.series, ({ slot }, row) => {
        const { type } = table.families[table.family[row]!]!;
        return type === 'gauge' ? Number.NaN : (perSecond?.[slot] ?? Number.NaN);
      });
  }
}
