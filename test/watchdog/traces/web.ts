/**
 * A fleet behind one listening socket, as of gunicorn: a request goes to a worker that has a free thread. Most take milliseconds, some
 * take long; one that takes long keeps its thread.
 */
import type { Random } from '../../support/random.js';
import { logNormal, pareto } from './chance.js';
import type { Model } from './model.js';
import type { Process, World } from './world.js';

export interface WebOptions {
  readonly threads: number;
  /** Of requests. */
  readonly longShare: number;
  readonly longestSeconds: number;
  readonly medianSeconds: number;
  /** Requests of this length, in addition. */
  readonly fixedLong?: { readonly share: number; readonly seconds: number };
}

interface Running {
  readonly process: Process;
  readonly endsAt: number;
  readonly seconds: number;
}

export class Web implements Model {
  readonly #world: World;
  readonly #random: Random;
  readonly #options: WebOptions;
  #running: Running[] = [];
  readonly #busy = new Map<Process, number>();
  #queued = 0;

  constructor(world: World, options: WebOptions) {
    this.#world = world;
    this.#random = world.random;
    this.#options = options;
  }

  second(atSeconds: number, requests: number): void {
    this.#finish(atSeconds);
    const open = this.#world
      .living()
      .filter(({ drainsSince, isFrozen }) => drainsSince > atSeconds && !isFrozen);
    if (open.length === 0) return;
    let left = Math.min(1_000, requests + this.#queued);
    this.#queued = 0;
    while (left > 0) {
      const process = this.#choose(open);
      if (process === undefined) {
        // The listening socket has a queue.
        this.#queued = Math.min(200, left);
        return;
      }
      left--;
      this.#take(process, atSeconds);
    }
  }

  inFlight(process: Process): number {
    return this.#busy.get(process) ?? 0;
  }

  drop(process: Process): void {
    this.#running = this.#running.filter((each) => each.process !== process);
    this.#busy.delete(process);
  }

  #choose(open: readonly Process[]): Process | undefined {
    const { threads } = this.#options;
    for (let tries = 0; tries < 8; tries++) {
      const process = open[this.#random.below(open.length)]!;
      if ((this.#busy.get(process) ?? 0) >= threads) continue;
      if (process.share < 1 && this.#random.next() >= process.share) continue;
      return process;
    }
    return open.find((process) => (this.#busy.get(process) ?? 0) < threads && process.share === 1);
  }

  #take(process: Process, atSeconds: number): void {
    const { medianSeconds, longShare, longestSeconds, fixedLong } = this.#options;
    const random = this.#random;
    const chosen = random.next();
    let seconds = logNormal(random, medianSeconds, 0.9) * process.slowness;
    if (chosen < longShare) seconds = pareto(random, 0.5, 1.3, longestSeconds);
    else if (fixedLong !== undefined && chosen < longShare + fixedLong.share) {
      seconds = fixedLong.seconds;
    }
    if (seconds < 1) {
      this.#world.answer(process, seconds);
      return;
    }
    this.#busy.set(process, (this.#busy.get(process) ?? 0) + 1);
    this.#running.push({ process, endsAt: atSeconds + seconds, seconds });
  }

  #finish(atSeconds: number): void {
    if (this.#running.length === 0) return;
    const running: Running[] = [];
    for (const each of this.#running) {
      if (each.endsAt > atSeconds || each.process.isFrozen) running.push(each);
      else {
        this.#world.answer(each.process, each.seconds);
        this.#busy.set(each.process, this.#busy.get(each.process)! - 1);
      }
    }
    this.#running = running;
  }
}
