/** A directory for tests that only need some metric: `jobs_total 3.0`. */
import { join } from 'node:path';
import { counter, writeMetricFile } from './metric-file.js';
import { tempDirectory } from './temp.js';

export function directoryOfJobs(): string {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 3)]);
  return directory;
}
