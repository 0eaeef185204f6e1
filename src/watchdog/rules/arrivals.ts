/**
 * Requests that come to the front ends of engines, and that no engine finishes. Which engine a request is for is not counted
 * anywhere, so all that the engines finished is subtracted from all that came.
 */
import type { FrontWatch } from '../front-watch.js';

/** Fewer are nothing: a client may have given up. */
const MIN_UNSERVED = 5;

/** In so many ticks: when all requests are aborted, they end at once. */
const MIN_TICKS = 5;

/** Of the share of an engine in all that came: clients that give up are a few in a hundred. With 0.3 a day in 200 had an alarm. */
const MIN_SHARE = 0.5;

/** After this time without a further one, no more come. */
const QUIET_SECONDS = 5;

/** What came since an engine last counted something. */
export class ArrivalsSince {
  /** Since the first one. */
  seconds = 0;
  #arrived = 0;
  #finished = 0;
  #ticks = 0;
  #quietSeconds = 0;

  restart(): void {
    this.seconds = 0;
    this.#arrived = 0;
    this.#finished = 0;
    this.#ticks = 0;
    this.#quietSeconds = 0;
  }

  tick({ arrived, finished }: FrontWatch, spentSeconds: number): void {
    if (this.#arrived > 0) this.seconds += spentSeconds;
    const before = this.unserved;
    this.#arrived += arrived;
    this.#finished += finished;
    if (this.unserved > before) {
      this.#ticks++;
      this.#quietSeconds = 0;
    } else {
      this.#quietSeconds += spentSeconds;
    }
  }

  get unserved(): number {
    return Math.max(0, this.#arrived - this.#finished);
  }

  /** No more come. */
  get areOver(): boolean {
    return this.#quietSeconds >= QUIET_SECONDS;
  }

  /** So many, and for so long, that it is no accident. @param engines that share the front ends */
  areUnserved(engines: number, silentSeconds: number): boolean {
    return (
      this.unserved >= MIN_UNSERVED &&
      this.#ticks >= MIN_TICKS &&
      this.seconds >= silentSeconds / 2 &&
      this.unserved >= (MIN_SHARE * this.#arrived) / engines
    );
  }
}
