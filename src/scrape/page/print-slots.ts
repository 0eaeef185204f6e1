/** The page of a layout with values of another moment than now: of an instant, or of some of its files. */
import { FORMAT } from '../../expose/formats.js';
import { noValues, printColumns } from '../../native.js';
import type { Layout } from '../../plan/layout.js';
import { inSlices } from '../../steps.js';
import { type PageRequest, pageOf } from './page-templates.js';
import { appendText } from './print-job.js';

/** An exposition of the directory's families alone: promfold's own are about now. */
export async function printSlots(
  layout: Layout,
  slot: Float64Array,
  request: PageRequest,
): Promise<Buffer> {
  const { trailer } = FORMAT[request.dialect.format];
  const { page } = await inSlices(pageOf(layout, request));
  const { bodies } = await printColumns([page], slot, trailer.length);
  return appendText(bodies[0]!, trailer);
}

/** As printSlots. @param valueAt undefined for a slot that is not printed; buckets are not yet running totals */
export function printValues(
  layout: Layout,
  valueAt: (slot: number) => number | undefined,
  request: PageRequest,
): Promise<Buffer> {
  const slot = noValues(layout.slotCount);
  for (let s = 1; s < slot.length; s++) {
    const value = valueAt(s);
    if (value !== undefined) slot[s] = value;
  }
  const { bucketSlot, bucketEnd, countSlot } = layout;
  let from = 0;
  for (const [group, to] of bucketEnd.entries()) {
    let total: number | undefined;
    for (const bucket of bucketSlot.subarray(from, to)) {
      const value = valueAt(bucket);
      if (value === undefined) continue;
      total = (total ?? 0) + value;
      slot[bucket] = total;
    }
    if (total !== undefined) slot[countSlot[group]!] = total;
    from = to;
  }
  return printSlots(layout, slot, request);
}
