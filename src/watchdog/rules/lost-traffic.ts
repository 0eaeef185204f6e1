/**
 * Whether a process does much less than it did in relation to its siblings, over the last minute: it lost most of its traffic, and
 * they did not. Blocks of seconds are compared, so that a tick costs an addition.
 *
 * What is expected of a process is the median of its siblings, times its own past in relation to that. Where shares of the traffic go
 * up and down anyway, as with a few clients that keep their connections, a low one is nothing special. Nor is a process that does nothing for long, and then as much as usual: it
 * had one long request. One that lost its traffic does little all the time.
 */

import { MIN_SIBLINGS } from '../limits.js';
import { Longest } from '../longest.js';
import { medianOfOthers } from '../median.js';

export const BLOCK_SECONDS = 5;
const BLOCKS = 12;

/** Over the last minute: fewer say too little. */
const MIN_EXPECTED = 100;

/** Of what is expected. */
const LOST = 0.2;
const RECOVERED = 0.5;

/** In one block at most it does more than this share of what is expected, and in so many it may do nothing. */
const MOST_OF_BLOCK = 0.5;
const MAX_FULL_BLOCKS = 1;
const MAX_EMPTY_BLOCKS = 6;

/** Standard deviations of what is usual in the group, and times the least that a process of it did for a whole minute before. */
const MIN_DEVIATIONS = 4;
const TIMES_LONGEST = 1.2;

/** Blocks over which the past is averaged. */
const PAST_BLOCKS = 180;

/** And over which the spread of a group is, of all its processes. */
const SPREAD_BLOCKS = 2_000;

/** Nothing is judged before so many. */
const MIN_PAST_BLOCKS = 60;

/** Of a process. */
export class Traffic {
  /** Events of the current block. */
  events = 0;
  readonly #blocks = new Float64Array(BLOCKS);
  #sum = 0;
  #at = 0;
  #count = 0;
  /** In relation to the median of its siblings, averaged. */
  #ratio = 1;
  #past = 0;
  #isLost = false;
  /** Of the last comparison. */
  expected = 0;

  /** Events of the last minute. */
  get sum(): number {
    return this.#sum;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  get isWhole(): boolean {
    return this.#count >= BLOCKS;
  }

  endBlock(): void {
    this.#sum += this.events - this.#blocks[this.#at]!;
    this.#blocks[this.#at] = this.events;
    this.#at = (this.#at + 1) % BLOCKS;
    this.#count++;
    this.events = 0;
  }

  forget(): void {
    this.events = 0;
    this.#blocks.fill(0);
    this.#sum = 0;
    this.#count = 0;
  }

  /** It does little in all blocks. */
  get #isSteady(): boolean {
    const most = (MOST_OF_BLOCK * this.expected) / BLOCKS;
    let empty = 0;
    let full = 0;
    for (const events of this.#blocks) {
      if (events > most) full++;
      if (events === 0) empty++;
    }
    return full <= MAX_FULL_BLOCKS && empty <= MAX_EMPTY_BLOCKS;
  }

  /**
   * @param median of its siblings, over the last minute
   * @param usual how much processes of this group do in relation to what is expected of them
   */
  compare(median: number, usual: UsualShares, nowSeconds: number): void {
    this.expected = this.#ratio * median;
    if (this.expected < MIN_EXPECTED) {
      this.#isLost = false;
      return;
    }
    const share = this.#sum / this.expected;
    if (this.#past >= MIN_PAST_BLOCKS) {
      const isLost = share <= LOST && -logarithm(share) > usual.least && this.#isSteady;
      this.#isLost = this.#isLost ? share <= RECOVERED : isLost;
    }
    const isUsual = share > LOST && this.#isSteady;
    if (this.#past >= MIN_PAST_BLOCKS / 2) usual.note(logarithm(share), isUsual, nowSeconds);
    if (this.#isLost) return;
    // At first the mean of all, so that it is soon near.
    const weight = 1 / Math.min(PAST_BLOCKS, this.#past + 1);
    const own = median === 0 ? 1 : this.#sum / median;
    this.#ratio += (own - this.#ratio) * weight;
    this.#past++;
  }
}

/** Nothing at all counts as a hundredth. */
function logarithm(share: number): number {
  return Math.log(Math.max(share, 0.01));
}

/** Shares of traffic in a group, as logarithms: how much they differ from what is expected. */
export class UsualShares {
  readonly #longest: Longest;
  #square = 0;
  #count = 0;

  constructor(nowSeconds: number) {
    this.#longest = new Longest(nowSeconds);
  }

  /** @param isSteady it was so low for a whole minute, and nothing is wrong with it */
  note(logarithm: number, isSteady: boolean, nowSeconds: number): void {
    if (isSteady) this.#longest.note(-logarithm, nowSeconds);
    this.#count++;
    const weight = 1 / Math.min(SPREAD_BLOCKS, this.#count);
    this.#square += (logarithm * logarithm - this.#square) * weight;
  }

  /** Standard deviation of the logarithm. */
  get deviation(): number {
    return Math.sqrt(this.#square);
  }

  /** What is less than is usual: the logarithm of how many times. */
  get least(): number {
    return Math.max(MIN_DEVIATIONS * this.deviation, TIMES_LONGEST * this.#longest.value);
  }
}

/** @param traffics of processes that could be compared for the whole minute */
export function compareTraffic(
  traffics: readonly Traffic[],
  usual: UsualShares,
  nowSeconds: number,
): void {
  if (traffics.length < MIN_SIBLINGS) return;
  const sorted = traffics.map(({ sum }) => sum).sort((a, b) => a - b);
  for (const traffic of traffics) {
    traffic.compare(medianOfOthers(sorted, traffic.sum), usual, nowSeconds);
  }
}
