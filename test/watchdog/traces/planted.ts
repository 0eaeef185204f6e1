/** What goes wrong: one thing at a time, in traffic of five requests a second and more for each worker. */
import { Random } from '../../support/random.js';
import { Load } from './load.js';
import { newSetting } from './scenarios.js';
import type { Trace } from './trace.js';

export interface Planted {
  readonly trace: Trace;
  /** When it happens. */
  readonly atSeconds: number;
  /** The process or engine that is wrong; known once it has happened. */
  readonly victim: Victim;
  readonly since: Since;
}

export interface Victim {
  processId?: string;
  engine?: string;
}

/** Of a victim that goes on. */
export interface Since {
  /** Answered before. */
  before: number;
  /** When it had answered a hundred more. */
  hundredAtSeconds: number;
}

const WARM_UP = 900;

function plant(
  seed: number,
  isWeb: boolean,
  happen: (setting: ReturnType<typeof newSetting>, wallSeconds: number) => Victim,
): Planted {
  const random = new Random(seed);
  const setting = newSetting(random, {
    isWeb,
    workers: 5 + random.below(4),
    // Several at once: a worker that has one, and that is long, is not expected to count each second.
    web: { threads: 4 + random.below(8) },
    engines: {
      prefersFirst: false,
      meanSeconds: 1 + random.next(),
      batch: 256,
      timeoutSeconds: 20,
    },
  });
  const workers = setting.world.processes.length;
  // Five a second for each worker, and more.
  const perSecond = workers * (5 + 5 * random.next());
  const atSeconds = WARM_UP + random.below(1200);
  const victim: Victim = {};
  const since: Since = { before: 0, hundredAtSeconds: Number.POSITIVE_INFINITY };
  return {
    atSeconds,
    victim,
    since,
    trace: {
      world: setting.world,
      model: setting.model,
      load: new Load(random, {
        perSecond: perSecond / 0.6,
        night: 1,
        burstsPerHour: 4,
      }),
      seconds: atSeconds + 400,
      happen(now: number, wallSeconds: number) {
        if (now < atSeconds) return;
        if (now === atSeconds) Object.assign(victim, happen(setting, wallSeconds));
        const { requests = 0 } =
          setting.world.processes.find(({ processId }) => processId === victim.processId) ?? {};
        if (now === atSeconds) since.before = requests;
        if (requests < since.before + 100) return;
        since.hundredAtSeconds = Math.min(now, since.hundredAtSeconds);
      },
    },
  };
}

function someProcess({ random, world }: ReturnType<typeof newSetting>) {
  return random.pick(world.living());
}

export const PLANTED: Readonly<Record<string, (seed: number) => Planted>> = {
  'an engine that is frozen while requests wait': (seed) =>
    plant(seed, false, ({ engines, random }, wallSeconds) => {
      const engine = random.below(engines!.engines.length);
      engines!.freeze(engine, 'waiting', wallSeconds);
      return { engine: String(engine) };
    }),
  'an engine that is frozen, and says that nothing runs, while requests arrive': (seed) =>
    plant(seed, false, ({ engines, random }, wallSeconds) => {
      const engine = random.below(engines!.engines.length);
      engines!.freeze(engine, 'nothing', wallSeconds);
      return { engine: String(engine) };
    }),
  'an API server that is frozen': (seed) =>
    plant(seed, seed % 2 === 0, (setting) => {
      const process = someProcess(setting);
      process.isFrozen = true;
      return { processId: process.processId };
    }),
  'a worker that is five times slower': (seed) =>
    plant(seed, true, (setting) => {
      const process = someProcess(setting);
      process.slowness = 5;
      return { processId: process.processId };
    }),
  'a worker that loses nine tenths of its traffic': (seed) =>
    plant(seed, seed % 2 === 0, (setting) => {
      const process = someProcess(setting);
      process.share = 0.1;
      return { processId: process.processId };
    }),
};
