/**
 * The pages of /metrics that are debug surfaces: that of a snapshot which is kept, and that of one process alone. They have
 * the families of one directory, without promfold's own and without those of other endpoints.
 */
import { processPage } from '../live/process-page.js';
import { ReadingPages } from '../live/reading-page.js';
import type { PageRequest } from '../scrape/page/page-templates.js';
import { printSlots } from '../scrape/page/print-slots.js';
import type { DebugSurfaces } from './api/debug-surfaces.js';
import { ApiError } from './api/error.js';
import { keptInstant } from './api/readings.js';

export interface DebugPageRequest extends PageRequest {
  /** Its id; undefined for a new one. */
  readonly snapshot: string | undefined;
  /** A process id; undefined for all. */
  readonly process: string | undefined;
}

/** @throws ApiError, and as Readings.take */
export async function debugPage(
  { readings }: DebugSurfaces,
  { snapshot, process: processId, ...request }: DebugPageRequest,
): Promise<Buffer> {
  const instant =
    snapshot === undefined
      ? await readings.take(request.source)
      : keptInstant(readings, snapshot, request.source);
  try {
    const { taken } = instant;
    if (processId === undefined && taken !== undefined) {
      return await printSlots(taken.state.layout, taken.columns.slot, request);
    }
    if (processId === undefined) return await new ReadingPages(instant.reading).print(request);
    const page = await processPage(instant.reading, processId, request);
    if (page === undefined) throw new ApiError(404, `no metric file is of process '${processId}'`);
    return page;
  } finally {
    instant.release();
  }
}
