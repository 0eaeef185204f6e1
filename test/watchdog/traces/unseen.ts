/**
 * Traces that no number of the rules was chosen by: written afterwards, and only ever looked at as a whole. Nothing is wrong in them,
 * either.
 */
import { Random } from '../../support/random.js';
import { exponential, pareto } from './chance.js';
import { Load } from './load.js';
import { DAY, newSetting, Replacing } from './scenarios.js';
import type { Trace } from './trace.js';
import type { Process } from './world.js';

type Scenario = (seed: number) => Trace;

/** A few clients keep their connections, each to one worker, and send in bursts; connections move now and then. */
const fewClients: Scenario = (seed) => {
  const random = new Random(seed);
  const { world, model } = newSetting(random, { isWeb: true, workers: 6, web: { threads: 8 } });
  const clients = Array.from({ length: 12 }, () => ({
    process: random.pick(world.processes),
    movesAt: exponential(random, 600),
    perSecond: 0.2 + 3 * random.next(),
    sendsUntil: 0,
    restsUntil: 0,
  }));
  return {
    world,
    model,
    load: new Load(random, { perSecond: 0.5, night: 1, burstsPerHour: 0 }),
    seconds: DAY / 2,
    happen(atSeconds) {
      for (const client of clients) {
        if (atSeconds >= client.movesAt) {
          client.process = random.pick(world.living());
          client.movesAt = atSeconds + exponential(random, 600);
        }
        if (atSeconds >= client.restsUntil) {
          client.sendsUntil = atSeconds + pareto(random, 2, 1.2, 300);
          client.restsUntil = client.sendsUntil + exponential(random, 20);
        }
        if (atSeconds >= client.sendsUntil) continue;
        const sent = client.perSecond * 2 * random.next();
        for (let i = 0; i < sent; i++) world.answer(client.process, 0.02 + 0.05 * random.next());
      }
    },
  };
};

/** Once an hour, half of the workers do a batch for some minutes, and answer less meanwhile. */
const batches: Scenario = (seed) => {
  const random = new Random(seed);
  const { world, model } = newSetting(random, { isWeb: true, workers: 8, web: { threads: 4 } });
  let busy: readonly Process[] = [];
  return {
    world,
    model,
    load: new Load(random, { perSecond: 20, night: 0.4, burstsPerHour: 4 }),
    seconds: DAY / 2,
    happen(atSeconds) {
      if (atSeconds % 3600 === 1800) {
        busy = world.living().filter(() => random.chance(0.5));
        for (const process of busy) process.share = 0.3;
      }
      if (atSeconds % 3600 === 2400) for (const process of busy) process.share = 1;
    },
  };
};

/** Latencies with two modes, such as hits and misses of a cache, and rare ones of many seconds. */
const twoModes: Scenario = (seed) => {
  const random = new Random(seed);
  const { world, model } = newSetting(random, {
    isWeb: true,
    workers: 5,
    web: { threads: 16, medianSeconds: 0.005, longShare: 0.3, longestSeconds: 5 },
  });
  return {
    world,
    model,
    load: new Load(random, { perSecond: 12, night: 0.3, burstsPerHour: 6 }),
    seconds: DAY / 2,
  };
};

/** All engines sleep in turn, and wake up slowly. */
const sleepers: Scenario = (seed) => {
  const random = new Random(seed);
  const setting = newSetting(random, { isWeb: false, engineCount: 3, workers: 4 });
  const { world, engines } = setting;
  return {
    world,
    model: setting.model,
    load: new Load(random, { perSecond: 3, night: 0.5, burstsPerHour: 2 }),
    seconds: DAY / 2,
    happen(atSeconds) {
      if (atSeconds % 1800 !== 900) return;
      const engine = engines!.engines[Math.floor(atSeconds / 1800) % 3]!;
      engine.isAsleep = !engine.isAsleep;
    },
  };
};

/** Everything is aborted now and then: gauges keep their last values, and no step follows. */
const massAborts: Scenario = (seed) => {
  const random = new Random(seed);
  const setting = newSetting(random, {
    isWeb: false,
    engineCount: 1 + random.below(2),
    workers: 4,
    engines: { batch: 8 },
  });
  let quietUntil = 0;
  const load = new Load(random, { perSecond: 4, night: 0.5, burstsPerHour: 20 });
  return {
    world: setting.world,
    model: setting.model,
    load: { next: (at: number) => (at < quietUntil ? 0 : load.next(at)) } as Load,
    seconds: DAY / 2,
    happen(atSeconds) {
      if (!random.chance(1 / 3600)) return;
      for (const index of setting.engines!.engines.keys()) setting.engines!.abortAll(index);
      quietUntil = atSeconds + 60 + random.below(1200);
    },
  };
};

/** A restart of everything at once, again and again: a crash loop, with minutes of start-up. */
const crashLoop: Scenario = (seed) => {
  const random = new Random(seed);
  const setting = newSetting(random, { isWeb: seed % 2 === 1, workers: 6 });
  const replacing = new Replacing(setting);
  let next = 900 + exponential(random, 900);
  return {
    world: setting.world,
    model: setting.model,
    load: new Load(random, { perSecond: 15, night: 0.5, burstsPerHour: 3 }),
    seconds: DAY / 2,
    happen(atSeconds) {
      replacing.second(atSeconds);
      if (atSeconds < next) return;
      next = atSeconds + 120 + exponential(random, 1800);
      for (const process of setting.world.living()) replacing.drain(process, atSeconds, false, 0);
    },
  };
};

export const UNSEEN: Readonly<Record<string, Scenario>> = {
  'a few clients that keep their connections': fewClients,
  'batches in half of the workers': batches,
  'latencies with two modes': twoModes,
  'engines that sleep and wake up': sleepers,
  'requests that are all aborted': massAborts,
  'a crash loop': crashLoop,
};
