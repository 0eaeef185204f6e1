/**
 * How fast each series grows, from the slots of two instants. An instant is compared with the latest one that is at least
 * a second older, so that views that follow each other quickly have steady rates.
 */
import type { RateColumn } from '../inspect/series/list-series.js';
import type { PlanState } from '../scrape/directory/plan-state.js';
import type { SourceInstant } from '../scrape/directory/source.js';

const MIN_SECONDS = 1;

/** A rate over a longer time says little about now. */
const MAX_SECONDS = 60;

interface Before {
  readonly state: PlanState;
  readonly takenAtSeconds: number;
  readonly slot: Float64Array;
}

/** The instants of one source that the next ones are compared with. */
export class Rates {
  /** Oldest first; each at least MIN_SECONDS older than the next. */
  #before: readonly Before[] = [];

  /** @returns undefined if there is none to compare it with */
  next({ state, takenAtSeconds, columns }: SourceInstant): RateColumn | undefined {
    // The clock may have been set back.
    this.#before = this.#before.filter((earlier) => {
      const age = takenAtSeconds - earlier.takenAtSeconds;
      return earlier.state === state && age >= 0 && age <= MAX_SECONDS;
    });
    const earlier = this.#before.findLast(
      (each) => takenAtSeconds - each.takenAtSeconds >= MIN_SECONDS,
    );
    const last = this.#before.at(-1);
    if (last === undefined || takenAtSeconds - last.takenAtSeconds >= MIN_SECONDS) {
      // Two are enough: the last one, and the one before it until that is a second old.
      this.#before = [
        ...this.#before.slice(-1),
        { state, takenAtSeconds, slot: columns.slot.slice() },
      ];
    }
    return earlier && ratesBetween(earlier, { takenAtSeconds, slot: columns.slot });
  }
}

function ratesBetween(before: Before, now: Omit<Before, 'state'>): RateColumn {
  const seconds = now.takenAtSeconds - before.takenAtSeconds;
  const rates = new Float64Array(now.slot.length);
  // A slot without a value is NaN, and so is its rate.
  for (let i = 0; i < rates.length; i++) rates[i] = (now.slot[i]! - before.slot[i]!) / seconds;
  return rates;
}
