/**
 * The longest that one turn of the event loop kept this thread on a CPU. Unlike monitorEventLoopDelay it does not
 * count what other programs take of the machine meanwhile.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export class LongestTurn {
  // Time on a CPU, in nanoseconds, is the first number (Linux Documentation/scheduler/sched-stats.rst).
  readonly #fd = openSync('/proc/thread-self/schedstat', 'r');
  readonly #bytes = Buffer.alloc(64);
  #last = this.#onCpuMs();
  #longestMs = 0;
  #isOver = false;

  constructor() {
    const turn = () => {
      if (this.#isOver) return;
      const now = this.#onCpuMs();
      this.#longestMs = Math.max(this.#longestMs, now - this.#last);
      this.#last = now;
      setImmediate(turn);
    };
    setImmediate(turn);
  }

  /** Milliseconds. */
  stop(): number {
    this.#longestMs = Math.max(this.#longestMs, this.#onCpuMs() - this.#last);
    this.#isOver = true;
    closeSync(this.#fd);
    return this.#longestMs;
  }

  #onCpuMs(): number {
    const length = readSync(this.#fd, this.#bytes, 0, this.#bytes.length, 0);
    return Number(this.#bytes.toString('latin1', 0, length).split(' ')[0]) / 1e6;
  }
}
