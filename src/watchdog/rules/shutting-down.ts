/**
 * Whether a process may be shutting down: from SIGTERM on it is left alone, and that it got one cannot be seen. What can be seen is
 * that more processes of its group began than ended since shortly before it last counted: as in a rolling restart, in which a new
 * worker starts before the old one is told to end.
 */
import type { Limits } from '../limits.js';

/** Of a group: more are forgotten. */
const MAX_EVENTS = 256;

export class Population {
  /** Times at which processes began, and ended. */
  readonly #began: number[] = [];
  readonly #ended: number[] = [];

  began(nowSeconds: number): void {
    note(this.#began, nowSeconds);
  }

  ended(nowSeconds: number): void {
    note(this.#ended, nowSeconds);
  }

  /** @param lastSeconds when it last counted something */
  mayReplace(
    lastSeconds: number,
    nowSeconds: number,
    { successorSeconds, shutdownSeconds }: Limits,
  ): boolean {
    const since = lastSeconds - successorSeconds;
    if (this.#began.length === 0 || this.#began.at(-1)! < since) return false;
    if (nowSeconds - lastSeconds > shutdownSeconds) return false;
    return countSince(this.#began, since) > countSince(this.#ended, since);
  }
}

function note(times: number[], nowSeconds: number): void {
  times.push(nowSeconds);
  // Of a process whose role was not known at first, it is told later.
  times.sort((a, b) => a - b);
  if (times.length > MAX_EVENTS) times.shift();
}

function countSince(times: readonly number[], since: number): number {
  let count = 0;
  for (let i = times.length - 1; i >= 0 && times[i]! >= since; i--) count++;
  return count;
}
