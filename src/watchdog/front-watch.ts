/** The front ends of some engines: how many requests came to them, and how many the engines finished, in a tick. */
import type { WatchTick } from './watched.js';

export class FrontWatch {
  /** How many engines they have. */
  engines = 0;
  /** In this tick. */
  arrived = 0;
  finished = 0;
  #rows: Uint32Array = new Uint32Array(0);
  #total = Number.NaN;

  setRows(rows: Uint32Array): void {
    this.#rows = rows;
    // The sum is of other rows.
    this.#total = Number.NaN;
  }

  /** @param finished by its engines in this tick */
  read({ value }: WatchTick, finished: number): void {
    let total = 0;
    for (let i = 0; i < this.#rows.length; i++) total += value[this.#rows[i]!]!;
    this.arrived = Math.max(0, total - this.#total) || 0;
    this.#total = total;
    this.finished = finished;
  }
}
