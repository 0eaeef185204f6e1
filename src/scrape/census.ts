/**
 * How many files and entries of each sort there are, for the self-metrics. Counted when something
 * changed, not at every scrape.
 */
import type { ErrorCode, MetricFileError } from '../errors.js';
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
    const reason = REASON_OF[code] ?? reasonOf(code);
    if (reason !== undefined && !heldPaths.has(path)) count(skippedFiles, reason);
  }

  const skippedEntries = new Map<string, number>();
  for (const id of plan.flawed) {
    // Of files that are gone.
    if (!files.has(id)) continue;
    for (const [fault, entries] of plan.files.get(id)!.unusableCount) {
      count(skippedEntries, fault, entries);
    }
  }
  const metricFiles = new Map<string, number>(filesOfType);
  return { metricFiles, entries, skippedFiles, skippedEntries, heldFiles: heldPaths.size };
}

/** Of a file that is left out, wholly or in part. */
const REASON_OF: Readonly<Partial<Record<ErrorCode, string>>> = { BUDGET_EXCEEDED: 'budget' };

/** FILE_CORRUPT is reason="corrupt". */
function reasonOf(code: ErrorCode): string | undefined {
  return code.startsWith('FILE_') ? code.slice('FILE_'.length).toLowerCase() : undefined;
}

function count(counts: Map<string, number>, reason: string, by = 1): void {
  counts.set(reason, (counts.get(reason) ?? 0) + by);
}
