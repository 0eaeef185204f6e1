/**
 * The exposition of one process alone: what prometheus_client.multiprocess would print of a directory that has only its
 * files.
 */
import type { Reading } from '../inspect/reading.js';
import type { PageRequest } from '../scrape/page/page-templates.js';
import { ReadingPages } from './reading-page.js';

/** @returns undefined if no file is of this process */
export async function processPage(
  { files: all, keys }: Reading,
  processId: string,
  request: PageRequest,
): Promise<Buffer | undefined> {
  const files = all.filter(({ fileName }) => fileName?.processId === processId);
  if (files.length === 0) return undefined;
  // A file that is held counts, as in a scrape.
  const planned = files.filter(({ entries }) => entries.length > 0);
  return new ReadingPages({ files, keys }, { planned }).print(request);
}
