/** The value of each series, as a scrape prints it: buckets are running totals. */
import { Memo } from '../../memo.js';
import { joinColumns } from '../../plan/join.js';
import { OPERATION } from '../../plan/operation.js';
import type { Steps } from '../../steps.js';
import type { SeriesIndex } from '../series-index.js';
import type { SeriesTable } from './series-table.js';

/** @returns undefined for a series that is not printed, since no process ever set it */
export function seriesValue(
  index: SeriesIndex,
  table: SeriesTable,
  row: number,
): number | undefined {
  const series = table.series[row]!;
  if (index.printedValue !== undefined) return index.printedValue(series.slot);
  const histogram = table.histogram[row]!;
  if (histogram < 0) return joinColumns(series.operation, index.partsOf(series)).value;
  const { buckets } = table.histograms[histogram]!;
  let total = 0;
  for (let i = 0; i <= table.lastBucket[row]!; i++) {
    total += joinColumns(OPERATION.sum, index.partsOf(buckets[i]!)).value ?? 0;
  }
  return total;
}

const columns = new Memo<SeriesIndex, Float64Array>();

/** Of all rows, to sort by; NaN for a series that is not printed, too. */
export function valueColumn(index: SeriesIndex, table: SeriesTable): Steps<Float64Array> {
  return columns.getInSteps(index, function* () {
    const values = new Float64Array(table.series.length);
    for (let row = 0; row < values.length; row++) {
      values[row] = seriesValue(index, table, row) ?? Number.NaN;
      yield;
    }
    return values;
  });
}
