/**
 * Work that can be interrupted: a generator that yields wherever another task may run in between.
 *
 * The slow clock (reading keys, ordering the output, making templates) takes seconds for a million series. It
 * yields after every few items and knows nothing of time. The caller decides: a command runs all of it at
 * once, the daemon runs it in slices, so that the event loop stays free.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

export type Steps<T> = Generator<void, T, void>;

/** Items of an ordinary loop between two steps: some tens of microseconds. */
export const ITEMS_PER_STEP = 64;

/** Entries of a loop over columns of numbers between two steps: likewise, where one takes nanoseconds. */
export const ENTRIES_PER_STEP = 16_384;

/** Milliseconds. Short compared with the 50 ms that a probe or a scrape may wait, long compared with a turn of the event loop. */
const SLICE_MS = 6;

/** Runs all steps. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Runs the steps in slices, with a turn of the event loop between two of them. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const endMs = performance.now() + SLICE_MS;
    do {
      const { done, value } = steps.next();
      if (done) return value;
    } while (performance.now() < endMs);
    await nextTurn();
  }
}
