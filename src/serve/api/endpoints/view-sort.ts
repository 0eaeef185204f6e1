/** Sorts short lists of views by one of their members. */
import type { Sort } from '../../../inspect/series/ordering.js';

type Sortable = string | number | boolean | undefined;

/** Unknown values are last in both directions; equal elements keep their order. */
export function sortViews<Column extends string, T extends { readonly [C in Column]?: Sortable }>(
  views: readonly T[],
  sort: Sort<Column> | undefined,
): readonly T[] {
  if (sort === undefined) return views;
  const { column, descending } = sort;
  return [...views].sort((a, b) => {
    const x: Sortable = a[column];
    const y: Sortable = b[column];
    if (x === undefined || y === undefined) {
      return Number(x === undefined) - Number(y === undefined);
    }
    const order = compare(x, y);
    return descending ? -order : order;
  });
}

/** `9` before `10`, as in `ls`. */
function compare(a: NonNullable<Sortable>, b: NonNullable<Sortable>): number {
  if (typeof a === 'string' && typeof b === 'string') {
    const isNumber = /^\d+$/;
    if (isNumber.test(a) && isNumber.test(b)) return Number(a) - Number(b);
    return a < b ? -1 : Number(a > b);
  }
  return Number(a) - Number(b);
}
