/**
 * Requests a second, over a day. No load is Poisson alone: it goes up and down with the time of day, comes in bursts whose sizes are
 * heavy-tailed, and in batches.
 */
import type { Random } from '../../support/random.js';
import { exponential, pareto, poisson } from './chance.js';

export interface LoadOptions {
  /** Requests a second, on average over the day. */
  readonly perSecond: number;
  /** How much of it is left at night: 1 for no nights, 0 for none at all. */
  readonly night: number;
  /** Bursts an hour. */
  readonly burstsPerHour: number;
  /** Hours in which there is nothing at all, as at a weekend. */
  readonly isWeekend?: boolean;
}

const HOUR = 3600;

export class Load {
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #phase: number;
  #burstUntil = 0;
  #burst = 0;
  #nextBurst: number;
  #drift = 1;

  constructor(random: Random, options: LoadOptions) {
    this.#random = random;
    this.#options = options;
    this.#phase = random.next() * 24 * HOUR;
    this.#nextBurst = exponential(random, HOUR / Math.max(1e-9, options.burstsPerHour));
  }

  /** Requests in this second. */
  next(atSeconds: number): number {
    const { perSecond, night, burstsPerHour } = this.#options;
    if (this.#options.isWeekend === true && atSeconds > 6 * HOUR && atSeconds < 22 * HOUR) {
      return 0;
    }
    if (atSeconds >= this.#nextBurst && burstsPerHour > 0) {
      this.#burst = pareto(this.#random, 0.3, 1.2, 8) * perSecond;
      this.#burstUntil = atSeconds + pareto(this.#random, 3, 1.1, 900);
      this.#nextBurst = this.#burstUntil + exponential(this.#random, HOUR / burstsPerHour);
    }
    if (atSeconds % 60 === 0) {
      this.#drift = Math.min(1.6, Math.max(0.6, this.#drift * (0.9 + 0.2 * this.#random.next())));
    }
    const hour = (2 * Math.PI * (atSeconds + this.#phase)) / (24 * HOUR);
    // Flat at night, and as much more during the day.
    const day = Math.max(night, (1 + Math.sin(hour)) * (1 - night / 2));
    const burst = atSeconds < this.#burstUntil ? this.#burst : 0;
    return poisson(this.#random, perSecond * day * this.#drift + burst);
  }
}
