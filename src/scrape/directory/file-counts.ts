/**
 * How many files and entries of each kind there are, for the self-metrics. Counted when something
 * changed, not at every scrape.
 */
import { basename } from 'node:path';
import type { ErrorCode, MetricFileError } from '../../errors.js';
import type { MetricFiles } from '../../files/metric-files.js';
import { compareCodePoints } from '../../format/code-point.js';
import type { KeyFault } from '../../format/key.js';
import type { Plan } from '../../plan/plan.js';
import type { DirectoryFacts, SkippedFileReason } from './facts.js';

/** Files over budget that are named; further ones are only counted. */
const MAX_NAMES = 20;

export type FileCounts = Pick<
  DirectoryFacts,
  | 'metricFiles'
  | 'entries'
  | 'skippedFiles'
  | 'skippedEntries'
  | 'heldFiles'
  | 'overBudgetFiles'
  | 'overBudgetNames'
>;

export function countFiles(
  { files, counts }: MetricFiles,
  plan: Plan,
  problems: readonly MetricFileError[],
  overBudget: readonly { readonly path: string; readonly quantity: string }[],
): FileCounts {
  const { filesOfType, entries, heldPaths } = counts;
  const skippedFiles = new Map<SkippedFileReason, number>();
  for (const { code, path } of problems) {
    const reason = reasonOf(code);
    if (reason !== undefined && !heldPaths.has(path)) count(skippedFiles, reason);
  }

  const skippedEntries = new Map<KeyFault, number>();
  for (const id of plan.flawed) {
    // The file is gone.
    if (!files.has(id)) continue;
    for (const [fault, entries] of plan.files.get(id)!.unusableCount) {
      count(skippedEntries, fault, entries);
    }
  }
  const overBudgetFiles = new Map<string, number>();
  for (const { quantity } of overBudget) count(overBudgetFiles, quantity);
  const names = overBudget.map(({ path }) => basename(path)).sort(compareCodePoints);
  const overBudgetNames = new Map(names.slice(0, MAX_NAMES).map((name) => [name, 1]));
  const metricFiles = new Map<string, number>(filesOfType);
  return {
    metricFiles,
    entries,
    skippedFiles,
    skippedEntries,
    heldFiles: heldPaths.size,
    overBudgetFiles,
    overBudgetNames,
  };
}

function reasonOf(code: ErrorCode): SkippedFileReason | undefined {
  if (code === 'LINK_TO_OTHER_OWNER') return 'link_to_other_owner';
  if (!code.startsWith('FILE_')) return undefined;
  return code.slice('FILE_'.length).toLowerCase() as SkippedFileReason;
}

function count<Reason>(counts: Map<Reason, number>, reason: Reason, by = 1): void {
  counts.set(reason, (counts.get(reason) ?? 0) + by);
}
