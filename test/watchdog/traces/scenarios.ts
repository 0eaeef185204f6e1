/** Days on which nothing is wrong, whatever happens. */
import { Random } from '../../support/random.js';
import { exponential } from './chance.js';
import { Engines, type EnginesOptions } from './engines.js';
import { Load, type LoadOptions } from './load.js';
import type { Model } from './model.js';
import type { Trace } from './trace.js';
import { Web, type WebOptions } from './web.js';
import { type Process, World } from './world.js';

export const DAY = 24 * 3600;

interface Setting {
  readonly random: Random;
  readonly world: World;
  readonly model: Model;
  /** Undefined where the processes are no front ends of engines. */
  readonly engines: Engines | undefined;
}

export interface SettingOptions {
  readonly isWeb: boolean;
  readonly web?: Partial<WebOptions>;
  readonly engines?: Partial<EnginesOptions>;
  readonly engineCount?: number;
  readonly workers?: number;
}

/** A fleet of web workers, or API servers in front of engines. */
export function newSetting(random: Random, options: SettingOptions): Setting {
  const engineCount = options.engineCount ?? 1 + random.below(4);
  const world = new World(random, options.isWeb ? 0 : engineCount);
  const workers = options.workers ?? 4 + random.below(5);
  for (let i = 0; i < workers; i++) world.begin(0);
  if (options.isWeb) {
    const model = new Web(world, {
      threads: random.chance(0.3) ? 1 : 2 + random.below(6),
      medianSeconds: 0.02 + 0.1 * random.next(),
      longShare: 0.002,
      longestSeconds: 25,
      ...options.web,
    });
    return { random, world, model, engines: undefined };
  }
  const engines = new Engines(world, {
    batch: 16 + random.below(100),
    meanSeconds: 1 + 6 * random.next(),
    prefillSeconds: 0,
    prefillsPerHour: 0,
    isChunked: true,
    prefersFirst: random.chance(0.3),
    aborted: 0.02,
    timeoutSeconds: 30,
    ...options.engines,
  });
  return { random, world, model: engines, engines };
}

type Scenario = (seed: number) => Trace;

function dayOf(
  seed: number,
  load: Partial<LoadOptions>,
  options: Omit<SettingOptions, 'isWeb'>,
  happenings?: (setting: Setting) => Partial<Trace>,
): Trace {
  const random = new Random(seed);
  const setting = newSetting(random, { isWeb: seed % 2 === 1, ...options });
  // Engines are overloaded in bursts, but not all day.
  const most = Math.min(30, (setting.engines?.capacity ?? 30) / 2);
  const perSecond = 1 + (most - 1) * random.next();
  return {
    world: setting.world,
    model: setting.model,
    load: new Load(random, { perSecond, night: 0.3, burstsPerHour: 2, ...load }),
    seconds: DAY,
    ...happenings?.(setting),
  };
}

/** Replaces workers: the new one begins first, or when the old one has ended. */
export class Replacing {
  readonly #setting: Setting;
  #draining: {
    readonly process: Process;
    readonly killAt: number;
    readonly isReplaced: boolean;
  }[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** @param graceSeconds after which it is killed */
  replace(process: Process, atSeconds: number, isFirst: boolean, graceSeconds = 30): void {
    if (isFirst) this.#setting.world.begin(atSeconds - 0.5);
    this.drain(process, atSeconds, isFirst, graceSeconds);
  }

  drain(process: Process, atSeconds: number, isReplaced: boolean, graceSeconds = 30): void {
    process.drainsSince = atSeconds;
    this.#draining.push({ process, killAt: atSeconds + graceSeconds, isReplaced });
  }

  second(atSeconds: number): void {
    const { world, model } = this.#setting;
    this.#draining = this.#draining.filter(({ process, killAt, isReplaced }) => {
      if (model.inFlight(process) > 0 && atSeconds < killAt) return true;
      model.drop(process);
      world.end(process, atSeconds);
      if (!isReplaced) world.begin(atSeconds + 0.2);
      return false;
    });
  }
}

function rollingRestarts(setting: Setting): Partial<Trace> {
  const { random, world } = setting;
  const replacing = new Replacing(setting);
  let next = exponential(random, 3600);
  let waiting: Process[] = [];
  let nextWorker = 0;
  return {
    happen(atSeconds) {
      replacing.second(atSeconds);
      if (atSeconds >= next) {
        next = atSeconds + 1800 + exponential(random, 3 * 3600);
        waiting = world.living();
        nextWorker = atSeconds;
      }
      if (waiting.length === 0 || atSeconds < nextWorker) return;
      // One after another, or all at once, as a master does at SIGHUP.
      const all = random.chance(0.3) ? waiting.length : 1;
      for (const process of waiting.splice(0, all)) replacing.replace(process, atSeconds, true);
      nextWorker = atSeconds + 5 + random.below(60);
    },
  };
}

function recycling(setting: Setting): Partial<Trace> {
  const { random, world } = setting;
  const replacing = new Replacing(setting);
  const most = 2_000 + random.below(20_000);
  const limits = new Map<Process, number>();
  return {
    happen(atSeconds) {
      replacing.second(atSeconds);
      for (const process of world.processes) {
        if (process.drainsSince !== Number.POSITIVE_INFINITY) continue;
        const limit = limits.get(process) ?? most + random.below(most / 10);
        limits.set(process, limit);
        if (process.requests >= limit) replacing.replace(process, atSeconds, false);
      }
    },
  };
}

function scaling(setting: Setting): Partial<Trace> {
  const { random, world } = setting;
  const replacing = new Replacing(setting);
  let next = exponential(random, 1200);
  return {
    happen(atSeconds) {
      replacing.second(atSeconds);
      if (atSeconds < next) return;
      next = atSeconds + 60 + exponential(random, 1800);
      const living = world.living().filter(({ drainsSince }) => drainsSince > atSeconds);
      const change = 1 + random.below(3);
      for (let i = 0; i < change; i++) {
        if (random.chance(0.5) && living.length + i < 16) world.begin(atSeconds);
        else if (living.length > 3) replacing.drain(living.pop()!, atSeconds, true);
      }
    },
  };
}

function clockJumps({ random }: Setting): Partial<Trace> {
  let next = exponential(random, 3600);
  let pausedUntil = 0;
  return {
    clockStep(atSeconds) {
      if (atSeconds < next) return 0;
      next = atSeconds + 600 + exponential(random, 2 * 3600);
      if (random.chance(0.5)) pausedUntil = atSeconds + 2 + random.below(300);
      return random.pick([-7200, -3600, -60, -3, 3, 40, 3600, 0]);
    },
    // Throttled: it runs now and then.
    isPaused: (atSeconds) => atSeconds < pausedUntil && !random.chance(0.1),
  };
}

/** By name, all for 24 hours. */
export const HEALTHY: Readonly<Record<string, Scenario>> = {
  'idle nights, and a weekend': (seed) =>
    dayOf(seed, { night: 0, burstsPerHour: 0.5, isWeekend: seed % 3 === 0 }, {}),
  'bursty traffic': (seed) => dayOf(seed, { burstsPerHour: 12, night: 0.1 }, {}),
  'prefills of a minute': (seed) =>
    dayOf(
      seed,
      {},
      {
        // A front end does other work meanwhile.
        web: { fixedLong: { share: 0.0005, seconds: 60 }, threads: 4 + (seed % 5) },
        engines: { prefillSeconds: 60, prefillsPerHour: 4, isChunked: seed % 4 !== 0 },
      },
    ),
  'rolling restarts': (seed) => dayOf(seed, {}, {}, rollingRestarts),
  'scale up and down': (seed) => dayOf(seed, {}, {}, scaling),
  'workers that are replaced after max_requests': (seed) => dayOf(seed, {}, {}, recycling),
  'clock jumps, and ticks that are late': (seed) => dayOf(seed, {}, {}, clockJumps),
};
