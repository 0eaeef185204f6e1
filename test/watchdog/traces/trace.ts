/** Plays a trace to a watchdog, second by second, and notes what it says. */
import type { VerdictChange } from '../../../src/watchdog/verdict.js';
import { Watchdog } from '../../../src/watchdog/watchdog.js';
import { Random } from '../../support/random.js';
import type { Load } from './load.js';
import type { Model } from './model.js';
import type { World } from './world.js';

export interface Told extends VerdictChange {
  /** Of the trace. */
  readonly atSeconds: number;
}

export interface Trace {
  readonly world: World;
  readonly model: Model;
  readonly load: Load;
  readonly seconds: number;
  /** What happens to the processes, before each second. */
  happen?(atSeconds: number, wallSeconds: number): void;
  /** Seconds by which the clock is set, at this one. */
  clockStep?(atSeconds: number): number;
  /** Whether promfold does not run at this second. */
  isPaused?(atSeconds: number): boolean;
}

const FACTS_SECONDS = 3;
const WALL_SECONDS = 1_700_000_000;

export function play(trace: Trace, silenceSeconds = 30): Told[] {
  const { world, model, load } = trace;
  const jitter = new Random(world.random.seed ^ 0x5eed);
  const watchdog = new Watchdog(silenceSeconds);
  const told: Told[] = [];
  let step = 0;
  let facts = world.facts();
  let moved = new Float64Array(0);
  let observed = new Float64Array(0);
  for (let at = 0; at < trace.seconds; at++) {
    step += trace.clockStep?.(at) ?? 0;
    const wallSeconds = WALL_SECONDS + at + step;
    trace.happen?.(at, wallSeconds);
    model.second(at, load.next(at), wallSeconds);
    if (trace.isPaused?.(at) === true) continue;
    // A tick comes a little late, but for its time that is known.
    const late = 0.05 * jitter.next();
    if (world.isChanged) {
      world.isChanged = false;
      const watched = world.watched();
      watchdog.watch(watched, at + late, wallSeconds + late);
      moved = new Float64Array(watched.processes.length);
      observed = new Float64Array(watched.processes.length);
      watchdog.know(facts, at + late, wallSeconds + late);
    }
    if (at % FACTS_SECONDS === 0) {
      // As of the time before: a lookup takes a while.
      watchdog.know(facts, at + late, wallSeconds + late);
      facts = world.facts();
    }
    for (let i = 0; i < moved.length; i++) {
      const process = world.processes[i]!;
      moved[i] = process.moved;
      observed[i] = process.observed;
      process.moved = 0;
      process.observed = 0;
    }
    const changes = watchdog.tick({
      nowSeconds: at + late,
      wallSeconds: wallSeconds + late,
      intervalSeconds: 1,
      value: world.value,
      timestampSeconds: world.timestampSeconds,
      moved,
      observed,
    });
    for (const change of changes) told.push({ ...change, atSeconds: at });
  }
  return told;
}
