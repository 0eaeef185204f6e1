/**
 * Whether a process is slower than its siblings: the mean of its last observations of a histogram of seconds is more than three
 * times the median of theirs, for the very same label set.
 *
 * A mean alone is moved by a few long requests, so another number has to agree, which they do not move: the share of observations
 * above one bound. The bound is near the middle of what all processes observed.
 */
import { MIN_SIBLINGS } from '../limits.js';
import { medianOfOthers } from '../median.js';
import type { WatchedLatency } from '../watched.js';

/** Observations that are compared, at least. */
export const MIN_OBSERVATIONS = 100;

/** A window moves on by so many. */
const STEP = 25;

export const TIMES_SLOWER = 3;
const TIMES_RECOVERED = 2;

/** Standard deviations of the share above the bound. */
const MIN_DEVIATIONS = 6;

/** The bound is chosen from so many observations of all processes, so that this share is above it. */
const MIN_FOR_BOUND = 400;
const WANTED_ABOVE = 0.4;

/** Older observations are not compared, in times of --watchdog.silence. */
export const WINDOW_SILENCES = 30;

interface Mark {
  readonly seconds: number;
  readonly count: number;
  readonly sum: number;
  readonly above: number;
}

/** The observations of one process. */
export class Observations {
  process!: number;
  #bucket!: Uint32Array;
  #sumRow!: number;
  #marks: Mark[] = [];
  /** Of the marks. */
  #bound = -1;
  isSlow = false;
  isDue = false;
  /** Of the window, if it has enough: mean seconds, how many, and the share above the bound. */
  mean = Number.NaN;
  count = 0;
  above = 0;
  /** Median of the means of its siblings. */
  siblings = Number.NaN;

  constructor(watched: WatchedLatency) {
    this.setRows(watched);
  }

  setRows({ process, bucket, sum }: WatchedLatency): void {
    // Another bucket makes the shares other ones.
    if (this.#bucket !== undefined && bucket.length !== this.#bucket.length) this.forget();
    this.process = process;
    this.#bucket = bucket;
    this.#sumRow = sum;
  }

  forget(): void {
    this.#marks = [];
    this.isSlow = false;
    this.isDue = false;
    this.mean = Number.NaN;
  }

  /** Counts of the buckets, added to those of other processes. */
  addTo(total: Float64Array, value: Float64Array): void {
    for (let i = 0; i < this.#bucket.length; i++) total[i]! += value[this.#bucket[i]!]!;
  }

  get buckets(): number {
    return this.#bucket.length;
  }

  /** @param bound index of the last bucket that is not above */
  read(value: Float64Array, bound: number, nowSeconds: number, windowSeconds: number): void {
    if (bound !== this.#bound) this.forget();
    this.#bound = bound;
    let count = 0;
    let above = 0;
    for (let i = 0; i < this.#bucket.length; i++) {
      const inBucket = value[this.#bucket[i]!]!;
      count += inBucket;
      if (i > bound) above += inBucket;
    }
    const marks = this.#marks;
    const last = marks.at(-1);
    if (last === undefined || count - last.count >= STEP) {
      marks.push({ seconds: nowSeconds, count, sum: value[this.#sumRow]!, above });
    }
    const first = () => marks[0]!;
    // A mark is dropped as soon as the one after it gives a window that has enough.
    while (
      marks.length > 1 &&
      (count - marks[1]!.count >= MIN_OBSERVATIONS || nowSeconds - first().seconds > windowSeconds)
    ) {
      marks.shift();
    }
    this.count = count - first().count;
    this.mean = Number.NaN;
    if (this.count < MIN_OBSERVATIONS) return;
    this.mean = (value[this.#sumRow]! - first().sum) / this.count;
    this.above = (above - first().above) / this.count;
  }
}

/** One label set of one group. */
export class SlowerThanSiblings {
  /** Of its processes. */
  observations: readonly Observations[] = [];
  #bound = -1;

  /** Every few seconds. @param isCompared processes that are not about to end, say */
  compare(
    value: Float64Array,
    isCompared: ReadonlySet<number>,
    nowSeconds: number,
    windowSeconds: number,
  ): void {
    if (this.#bound < 0) {
      this.#bound = this.#chooseBound(value);
      if (this.#bound < 0) return;
    }
    const compared: Observations[] = [];
    for (const own of this.observations) {
      own.read(value, this.#bound, nowSeconds, windowSeconds);
      if (!Number.isNaN(own.mean) && isCompared.has(own.process)) compared.push(own);
      else own.isSlow = false;
    }
    if (compared.length < MIN_SIBLINGS) {
      for (const own of compared) own.isSlow = false;
      return;
    }
    const means = compared.map(({ mean }) => mean).sort((a, b) => a - b);
    const aboves = compared.map(({ above }) => above).sort((a, b) => a - b);
    for (const own of compared) {
      own.siblings = medianOfOthers(means, own.mean);
      const times = own.isSlow ? TIMES_RECOVERED : TIMES_SLOWER;
      const isSlower =
        own.mean > times * own.siblings &&
        (own.isSlow || deviations(own, medianOfOthers(aboves, own.above)) >= MIN_DEVIATIONS);
      // Twice in a row: the second time with later observations.
      own.isSlow = isSlower && (own.isSlow || own.isDue);
      own.isDue = isSlower;
    }
    // All are above it by now, or none: it tells nothing any more.
    if (aboves[0]! > 0.95) this.#bound = -1;
    if (this.#bound < 0) for (const own of this.observations) own.forget();
  }

  #chooseBound(value: Float64Array): number {
    const [first] = this.observations;
    if (first === undefined || first.buckets < 2) return -1;
    const total = new Float64Array(first.buckets);
    for (const own of this.observations) if (own.buckets === total.length) own.addTo(total, value);
    const all = total.reduce((sum, each) => sum + each, 0);
    if (all < MIN_FOR_BOUND) return -1;
    let above = all;
    let bound = -1;
    let distance = Number.POSITIVE_INFINITY;
    for (let i = 0; i < total.length - 1; i++) {
      above -= total[i]!;
      const apart = Math.abs(above / all - WANTED_ABOVE);
      if (apart < distance) [bound, distance] = [i, apart];
    }
    return bound;
  }
}

function deviations({ above, count }: Observations, expected: number): number {
  const variance = Math.max(expected * (1 - expected), 1 / count);
  return (above - expected) / Math.sqrt(variance / count);
}
