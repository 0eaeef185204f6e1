/** The view of metric families: what each is, and what it takes. */
import { Memo } from '../../memo.js';
import type { Steps } from '../../steps.js';
import type { Selector } from '../selector.js';
import type { SeriesIndex } from '../series-index.js';
import { entryCounts } from './entry-counts.js';
import { modeOf, rowsOf } from './list-series.js';
import { marked, type Page, pageInOrder, pageOf, ranksOf, type Sort } from './ordering.js';
import { rowsOfProcess } from './process-rows.js';
import { searchTest } from './select-rows.js';
import { seriesTable } from './series-table.js';

export interface FamilyView {
  /** As printed, without `_total`. */
  readonly name: string;
  readonly type: string;
  readonly mode: string | undefined;
  readonly help: string;
  /** Series in the output. */
  readonly series: number;
  /** Entries in undamaged files, and the bytes of those. */
  readonly entries: number;
  readonly bytes: number;
}

export const FAMILY_SORTS = ['name', 'type', 'series', 'entries', 'bytes'] as const;

export interface FamilyQuery {
  /** Families of which a series is selected; all if there is none. */
  readonly selectors: readonly Selector[];
  /** Only families of which this process has a series. */
  readonly process?: string | undefined;
  /** In the name or the help. */
  readonly search: string | undefined;
  /** In output order without one. */
  readonly sort: Sort<(typeof FAMILY_SORTS)[number]> | undefined;
  readonly page: Page;
}

export interface FamilyPage {
  readonly total: number;
  readonly families: readonly FamilyView[];
}

const views = new Memo<SeriesIndex, readonly FamilyView[]>();

export function* listFamilies(
  index: SeriesIndex,
  { selectors, process, search, sort, page }: FamilyQuery,
): Steps<FamilyPage> {
  const families = yield* views.getInSteps(index, () => viewFamilies(index));
  const chosen = new Uint8Array(families.length);
  if (selectors.length === 0 && process === undefined) chosen.fill(1);
  else {
    const table = yield* seriesTable(index.layout);
    const ofProcess = yield* rowsOfProcess(index, process);
    for (const row of yield* rowsOf(table, selectors, undefined, ofProcess))
      chosen[table.family[row]!] = 1;
  }
  if (search !== undefined) {
    const has = searchTest(search);
    for (const [i, { name, help }] of families.entries()) {
      if (chosen[i] && !has(name) && !has(help)) chosen[i] = 0;
      yield;
    }
  }
  const all = marked(chosen);
  const shown =
    sort === undefined
      ? pageOf(all, page)
      : yield* pageInOrder(all, yield* columnOf(families, sort.column), sort.descending, page);
  return { total: all.length, families: Array.from(shown, (i) => families[i]!) };
}

function* viewFamilies(index: SeriesIndex): Steps<readonly FamilyView[]> {
  const { families } = index.layout;
  const { familyEntries, familyBytes, familyInKeys } = yield* entryCounts(index);
  const all: FamilyView[] = [];
  for (const [i, { name, type, help, series }] of families.entries()) {
    all.push({
      name,
      type,
      mode: type === 'gauge' ? modeOf(index, familyInKeys[i]) : undefined,
      help,
      series: series.length,
      entries: familyEntries[i]!,
      bytes: familyBytes[i]!,
    });
    yield;
  }
  return all;
}

function* columnOf(
  families: readonly FamilyView[],
  name: (typeof FAMILY_SORTS)[number],
): Steps<Float64Array> {
  if (name === 'name' || name === 'type') {
    return yield* ranksOf(families.map((family) => family[name]));
  }
  return Float64Array.from(families, (family) => family[name]);
}
