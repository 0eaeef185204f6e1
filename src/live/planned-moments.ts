/** Readings of moments that were recorded, planned: the last ones that were asked for, and each of them once. */
import { LastPlan } from '../inspect/last-plan.js';
import type { Reading } from '../inspect/reading.js';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import { keepLast } from '../memo.js';
import { inSlices } from '../steps.js';

/** Two that are compared, each with the one that its rates are since. */
const KEPT_READINGS = 4;

/** Of recordings with the same keys: a moment of one is the same in a later one. */
export class PlannedMoments {
  /** By the time of the moment; the last one that was asked for is the last one. */
  readonly #readings = new Map<number, Promise<Reading>>();
  readonly #plan = new LastPlan();
  #planning: Promise<unknown> = Promise.resolve();

  /**
   * REQUIRES: the recording has the moment, and is not closed until this settles.
   *
   * @param tick the time of the moment
   */
  readingAt(past: RecordedPast, tick: number): Promise<Reading> {
    const reading = this.#readings.get(tick) ?? this.#read(past, tick);
    keepLast(this.#readings, tick, reading, KEPT_READINGS);
    reading.catch(() => this.#readings.delete(tick));
    return reading;
  }

  async #read(past: RecordedPast, tick: number): Promise<Reading> {
    const reading = await past.readingOf(tick);
    // One after the other: two moments of the same files are planned once.
    const planned = this.#planning.then(() => this.#planned(reading));
    this.#planning = planned.catch(() => {});
    return planned;
  }

  async #planned(reading: Reading): Promise<Reading> {
    const planned = await inSlices(this.#plan.of(reading));
    await inSlices(planned.structure.prepare());
    return planned;
  }
}
