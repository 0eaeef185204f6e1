/** What is known of one metric file between two scrapes; files are refreshed in metric-files.ts. */
import type { FileName } from '../format/filename.js';
import type { FileFault } from '../native.js';

/** A file that is read, or would be. */
export interface MetricFile {
  readonly path: string;
  readonly name: FileName;
  /** One of FILE_STATE. */
  state: number;
  entryCount: number;
  fault: FileFault | undefined;
}
