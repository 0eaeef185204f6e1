/**
 * API servers in front of engines, as of vLLM with several of both: each request has an API server, which counts its tokens, and an
 * engine. In a step an engine gives its numbers to one of the API servers, so that its gauges hop from file to file.
 *
 * Requests are counted, not followed: each that runs ends in a second with the same probability.
 */
import type { Random } from '../../support/random.js';
import { logNormal, poisson } from './chance.js';
import type { Model } from './model.js';
import { OF_ENGINE, type Process, type World } from './world.js';

export interface EnginesOptions {
  /** Requests that an engine runs at once. */
  readonly batch: number;
  /** Mean, seconds. */
  readonly meanSeconds: number;
  /** Of a long prefill: none is generated meanwhile; it sets its gauges if it works in chunks. */
  readonly prefillSeconds: number;
  readonly prefillsPerHour: number;
  readonly isChunked: boolean;
  /** The balancer prefers the first engine while that has room. */
  readonly prefersFirst: boolean;
  /** Of requests: their client gives up. */
  readonly aborted: number;
  /** A request to an engine that is stuck is answered with an error after this time; 0 for never. */
  readonly timeoutSeconds: number;
}

interface Engine {
  /** By place of the API server. */
  readonly inFlight: Int32Array;
  total: number;
  prefillUntil: number;
  isFrozen: boolean;
  isAsleep: boolean;
  saidAsleep: boolean | undefined;
  /** Requests that came while it was frozen, by the second in which they came. */
  readonly stuck: { readonly at: number; readonly process: Process }[];
}

const PLACES = 64;

/** Requests of an engine, in times of what it runs at once. */
const MAX_QUEUES = 4;

export class Engines implements Model {
  readonly engines: readonly Engine[];
  readonly #world: World;
  readonly #random: Random;
  readonly #options: EnginesOptions;

  constructor(world: World, options: EnginesOptions) {
    this.#world = world;
    this.#random = world.random;
    this.#options = options;
    this.engines = Array.from({ length: world.engines }, () => ({
      inFlight: new Int32Array(PLACES),
      total: 0,
      prefillUntil: 0,
      isFrozen: false,
      isAsleep: false,
      saidAsleep: undefined,
      stuck: [],
    }));
    // The servers have run for a while before they are watched.
    const [first] = world.processes;
    for (const index of this.engines.keys()) {
      world.count(first!, index, OF_ENGINE.shortPrefill, 1000);
      if (options.prefillsPerHour > 0) world.count(first!, index, OF_ENGINE.longPrefill, 3);
    }
  }

  second(atSeconds: number, requests: number, wallSeconds: number): void {
    const open = this.#world
      .living()
      .filter(({ drainsSince, isFrozen }) => drainsSince > atSeconds && !isFrozen);
    for (let i = 0; i < requests && open.length > 0; i++) this.#take(open, atSeconds);
    for (const [i, engine] of this.engines.entries()) this.#step(i, engine, atSeconds, wallSeconds);
  }

  inFlight(process: Process): number {
    let sum = 0;
    for (const { inFlight } of this.engines) sum += inFlight[process.place]!;
    return sum;
  }

  /** Requests a second that all engines can answer. */
  get capacity(): number {
    return (this.engines.length * this.#options.batch) / this.#options.meanSeconds;
  }

  drop(process: Process): void {
    for (const engine of this.engines) {
      engine.total -= engine.inFlight[process.place]!;
      engine.inFlight[process.place] = 0;
    }
  }

  /** All clients go away at once: no step follows, and no gauge is set. */
  abortAll(engine: number): void {
    const own = this.engines[engine]!;
    for (const process of this.#world.living()) {
      for (let i = 0; i < own.inFlight[process.place]!; i++) this.#world.answer(process, 5);
      own.inFlight[process.place] = 0;
    }
    own.total = 0;
  }

  #take(open: readonly Process[], atSeconds: number): void {
    const random = this.#random;
    let process = open[random.below(open.length)]!;
    while (process.share < 1 && random.next() >= process.share) {
      process = open[random.below(open.length)]!;
    }
    const engine = this.#chooseEngine();
    // Beyond that, requests are refused.
    if (engine === undefined || engine.total >= MAX_QUEUES * this.#options.batch) return;
    engine.inFlight[process.place]! += 1;
    engine.total++;
    if (engine.isFrozen) engine.stuck.push({ at: atSeconds, process });
  }

  /** Round robin, by chance; or the first that has room. */
  #chooseEngine(): Engine | undefined {
    const awake = this.engines.filter(({ isAsleep }) => !isAsleep);
    if (!this.#options.prefersFirst) return awake[this.#random.below(awake.length)];
    return awake.find(({ total }) => total < this.#options.batch) ?? awake[0];
  }

  #step(index: number, engine: Engine, atSeconds: number, wallSeconds: number): void {
    const { batch, meanSeconds, prefillSeconds, prefillsPerHour, isChunked } = this.#options;
    const random = this.#random;
    if (engine.isFrozen) {
      this.#giveUp(engine, atSeconds);
      return;
    }
    this.#reportSleep(index, engine, wallSeconds);
    if (engine.total === 0 || engine.isAsleep) return;
    // One after another: between two of them there is a step at least.
    const isFree = atSeconds > engine.prefillUntil;
    if (prefillsPerHour > 0 && isFree && random.chance(prefillsPerHour / 3600)) {
      engine.prefillUntil = atSeconds + prefillSeconds;
    }
    const living = this.#world.living().filter(({ isFrozen }) => !isFrozen);
    if (living.length === 0) return;
    if (engine.prefillUntil > atSeconds) {
      if (isChunked) this.#report(index, engine, living, wallSeconds);
      return;
    }
    const running = Math.min(batch, engine.total);
    const share = running / engine.total;
    for (const process of living) {
      const own = engine.inFlight[process.place]!;
      if (own === 0) continue;
      const active = own * share;
      const tokens = Math.round(active * 30 * (0.7 + 0.6 * random.next()));
      this.#world.count(process, index, OF_ENGINE.generated, tokens);
      const ended = Math.min(own, poisson(random, active / meanSeconds));
      if (ended === 0) continue;
      engine.inFlight[process.place]! -= ended;
      engine.total -= ended;
      let succeeded = 0;
      for (let i = 0; i < ended; i++) {
        this.#world.answer(process, logNormal(random, meanSeconds * 0.7, 0.8) * process.slowness);
        if (!random.chance(this.#options.aborted)) succeeded++;
      }
      this.#world.count(process, index, OF_ENGINE.succeeded, succeeded);
      this.#world.count(process, index, OF_ENGINE.prompted, ended * 200);
    }
    this.#report(index, engine, living, wallSeconds);
  }

  #report(index: number, engine: Engine, living: readonly Process[], wallSeconds: number): void {
    const to = living[this.#random.below(living.length)]!;
    const running = Math.min(this.#options.batch, engine.total);
    const waiting = engine.total - running;
    const at = wallSeconds - this.#random.next() * 0.5;
    this.#world.set(to, index, OF_ENGINE.running, running, at);
    this.#world.set(to, index, OF_ENGINE.waiting, waiting, at);
    this.#world.set(to, index, OF_ENGINE.forRoom, waiting, at);
  }

  #reportSleep(index: number, engine: Engine, wallSeconds: number): void {
    if (engine.saidAsleep === engine.isAsleep) return;
    engine.saidAsleep = engine.isAsleep;
    const [to] = this.#world.living();
    if (to === undefined) return;
    this.#world.set(to, index, OF_ENGINE.awake, engine.isAsleep ? 0 : 1, wallSeconds);
  }

  /** Clients of an engine that is stuck. */
  #giveUp(engine: Engine, atSeconds: number): void {
    const { timeoutSeconds } = this.#options;
    if (timeoutSeconds === 0) return;
    while (engine.stuck.length > 0 && engine.stuck[0]!.at + timeoutSeconds <= atSeconds) {
      const { process } = engine.stuck.shift()!;
      if (engine.inFlight[process.place]! <= 0) continue;
      engine.inFlight[process.place]! -= 1;
      engine.total--;
      if (!process.isFrozen) this.#world.answer(process, timeoutSeconds, false);
    }
  }

  /** @param says what its gauges say last: that requests wait, or that there is nothing */
  freeze(index: number, says: 'waiting' | 'nothing', wallSeconds: number): void {
    const engine = this.engines[index]!;
    engine.isFrozen = true;
    const living = this.#world.living();
    const to = living[0]!;
    const waiting = says === 'waiting' ? 3 : 0;
    const running = says === 'waiting' ? Math.max(1, engine.total) : 0;
    this.#world.set(to, index, OF_ENGINE.running, running, wallSeconds);
    this.#world.set(to, index, OF_ENGINE.waiting, waiting, wallSeconds);
    this.#world.set(to, index, OF_ENGINE.forRoom, waiting, wallSeconds);
    engine.stuck.length = 0;
    // Those that were in flight time out, too.
    for (const process of living) {
      for (let i = 0; i < engine.inFlight[process.place]!; i++) {
        engine.stuck.push({ at: 0, process });
      }
    }
  }
}
