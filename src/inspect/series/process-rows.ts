/** Which rows of the table of series have a value of one process. */
import type { Steps } from '../../steps.js';
import type { SeriesIndex } from '../series-index.js';
import { seriesTable } from './series-table.js';

/** @returns by row, 1 where it has; undefined for all processes */
export function* rowsOfProcess(
  { structure }: SeriesIndex,
  processId: string | undefined,
): Steps<Uint8Array | undefined> {
  if (processId === undefined) return undefined;
  const { layout, fileNames, slotsOf } = structure.parts;
  const table = yield* seriesTable(layout);
  const hasSlot = new Uint8Array(layout.slotCount);
  for (const [rank, name] of fileNames.entries()) {
    if (name.processId !== processId) continue;
    yield;
    for (const slot of slotsOf[rank]!) hasSlot[slot] = 1;
  }
  const ofHistogram = table.histograms.map(({ buckets }) =>
    buckets.some(({ slot }) => hasSlot[slot]),
  );
  yield;
  return Uint8Array.from(table.series, ({ slot }, row) => {
    const histogram = table.histogram[row]!;
    return hasSlot[slot] || (histogram >= 0 && ofHistogram[histogram]) ? 1 : 0;
  });
}
