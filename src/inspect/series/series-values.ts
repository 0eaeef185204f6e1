/** The value of each series, as a scrape prints it: buckets are running totals. */
import { Memo } from '../../memo.js';
import { joinValues } from '../../plan/join.js';
import { OPERATION } from '../../plan/operation.js';
import type { Steps } from '../../steps.js';
import { entriesOf, type SeriesIndex } from '../series-index.js';
import type { SeriesTable } from './series-table.js';

/** Numbers of series that are known without their entries; by slot. */
export interface SlotColumns {
  /** As a scrape prints them. */
  readonly value?: Float64Array;
  /** With `value`: 0 for a series that is not printed, since no process ever set it. */
  readonly isPrinted?: Uint8Array;
  /** Increase per second since the previous instant; NaN where it is not known. */
  readonly perSecond?: Float64Array;
}

/** @returns undefined for a series that is not printed */
export function seriesValue(
  index: SeriesIndex,
  table: SeriesTable,
  row: number,
  { value, isPrinted }: SlotColumns = {},
): number | undefined {
  const { slot } = table.series[row]!;
  if (value !== undefined) return isPrinted?.[slot] === 0 ? undefined : value[slot];
  return mergedValue(index, table, row);
}

function mergedValue(index: SeriesIndex, table: SeriesTable, row: number): number | undefined {
  const series = table.series[row]!;
  const histogram = table.histogram[row]!;
  if (histogram < 0) return joinValues(series.operation, entriesOf(index.partsOf(series))).value;
  const { buckets } = table.histograms[histogram]!;
  let total = 0;
  for (let i = 0; i <= table.lastBucket[row]!; i++) {
    total += joinValues(OPERATION.sum, entriesOf(index.partsOf(buckets[i]!))).value ?? 0;
  }
  return total;
}

const columns = new Memo<SeriesIndex, Float64Array>();

/** Of all rows, to sort by; NaN for a series that is not printed, too. */
export function* valueColumn(
  index: SeriesIndex,
  table: SeriesTable,
  known: SlotColumns,
): Steps<Float64Array> {
  if (known.value !== undefined) {
    return Float64Array.from(table.series, (_, row) => {
      return seriesValue(index, table, row, known) ?? Number.NaN;
    });
  }
  return yield* columns.getInSteps(index, function* () {
    const values = new Float64Array(table.series.length);
    for (let row = 0; row < values.length; row++) {
      values[row] = mergedValue(index, table, row) ?? Number.NaN;
      yield;
    }
    return values;
  });
}
