/**
 * Whether an entry was written by a process that is gone, under an id that another has now: a restarted
 * container gets the same pids, and the client adopts the old files. `src/reference.md` C7.
 */
import type { Writer } from './writer.js';

/** Boot time is known to the second, and the start of a process to a tick after it. */
const TOLERANCE_SECONDS = 2;

/** What was written before this is certainly of an earlier process than the one that began then. */
export function adoptedBeforeSeconds(startSeconds: number): number {
  return startSeconds - TOLERANCE_SECONDS;
}

/** False also where it cannot be told: no timestamp, or no process that is seen. */
export function isByEarlierProcess(
  entryTimestampSeconds: number,
  { liveness, startSeconds }: Pick<Writer, 'liveness' | 'startSeconds'>,
): boolean {
  return (
    liveness === 'alive' &&
    startSeconds !== undefined &&
    entryTimestampSeconds > 0 &&
    entryTimestampSeconds < adoptedBeforeSeconds(startSeconds)
  );
}
