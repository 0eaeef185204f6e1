/** The largest number of the last day or so: the maximum of two periods, of which the older one is dropped. */
import { MEMORY_SECONDS } from './limits.js';

export class Longest {
  #current = 0;
  #before = 0;
  #sinceSeconds: number;

  constructor(nowSeconds: number) {
    this.#sinceSeconds = nowSeconds;
  }

  get value(): number {
    return Math.max(this.#current, this.#before);
  }

  note(number: number, nowSeconds: number): void {
    if (nowSeconds - this.#sinceSeconds >= MEMORY_SECONDS) {
      this.#before = this.#current;
      this.#current = 0;
      this.#sinceSeconds = nowSeconds;
    }
    if (number > this.#current) this.#current = number;
  }
}
