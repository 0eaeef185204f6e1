/**
 * How often the recorder takes a tick: at the interval that was chosen, unless ticks take more than their share of a core.
 *
 * The cost is a median: a scrape that a tick waited for, or the first tick of many new files, does not count. What sealing
 * a segment takes is not in most ticks, so its mean is added.
 */

/** Of one core. */
export const DEFAULT_SHARE = 0.01;

/** Ticks that count. */
const TICKS = 15;

/** The mean of sealing is over about so many ticks: there is one in 300. */
const SEAL_TICKS = 600;

/** Seconds; there are few, so that the interval does not change all the time. */
const INTERVALS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60];

/** A shorter interval is chosen again only where its share is this much below the limit. */
const HYSTERESIS = 0.7;

export class Pace {
  readonly #wantedSeconds: number;
  readonly #share: number;
  readonly #tickSeconds: number[] = [];
  #sealSeconds = 0;
  #intervalSeconds: number;

  /** @param share of a core that ticks may take */
  constructor(wantedSeconds: number, share = DEFAULT_SHARE) {
    this.#wantedSeconds = wantedSeconds;
    this.#share = share;
    this.#intervalSeconds = wantedSeconds;
  }

  get intervalSeconds(): number {
    return this.#intervalSeconds;
  }

  /** CPU time of a tick, sealing included. */
  get tickSeconds(): number {
    const sorted = this.#tickSeconds.toSorted((a, b) => a - b);
    return (sorted[Math.floor(sorted.length / 2)] ?? 0) + this.#sealSeconds;
  }

  /**
   * @param cpuSeconds of a tick of all sources, without sealing
   * @param sealSeconds what sealing took
   */
  took(cpuSeconds: number, sealSeconds: number): void {
    this.#tickSeconds.push(cpuSeconds);
    if (this.#tickSeconds.length > TICKS) this.#tickSeconds.shift();
    this.#sealSeconds += (sealSeconds - this.#sealSeconds) / SEAL_TICKS;
    if (this.#tickSeconds.length < TICKS) return;
    const neededSeconds = this.tickSeconds / this.#share;
    if (neededSeconds > this.#intervalSeconds) this.#intervalSeconds = this.#atLeast(neededSeconds);
    const shorter = this.#atLeast(neededSeconds / HYSTERESIS);
    if (shorter < this.#intervalSeconds) this.#intervalSeconds = shorter;
  }

  #atLeast(seconds: number): number {
    if (seconds <= this.#wantedSeconds) return this.#wantedSeconds;
    const longest = Math.max(this.#wantedSeconds, INTERVALS.at(-1)!);
    return Math.max(this.#wantedSeconds, INTERVALS.find((each) => each >= seconds) ?? longest);
  }
}
