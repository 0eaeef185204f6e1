/**
 * The order in which the series of an external page are printed: by family, within it by label set, buckets ascending.
 * Otherwise in the order of the page.
 *
 * Source: OpenMetrics 1.0.0, "MetricFamily" and "Histogram": label sets are not interleaved, buckets are in order.
 */
import { ByteStrings } from './byte-strings.js';
import type { FamilyHead } from './family.js';
import { innerLabel, innerLabelBytes, writeLabelSet } from './label-set.js';

export interface NamedRows {
  readonly head: FamilyHead;
  /** Names that its samples have: indexes into sampleNames of the page. */
  readonly names: readonly number[];
}

/** Columns of a page, by row, in the order of the page. */
export interface Rows {
  readonly prefixes: ByteStrings;
  readonly nameOf: Uint32Array;
  readonly sampleNames: readonly string[];
  /** Bound or quantile; undefined where no row has one. */
  readonly inner: Float64Array | undefined;
}

/** @returns the rows of all families, family by family, and where those of each family end */
export function orderRows(
  families: readonly NamedRows[],
  rows: Rows,
): { readonly order: Uint32Array; readonly end: Uint32Array } {
  const { prefixes, nameOf, sampleNames } = rows;
  const familyOf = new Int32Array(sampleNames.length).fill(-1);
  for (const [i, { names }] of families.entries()) for (const name of names) familyOf[name] = i;

  const end = new Uint32Array(families.length);
  for (let row = 0; row < prefixes.count; row++) {
    const family = familyOf[nameOf[row]!]!;
    if (family >= 0) end[family]!++;
  }
  const next = new Uint32Array(families.length);
  for (let i = 1; i < families.length; i++) {
    next[i] = end[i - 1]!;
    end[i]! += end[i - 1]!;
  }
  const order = new Uint32Array(end.at(-1) ?? 0);
  for (let row = 0; row < prefixes.count; row++) {
    const family = familyOf[nameOf[row]!]!;
    if (family >= 0) order[next[family]!++] = row;
  }

  for (const [i, { head, names }] of families.entries()) {
    const from = i === 0 ? 0 : end[i - 1]!;
    // With one kind of sample and no inner label, each series is a label set.
    if (names.length === 1 && innerLabel(head.type, head.name) === undefined) continue;
    putLabelSetsTogether(order.subarray(from, end[i]!), head, rows);
  }
  return { order, end };
}

function putLabelSetsTogether(order: Uint32Array, head: FamilyHead, rows: Rows): void {
  const { prefixes, inner } = rows;
  const innerName = innerLabelBytes(head.type, head.name);
  const labelSets = new ByteStrings();
  const setOf = new Uint32Array(order.length);
  let scratch = Buffer.allocUnsafeSlow(1024);
  let isTogether = true;
  let isAscending = true;
  let last = -1;
  let bound = -Infinity;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const [from, to] = [prefixes.from(row), prefixes.to(row)];
    if (scratch.length < to - from) scratch = Buffer.allocUnsafeSlow(2 * (to - from));
    const length = writeLabelSet(prefixes.bytesOf(row), from, to, innerName, scratch);
    const known = labelSets.count;
    const isAsBefore = last >= 0 && labelSets.isAt(last, scratch, 0, length);
    const set = isAsBefore ? last : labelSets.add(scratch, 0, length);
    setOf[i] = set;
    if (set !== last) {
      if (set < known) isTogether = false;
      last = set;
      bound = -Infinity;
    }
    const number = inner?.[row] ?? Number.NaN;
    if (number < bound) isAscending = false;
    if (!Number.isNaN(number)) bound = number;
  }
  if (isTogether && isAscending) return;

  const end = new Uint32Array(labelSets.count);
  for (const set of setOf) end[set]!++;
  for (let set = 1; set < end.length; set++) end[set]! += end[set - 1]!;
  const next = Uint32Array.from(end, (_, set) => (set === 0 ? 0 : end[set - 1]!));
  const unordered = order.slice();
  for (let i = 0; i < order.length; i++) order[next[setOf[i]!]!++] = unordered[i]!;

  if (inner === undefined) return;
  for (let set = 0, from = 0; set < end.length; from = end[set++]!) {
    sortBuckets(order.subarray(from, end[set]!), inner);
  }
}

/** Puts buckets before the other samples of their label set, ascending, unless they are ascending already. */
function sortBuckets(order: Uint32Array, inner: Float64Array): void {
  let bound = -Infinity;
  for (const row of order) {
    const number = inner[row]!;
    if (number < bound) {
      order.sort((a, b) => compareInner(inner[a]!, inner[b]!) || a - b);
      return;
    }
    if (!Number.isNaN(number)) bound = number;
  }
}

function compareInner(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  // Both may be infinite.
  return a < b ? -1 : Number(a > b);
}
