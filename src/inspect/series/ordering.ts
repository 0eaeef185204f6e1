/** Orders and pages of long lists: by a column of numbers, and only as far as the page needs. */
import { compareCodePoints } from '../../format/code-point.js';
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';

/** A part of a list. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** By which column, and in which direction. */
export interface Sort<Column extends string = string> {
  readonly column: Column;
  readonly descending: boolean;
}

/** Items between two steps. */
const PER_STEP = 2048;

/**
 * The items of a page in the order of a column. NaN is last in both directions; equal ones keep their order.
 *
 * @param items indexes into `column`, ascending
 */
export function* pageInOrder(
  items: Uint32Array,
  column: Float64Array,
  descending: boolean,
  { offset, limit }: Page,
): Steps<Uint32Array> {
  const compare = (a: number, b: number) => {
    const x = column[a]!;
    const y = column[b]!;
    if (x === y) return a - b;
    if (x < y) return descending ? 1 : -1;
    if (x > y) return descending ? -1 : 1;
    const nan = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return nan === 0 ? a - b : nan;
  };
  const sorted = yield* sortedBy(items, compare, offset + limit);
  return sorted.subarray(offset, offset + limit);
}

/** Merge sort, in steps; of which no more than `wanted` items are needed. */
function* sortedBy(
  items: Uint32Array,
  compare: (a: number, b: number) => number,
  wanted: number,
): Steps<Uint32Array> {
  let runs: Uint32Array[] = [];
  for (let from = 0; from < items.length; from += PER_STEP) {
    runs.push(
      items
        .slice(from, from + PER_STEP)
        .sort(compare)
        .subarray(0, wanted),
    );
    yield;
  }
  while (runs.length > 1) {
    const merged: Uint32Array[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const other = runs[i + 1];
      merged.push(other === undefined ? runs[i]! : yield* merge(runs[i]!, other, compare, wanted));
    }
    runs = merged;
  }
  return runs[0] ?? new Uint32Array();
}

function* merge(
  a: Uint32Array,
  b: Uint32Array,
  compare: (a: number, b: number) => number,
  wanted: number,
): Steps<Uint32Array> {
  const merged = new Uint32Array(Math.min(wanted, a.length + b.length));
  let i = 0;
  let j = 0;
  for (let at = 0; at < merged.length; at++) {
    const isFirst = j >= b.length || (i < a.length && compare(a[i]!, b[j]!) <= 0);
    merged[at] = isFirst ? a[i++]! : b[j++]!;
    if (at % PER_STEP === 0) yield;
  }
  return merged;
}

/** The rank of each text by code points; equal ones have equal ranks. */
export function* ranksOf(texts: readonly string[]): Steps<Float64Array> {
  const all = Uint32Array.from(texts.keys());
  const compare = (a: number, b: number) => compareCodePoints(texts[a]!, texts[b]!);
  const order = yield* sortedBy(all, compare, all.length);
  const ranks = new Float64Array(texts.length);
  let rank = 0;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && texts[order[i]!] !== texts[order[i - 1]!]) rank++;
    ranks[order[i]!] = rank;
    if (i % ITEMS_PER_STEP === 0) yield;
  }
  return ranks;
}

/** The rows that are marked, ascending. */
export function marked(selected: Uint8Array): Uint32Array {
  let count = 0;
  for (const mark of selected) count += mark;
  const rows = new Uint32Array(count);
  let at = 0;
  for (let row = 0; row < selected.length; row++) if (selected[row]) rows[at++] = row;
  return rows;
}

export function pageOf(items: Uint32Array, { offset, limit }: Page): Uint32Array {
  return items.subarray(offset, offset + limit);
}
