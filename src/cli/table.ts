/**
 * A table as lines of text: columns as wide as their widest cell, two blanks between them.
 *
 * If it is wider than the terminal, one flexible column is narrowed: its texts are cut and end in `…`, or take
 * several lines. Cells are made printable here, so that no name in a file moves the cursor.
 */
import { printable } from './printable.js';
import { cutToWidth, isAscii, padToWidth, widthUpTo, wrapSeries } from './text-width.js';

const GAP = '  ';

/** A flexible column is never narrower than this, even if lines become too wide. */
const MIN_WIDTH = 8;
const MIN_WRAPPED_WIDTH = 24;

export interface TableOptions {
  /** Columns of the terminal; Infinity to cut nothing, as when stdout is not a terminal. */
  readonly width: number;
  /** Indexes of the columns that are aligned right: numbers. */
  readonly alignRight?: readonly number[];
  /** Index of the column that is narrowed; absent for none. */
  readonly flexible?: number;
  /** Wraps that column, so that no part of a series is cut. */
  readonly wrap?: boolean;
}

/** A column is as wide as its widest cell, up to this; wider cells make only their own line longer. */
const MAX_ALIGNED_WIDTH = 500;

/** @returns the header, then a line or more for each row; no blanks at the end of a line, no newlines */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  return [...tableLines(header, rows, options)];
}

/**
 * The same for a table of any length, line by line.
 *
 * @param rows iterated twice, for the widths and for the lines; they may be made on demand
 */
export function* tableLines(
  header: readonly string[],
  rows: Iterable<readonly string[]>,
  options: TableOptions,
): IterableIterator<string> {
  const { width, alignRight = [], flexible, wrap = false } = options;
  const widths = columnWidths(header, rows, options);
  const isRight = header.map((_, i) => alignRight.includes(i));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, i) => padToWidth(cell, widths[i]!, isRight[i]))
      .join(GAP)
      .trimEnd();
  const linesOf = (row: readonly string[]) => {
    const cells = header.map((_, i) => printable(row[i] ?? ''));
    if (flexible === undefined || width === Number.POSITIVE_INFINITY) return [lineOf(cells)];
    const cell = cells[flexible]!;
    const max = widths[flexible]!;
    const [first = '', ...more] = wrap ? wrapSeries(cell, max) : [cutToWidth(cell, max)];
    return [
      lineOf(cells.with(flexible, first)),
      ...more.map((text) => lineOf(cells.map((_, i) => (i === flexible ? text : '')))),
    ];
  };
  yield* linesOf(header);
  for (const row of rows) yield* linesOf(row);
}

function columnWidths(
  header: readonly string[],
  rows: Iterable<readonly string[]>,
  { width, alignRight = [], flexible, wrap = false }: TableOptions,
): number[] {
  const max = Math.min(width, MAX_ALIGNED_WIDTH);
  const widths = header.map((name) => widthUpTo(printable(name), max));
  // Nothing follows the last column, so its width does not matter.
  const isOpen = width === Number.POSITIVE_INFINITY && !alignRight.includes(header.length - 1);
  const measured = isOpen ? header.length - 1 : header.length;
  for (const row of rows) {
    for (let i = 0; i < measured; i++) {
      const cell = printable(row[i] ?? '');
      // Most cells are shorter than the widest so far, and comparing is faster than measuring.
      if (cell.length <= widths[i]! && isAscii(cell)) continue;
      widths[i] = Math.max(widths[i]!, widthUpTo(cell, max));
    }
  }
  if (isOpen) widths[measured] = 0;
  if (flexible !== undefined) {
    const whole = widths.reduce((sum, column) => sum + column, GAP.length * (widths.length - 1));
    const narrower = widths[flexible]! - Math.max(0, whole - width);
    const least = Math.min(widths[flexible]!, wrap ? MIN_WRAPPED_WIDTH : MIN_WIDTH);
    widths[flexible] = Math.max(least, narrower);
  }
  return widths;
}

/** Names and their descriptions, formatted as commander lists flags. */
export function definitionLines(
  definitions: readonly (readonly [name: string, text: string])[],
): string[] {
  const width = definitions.reduce((max, [name]) => Math.max(max, name.length), 0);
  return definitions.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
