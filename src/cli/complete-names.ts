/**
 * What the completion scripts ask for: `promfold __metric-names [DIR]` prints the names of metrics, one a line.
 *
 * A user waits after pressing the tab key, so it answers soon or prints nothing, and never an error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { metricNames } from '../inspect/metric-names.js';
import type { Terminal } from './command.js';
import { chooseDirectory } from './directory.js';

/** Not a documented command: it is in no help, and may change with the scripts. */
export const METRIC_NAMES_WORD = '__metric-names';

/** Listing thousands of files takes less. */
const TIMEOUT_MILLISECONDS = 1_000;

export async function completeNames(
  given: string | undefined,
  { environment, print }: Terminal,
): Promise<void> {
  try {
    const directory = chooseDirectory(given, environment, () => {});
    const names = await Promise.race([
      metricNames(directory),
      sleep(TIMEOUT_MILLISECONDS, [] as string[], { ref: false }),
    ]);
    await print(names.map((name) => `${name}\n`).join(''));
  } catch {
    // Nothing to complete.
  }
}
