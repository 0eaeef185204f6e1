/**
 * Whether it is improbable that a process counts nothing while others of its group do.
 *
 * Requests do not arrive evenly, so a rate over time says little: bursts, nights and weekends are alike for all. What counts is
 * how often this process moved in ticks in which most of the others did. Of such a tick in which a share f of them moved and this
 * one did not, the probability is 1 - r*f, where r is its own past in relation to theirs. The product over a silence is its odds.
 *
 * Requests may be long, and a client may stay with one worker: then long silences are usual, whatever the product says. So the
 * most improbable silences that the group had, and that ended, are remembered, and a further one has to be less probable. And
 * the more the shares of the processes in the traffic go up and down, the less the odds say.
 */
import { Longest } from '../longest.js';

/** Of the others, in a tick that counts: a few clients may keep a few workers busy for long. */
const MIN_SHARE_OF_SIBLINGS = 0.5;

/** No tick alone is stronger evidence than this. */
const MAX_PROBABILITY = 0.95;

/** Natural logarithm of the odds: 1 in 70 billion. */
const MIN_LOG_ODDS = 25;

/** Times the most improbable silence that ended. */
const TIMES_USUAL = 1.4;
const TIMES_FOR_STALLED = 1.6;

/** Of the logarithm of shares in the traffic of a minute: requests that are given out evenly have less. */
const EVEN_DEVIATION = 0.3;

/** Ticks over which the past of a process is averaged. */
const PAST_TICKS = 1_800;
const DECAY = 1 - 1 / PAST_TICKS;

/** Of a process. */
export class OwnShare {
  /** Negative natural logarithm of the odds of the silence so far. */
  logOdds = 0;
  /** Of the silence, those in which most of the others moved. */
  missedSeconds = 0;
  #moved = 0;
  #siblings = 0;

  /** In relation to the others of the group: 1 where it moves as often as they do. */
  get ratio(): number {
    return this.#siblings === 0 ? 1 : Math.min(1.05, this.#moved / this.#siblings);
  }

  /** It moved, or what was seen counts for nothing. */
  restart(): void {
    this.logOdds = 0;
    this.missedSeconds = 0;
  }

  /**
   * @param share of its siblings that moved
   * @param learns false while it is silent: that is not its usual behaviour
   */
  tick(hasMoved: boolean, share: number, spentSeconds: number, learns: boolean): void {
    if (share < MIN_SHARE_OF_SIBLINGS) return;
    if (!hasMoved) {
      this.missedSeconds += spentSeconds;
      this.logOdds -= Math.log(1 - Math.min(MAX_PROBABILITY, this.ratio * share));
    }
    if (!learns) return;
    this.#moved = this.#moved * DECAY + (hasMoved ? 1 : 0);
    this.#siblings = this.#siblings * DECAY + share;
  }
}

/** Of a group: the silences that ended. */
export class UsualSilences {
  /** Of the logarithm of the share of a process in the traffic of a minute, to what is expected of it. */
  deviation = 0;
  readonly #longest: Longest;

  constructor(nowSeconds: number) {
    this.#longest = new Longest(nowSeconds);
  }

  ended(logOdds: number, nowSeconds: number): void {
    this.#longest.note(logOdds, nowSeconds);
  }

  isImprobable(logOdds: number): boolean {
    return logOdds >= this.#threshold;
  }

  isHopeless(logOdds: number): boolean {
    return logOdds >= TIMES_FOR_STALLED * this.#threshold;
  }

  get #threshold(): number {
    const uneven = Math.max(1, (this.deviation / EVEN_DEVIATION) ** 2);
    return Math.max(MIN_LOG_ODDS * uneven, TIMES_USUAL * this.#longest.value);
  }
}
