/**
 * Whether a process does much less than it did in relation to its siblings, over the last minute: it lost most of its traffic, and
 * they did not. Blocks of seconds are compared, so that a tick costs an addition.
 *
 * What is expected of a process is the median of its siblings, times its own past in relation to that. A ratio that was as low
 * before, in any process of the group, is nothing special.
 */

import { MIN_SIBLINGS } from '../limits.js';
import type { Longest } from '../longest.js';
import { medianOfOthers } from '../median.js';

export const BLOCK_SECONDS = 5;
const BLOCKS = 12;

/** Over the last minute: fewer say too little. */
const MIN_EXPECTED = 100;

/** Of what is expected. */
const LOST = 0.2;
const RECOVERED = 0.5;

/** Blocks over which the past is averaged. */
const PAST_BLOCKS = 180;

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

  /**
   * @param median of its siblings, over the last minute
   * @param usual how far processes of this group fell behind before
   */
  compare(median: number, usual: Longest, nowSeconds: number): void {
    this.expected = this.#ratio * median;
    if (this.expected < MIN_EXPECTED) {
      this.#isLost = false;
      return;
    }
    const share = this.#sum / this.expected;
    if (this.#past >= MIN_PAST_BLOCKS) {
      const limit = this.#isLost ? RECOVERED : LOST;
      this.#isLost = share <= limit && (this.#isLost || behind(share) > 1.5 * usual.value);
    }
    if (this.#isLost) return;
    if (this.#past >= MIN_PAST_BLOCKS / 2 && share > LOST) usual.note(behind(share), nowSeconds);
    // At first the mean of all, so that it is soon near.
    const weight = 1 / Math.min(PAST_BLOCKS, this.#past + 1);
    const own = median === 0 ? 1 : this.#sum / median;
    this.#ratio += (own - this.#ratio) * weight;
    this.#past++;
  }
}

/** Natural logarithm of how many times less. */
function behind(share: number): number {
  return share >= 1 ? 0 : -Math.log(Math.max(share, 1e-9));
}

/** @param traffics of processes that could be compared for the whole minute */
export function compareTraffic(
  traffics: readonly Traffic[],
  usual: Longest,
  nowSeconds: number,
): void {
  if (traffics.length < MIN_SIBLINGS) return;
  const sorted = traffics.map(({ sum }) => sum).sort((a, b) => a - b);
  for (const traffic of traffics) {
    traffic.compare(medianOfOthers(sorted, traffic.sum), usual, nowSeconds);
  }
}
