/**
 * How many files and entries of each sort there are, for the self-metrics. Counted when something
 * changed, not at every scrape.
 */
import type { MetricFileError } from '../errors.js';
import type { MetricFiles } from '../files/metric-files.js';
import type { Plan } from '../plan/plan.js';
import type { DirectoryFacts } from './self-metrics.js';

export type Census = Pick<
  DirectoryFacts,
  'metricFiles' | 'entries' | 'skippedFiles' | 'skippedEntries' | 'heldFiles'
>;

export function takeCensus(
  { files, tally }: MetricFiles,
  plan: Plan,
  problems: readonly MetricFileError[],
): Census {
  const { filesOfType, entries, heldPaths } = tally;
  const skippedFiles = new Map<string, number>();
  for (const { code, path } of problems) {
    // FILE_CORRUPT is reason="corrupt".
    if (!code.startsWith('FILE_') || heldPaths.has(path)) continue;
    count(skippedFiles, code.slice('FILE_'.length).toLowerCase());
  }

  const skippedEntries = new Map<string, number>();
  for (const id of plan.flawed) {
    // Of files that are gone.
    if (!files.has(id)) continue;
    for (const { fault } of plan.files.get(id)!.unusable) count(skippedEntries, fault);
  }
  const metricFiles = new Map<string, number>(filesOfType);
  return { metricFiles, entries, skippedFiles, skippedEntries, heldFiles: heldPaths.size };
}

function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
