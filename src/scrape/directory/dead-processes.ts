/**
 * What is left out of a scrape because its process is gone: the one table of `--dead-processes`.
 *
 * A file that is set aside is neither read nor served, as if it were removed. Counters, histograms and summaries
 * never are: what was counted was counted. Of a gauge file that a living process took over from an earlier one
 * with its id, the values that the earlier one set are left out where they carry a time (mostrecent);
 * whose the others are cannot be known, and what is unknown is never hidden. An archive is of dead processes, whether
 * anything is known of processes or not.
 */
import { countsOnlyAlive, type FileName, isArchiveId } from '../../format/filename.js';
import { adoptedBeforeSeconds } from '../../processes/earlier-process.js';
import type { Known } from './writer-watch.js';

export const DEAD_PROCESSES = ['keep', 'hide-live', 'hide-gauges', 'remove-live'] as const;

export type DeadProcesses = (typeof DEAD_PROCESSES)[number];

/** Whether a file of a dead process is set aside. */
const SETS_ASIDE: Readonly<Record<DeadProcesses, (name: FileName) => boolean>> = {
  keep: () => false,
  'hide-live': countsOnlyAlive,
  'hide-gauges': ({ type }) => type === 'gauge',
  // Hidden until it is removed, and where it cannot be.
  'remove-live': countsOnlyAlive,
};

export interface LeftOut {
  /** Files to set aside. */
  readonly aside: ReadonlySet<number>;
  /** Values set before do not count, by file. */
  readonly floorSeconds: ReadonlyMap<number, number>;
}

/** @param known undefined when nothing is */
export function leftOut(
  policy: DeadProcesses,
  files: Iterable<readonly [id: number, file: { readonly name: FileName }]>,
  known: Known | undefined,
): LeftOut {
  const aside = new Set<number>();
  const floorSeconds = new Map<number, number>();
  for (const [id, { name }] of files) {
    if (isArchiveId(name.processId)) {
      if (SETS_ASIDE[policy](name)) aside.add(id);
      continue;
    }
    const i = known?.index.get(id);
    if (i === undefined) continue;
    const { liveness, startSeconds } = known!.scan;
    if (liveness[i] === 'dead' && SETS_ASIDE[policy](name)) aside.add(id);
    const begins = startSeconds[i]!;
    if (policy === 'hide-gauges' && name.type === 'gauge' && begins > 0) {
      floorSeconds.set(id, adoptedBeforeSeconds(begins));
    }
  }
  return { aside, floorSeconds };
}
