/**
 * How much of its time each part of a storm works: a part that worked for a while then rests in
 * proportion. 1 is full speed; a soak during other work takes little.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** A rest no longer than this, so that nothing looks hung. */
const LONGEST_REST_MILLISECONDS = 5_000;

export class Pace {
  readonly #restPerWork: number;
  #startedMs = performance.now();

  /** @param share of the time that is work, above 0 and at most 1 */
  constructor(share: number) {
    this.#restPerWork = 1 / share - 1;
  }

  /** Rests for the work since the last rest; at full speed it only lets others run. */
  async rest(): Promise<void> {
    const workedMs = performance.now() - this.#startedMs;
    await sleep(Math.min(LONGEST_REST_MILLISECONDS, workedMs * this.#restPerWork));
    this.#startedMs = performance.now();
  }
}
