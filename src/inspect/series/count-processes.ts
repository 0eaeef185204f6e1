/** The view of series by process: how many of those that are selected each process has a value of. */
import type { Steps } from '../../steps.js';
import type { Selector } from '../selector.js';
import type { SeriesIndex } from '../series-index.js';
import { rowsOf } from './list-series.js';
import { type Page, pageInOrder, pageOf, ranksOf, type Sort } from './ordering.js';
import { searchTest } from './select-rows.js';
import { seriesTable } from './series-table.js';

export interface ProcessCount {
  /** Empty for what was retained of removed files. */
  readonly processId: string;
  /** Each bucket of a histogram is one. */
  readonly series: number;
  readonly entries: number;
}

export const PROCESS_COUNT_SORTS = ['processId', 'series', 'entries'] as const;

export interface ProcessCountQuery {
  readonly selectors: readonly Selector[];
  /** In the process id. */
  readonly search: string | undefined;
  readonly sort: Sort<(typeof PROCESS_COUNT_SORTS)[number]> | undefined;
  readonly page: Page;
}

const ROWS_PER_STEP = 512;

export function* countProcesses(
  index: SeriesIndex,
  { selectors, search, sort, page }: ProcessCountQuery,
): Steps<{ readonly total: number; readonly processes: readonly ProcessCount[] }> {
  const { structure } = index;
  const table = yield* seriesTable(index.layout);
  const rows = yield* rowsOf(table, selectors);
  const { places } = structure;
  const { fileNames } = structure.parts;
  const ids = [...new Set(fileNames.map(({ processId }) => processId))];
  const idAt = new Map(ids.map((id, i) => [id, i]));
  const ofRank = Uint32Array.from(fileNames, ({ processId }) => idAt.get(processId)!);
  const series = new Float64Array(ids.length);
  const entries = new Float64Array(ids.length);
  /** The last row that was counted, from 1. */
  const last = new Uint32Array(ids.length);
  for (const [i, row] of rows.entries()) {
    if (i % ROWS_PER_STEP === 0) yield;
    const { from, to } = places.of(table.series[row]!.slot);
    for (let place = from; place < to; place++) {
      const id = ofRank[places.rank[place]!]!;
      entries[id]! += 1;
      if (last[id] === row + 1) continue;
      last[id] = row + 1;
      series[id]! += 1;
    }
  }
  const has = search === undefined ? () => true : searchTest(search);
  const all = Uint32Array.from(ids.keys()).filter((id) => series[id]! > 0 && has(ids[id]!));
  const column = { series, entries };
  const shown =
    sort === undefined
      ? pageOf(all, page)
      : yield* pageInOrder(
          all,
          sort.column === 'processId' ? yield* ranksOf(ids) : column[sort.column],
          sort.descending,
          page,
        );
  const processes = Array.from(shown, (id) => {
    return { processId: ids[id]!, series: series[id]!, entries: entries[id]! };
  });
  return { total: all.length, processes };
}
