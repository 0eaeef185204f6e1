/**
 * The merge rules, all of them, in one table: how the values of one series join.
 *
 * Everything that runs per scrape only obeys this table; nothing else in the program knows what
 * `livesum` means.
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector._accumulate_metrics;
 * `src/reference.md` E and F.
 */
import type { MetricType } from '../format/filename.js';

/** Numbers are shared with native/core/fold.h: same order, same meaning. */
export const OPERATION = { sum: 0, min: 1, max: 2, last: 3, mostRecent: 4 } as const;

export type Operation = (typeof OPERATION)[keyof typeof OPERATION];

export const OPERATION_NAME = Object.fromEntries(
  Object.entries(OPERATION).map(([name, operation]) => [operation, name]),
) as Readonly<Record<Operation, keyof typeof OPERATION>>;

/** What a family's type and mode decide for all of its entries, whichever file they are in. */
export interface MergeRule {
  readonly operation: Operation;
  /** The label `pid` is dropped, the application's own as well as the file's. */
  readonly dropsPid: boolean;
  /** Samples with a label `le` are buckets. */
  readonly hasBuckets: boolean;
  /** Labels that its series lose by the operator's wish (series-rules.ts). */
  readonly droppedLabels?: ReadonlySet<string>;
}

const GAUGE_OPERATION: Readonly<Record<string, Operation>> = {
  all: OPERATION.last,
  min: OPERATION.min,
  max: OPERATION.max,
  sum: OPERATION.sum,
  mostrecent: OPERATION.mostRecent,
};

/** `live` modes differ from the plain ones only in what mark_process_dead removes. */
const LIVE = /^live(?=all$|min$|max$|sum$|mostrecent$)/;

/**
 * The rule of a family.
 *
 * @param mode of the last gauge file that has the family; a word no client knows behaves as `all`
 */
export function mergeRule(type: MetricType, mode: string | undefined): MergeRule {
  if (type !== 'gauge') {
    return { operation: OPERATION.sum, dropsPid: false, hasBuckets: type === 'histogram' };
  }
  const operation = GAUGE_OPERATION[plainMode(mode)]!;
  return { operation, dropsPid: operation !== OPERATION.last, hasBuckets: false };
}

/** The mode without `live`; `all` for a word that no client knows. */
export function plainMode(mode: string | undefined): string {
  const plain = (mode ?? 'all').replace(LIVE, '');
  return Object.hasOwn(GAUGE_OPERATION, plain) ? plain : 'all';
}

export function sameRule(a: MergeRule, b: MergeRule): boolean {
  return (
    a.operation === b.operation &&
    a.dropsPid === b.dropsPid &&
    a.hasBuckets === b.hasBuckets &&
    a.droppedLabels === b.droppedLabels
  );
}
