/**
 * The exposition of one process alone: what prometheus_client.multiprocess would print of a directory that has only its
 * files.
 */
import { planReading } from '../inspect/plan-reading.js';
import type { Reading } from '../inspect/reading.js';
import { SeriesIndex } from '../inspect/series-index.js';
import { joinColumns } from '../plan/join.js';
import type { Series } from '../plan/series.js';
import type { PageRequest } from '../scrape/page/page-templates.js';
import { printValues } from '../scrape/page/print-slots.js';

/** @returns undefined if no file is of this process */
export async function processPage(
  { files: all, keys }: Reading,
  processId: string,
  request: PageRequest,
): Promise<Buffer | undefined> {
  const own = all.filter(({ fileName }) => fileName?.processId === processId);
  if (own.length === 0) return undefined;
  // A file that is held counts, as in a scrape.
  const planned = own.filter(({ entries }) => entries.length > 0);
  const index = new SeriesIndex({
    files: own,
    planned,
    keys,
    structure: planReading(planned, keys),
  });
  const seriesAt: Series[] = [];
  for (const { series } of index.layout.families) {
    for (const one of series) seriesAt[one.slot] = one;
  }
  const valueAt = (slot: number) => {
    const series = seriesAt[slot];
    return series && joinColumns(series.operation, index.partsOf(series)).value;
  };
  return printValues(index.layout, valueAt, request);
}
