/**
 * What becomes of the files of a dead process, by the kind that their name says: the one table of compaction.
 *
 * A fold must give what the reader would have given: sums are added, a minimum stays the smallest. Gauges of the modes
 * `all` and `live…` say something only of a process that lives, so they go, as mark_process_dead removes the latter.
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector._accumulate_metrics and mark_process_dead;
 * `src/reference.md` E to G.
 */
import { countsOnlyAlive, type FileName } from '../format/filename.js';
import { mergeRule, OPERATION, type Operation } from '../plan/operation.js';

/** Files of one kind are folded into an archive of that kind. */
export interface Kind {
  /** What the name of a file begins with: `counter`, `gauge_max`. */
  readonly prefix: string;
  readonly operation: Operation;
}

export type Fate = { readonly fold: Kind } | 'remove' | 'keep';

const COUNTED = new Set(['counter', 'histogram', 'summary']);

/** Modes of gauges that mean the same without their process. */
const FOLDED_MODES = new Set(['min', 'max', 'sum', 'mostrecent']);

/** Of a file whose process is dead. */
export function fateOf(name: FileName): Fate {
  const { type, mode } = name;
  if (COUNTED.has(type)) return { fold: { prefix: type, operation: OPERATION.sum } };
  if (type !== 'gauge' || mode === undefined) return 'keep';
  if (mode === 'all' || countsOnlyAlive(name)) return 'remove';
  // The reader takes an unknown mode for `all`; what writes it may mean something else.
  if (!FOLDED_MODES.has(mode)) return 'keep';
  return { fold: { prefix: `gauge_${mode}`, operation: mergeRule(type, mode).operation } };
}
