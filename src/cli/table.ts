/**
 * A table as lines of text: columns as wide as their widest cell, two blanks between them.
 *
 * Where it is wider than the terminal, one flexible column gives way: its texts are cut and end in `…`, or take several
 * lines. Cells are made printable here, so no name in a file moves the cursor.
 */
import { printable } from './printable.js';
import { cutToWidth, padToWidth, textWidth, wrapSeries } from './text-width.js';

const GAP = '  ';

/** A flexible column is not narrower than this; the lines are then wider than asked for. */
const MIN_WIDTH = 8;
const MIN_WRAPPED_WIDTH = 24;

export interface TableOptions {
  /** Columns of the terminal; Infinity where nothing is to be cut, as when stdout is no terminal. */
  readonly width: number;
  /** Indexes of the columns that are aligned right: numbers. */
  readonly alignRight?: readonly number[];
  /** Index of the column that gives way; none does when left out. */
  readonly flexible?: number;
  /** That column takes as many lines as it needs: nothing of a series is lost. */
  readonly wrap?: boolean;
}

/** @returns the header, then a line or more for each row; no blanks at the end of a line, no newlines */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { width, alignRight = [], flexible, wrap = false }: TableOptions,
): string[] {
  const lines = [header, ...rows].map((row) => header.map((_, i) => printable(row[i] ?? '')));
  const widths = header.map((_, i) =>
    lines.reduce((widest, row) => Math.max(widest, textWidth(row[i]!)), 0),
  );
  if (flexible !== undefined) {
    const whole = widths.reduce((sum, column) => sum + column, GAP.length * (widths.length - 1));
    const narrower = widths[flexible]! - Math.max(0, whole - width);
    const least = Math.min(widths[flexible]!, wrap ? MIN_WRAPPED_WIDTH : MIN_WIDTH);
    widths[flexible] = Math.max(least, narrower);
  }
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, i) => padToWidth(cell, widths[i]!, alignRight.includes(i)))
      .join(GAP)
      .trimEnd();
  return lines.flatMap((row) => {
    if (flexible === undefined || textWidth(row[flexible]!) <= widths[flexible]!)
      return lineOf(row);
    const [first = '', ...more] = wrap
      ? wrapSeries(row[flexible]!, widths[flexible]!)
      : [cutToWidth(row[flexible]!, widths[flexible]!)];
    return [
      lineOf(row.with(flexible, first)),
      ...more.map((text) => lineOf(row.map((_, i) => (i === flexible ? text : '')))),
    ];
  });
}
