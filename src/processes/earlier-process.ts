/**
 * Whether an entry was written by an earlier process with the same id: a restarted container gets the same pids, and
 * the client continues the old files. `src/reference.md` C7.
 */
import type { Writer } from './writer.js';

/** Boot time is known to the second, and the start of a process to a tick after it. */
const TOLERANCE_SECONDS = 2;

/** A value written before this is certainly that of an earlier process. */
export function adoptedBeforeSeconds(startSeconds: number): number {
  return startSeconds - TOLERANCE_SECONDS;
}

/** Also false if unknown: without a timestamp, or without a visible process. */
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
