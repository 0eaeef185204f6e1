/**
 * Processes that write counts, as the watchdog sees them: rows of numbers, and who is alive. What they do is decided by a model
 * (web.ts, engines.ts); what happens to them by a scenario. Nothing here knows a rule.
 */

import type {
  ProcessFacts,
  Watched,
  WatchedEngine,
  WatchedLatency,
  WatchedProcess,
} from '../../../src/watchdog/watched.js';
import type { Random } from '../../support/random.js';

export const BOUNDS = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  Number.POSITIVE_INFINITY,
];

/** Processes that have rows, dead ones included: their files are removed when there are more. */
const PLACES = 40;

/** Rows of a process: two counts of requests, a histogram, and what it says of up to four engines. */
const OK = 0;
const FAILED = 1;
const BUCKET = 2;
const SUM = BUCKET + BOUNDS.length;
const ENGINE = SUM + 1;
export const OF_ENGINE = {
  generated: 0,
  prompted: 1,
  succeeded: 2,
  running: 3,
  waiting: 4,
  forRoom: 5,
  awake: 6,
  /** Prefills of up to STEP_BOUNDS seconds. */
  shortPrefill: 7,
  longPrefill: 8,
} as const;
const ENGINE_ROWS = 9;

/** As of vllm:request_prefill_time_seconds. */
const STEP_BOUNDS = [1, 60] as const;
export const MAX_ENGINES = 4;
const ROWS = ENGINE + MAX_ENGINES * ENGINE_ROWS;

export interface Process {
  readonly processId: string;
  readonly place: number;
  readonly startSeconds: number;
  /** Of the trace; from then on it takes no request. */
  drainsSince: number;
  diedAt: number;
  /** It does nothing, and does not end. */
  isFrozen: boolean;
  /** Times that its requests take longer. */
  slowness: number;
  /** Of the requests that it would get. */
  share: number;
  /** In this second. */
  moved: number;
  observed: number;
  requests: number;
}

export class World {
  readonly random: Random;
  readonly value = new Float64Array(PLACES * ROWS);
  readonly timestampSeconds = new Float64Array(PLACES * ROWS);
  /** Alive, or dead and with files. */
  processes: Process[] = [];
  /** Processes or rows came or went since the last time. */
  isChanged = true;
  readonly engines: number;
  readonly #free = Array.from({ length: PLACES }, (_, i) => PLACES - 1 - i);
  #born = 0;

  constructor(random: Random, engines: number) {
    this.random = random;
    this.engines = engines;
  }

  living(): Process[] {
    return this.processes.filter(({ diedAt }) => diedAt === Number.POSITIVE_INFINITY);
  }

  begin(atSeconds: number): Process {
    if (this.#free.length === 0) this.#removeOldest();
    const place = this.#free.pop()!;
    const from = place * ROWS;
    this.value.fill(0, from, from + ROWS);
    this.timestampSeconds.fill(0, from, from + ROWS);
    const process: Process = {
      processId: String(1000 + this.#born++),
      place,
      startSeconds: atSeconds,
      drainsSince: Number.POSITIVE_INFINITY,
      diedAt: Number.POSITIVE_INFINITY,
      isFrozen: false,
      slowness: 1,
      share: 1,
      moved: 0,
      observed: 0,
      requests: 0,
    };
    this.processes.push(process);
    this.isChanged = true;
    return process;
  }

  end(process: Process, atSeconds: number): void {
    process.diedAt = atSeconds;
    this.isChanged = true;
  }

  /** A request has ended. */
  answer(process: Process, seconds: number, isOk = true): void {
    const from = process.place * ROWS;
    this.value[from + (isOk ? OK : FAILED)]! += 1;
    let bucket = 0;
    while (BOUNDS[bucket]! < seconds) bucket++;
    this.value[from + BUCKET + bucket]! += 1;
    this.value[from + SUM]! += seconds;
    process.moved += 3;
    process.observed++;
    process.requests++;
  }

  count(process: Process, engine: number, row: number, amount: number): void {
    if (amount === 0) return;
    this.value[process.place * ROWS + ENGINE + engine * ENGINE_ROWS + row]! += amount;
    process.moved++;
  }

  set(process: Process, engine: number, row: number, to: number, wallSeconds: number): void {
    const at = process.place * ROWS + ENGINE + engine * ENGINE_ROWS + row;
    this.value[at] = to;
    this.timestampSeconds[at] = wallSeconds;
  }

  watched(): Watched {
    return {
      processes: this.processes.map(
        ({ processId, place }): WatchedProcess => ({
          processId,
          life: `${place}:${processId}`,
          group: 'gunicorn: worker#0',
        }),
      ),
      latencies: this.processes.map(
        ({ place }, process): WatchedLatency => ({
          process,
          name: 'request_seconds',
          bucket: Uint32Array.from(BOUNDS, (_, i) => place * ROWS + BUCKET + i),
          sum: place * ROWS + SUM,
        }),
      ),
      engines: Array.from({ length: this.engines }, (_, engine) => this.#watchedEngine(engine)),
    };
  }

  #watchedEngine(engine: number): WatchedEngine {
    const rows = (...names: (keyof typeof OF_ENGINE)[]) =>
      Uint32Array.from(
        names.flatMap((name) =>
          this.processes.map(
            ({ place }) => place * ROWS + ENGINE + engine * ENGINE_ROWS + OF_ENGINE[name],
          ),
        ),
      );
    return {
      key: `vllm${engine}`,
      engine: String(engine),
      modelName: 'model',
      front: 'vllm',
      process: Uint32Array.from(this.processes.keys()),
      progress: rows('generated', 'prompted', 'succeeded'),
      finished: rows('succeeded'),
      running: rows('running'),
      waiting: rows('waiting'),
      waitingForRoom: rows('forRoom'),
      awake: rows('awake'),
      paused: new Uint32Array(0),
      step: rows('shortPrefill', 'longPrefill'),
      stepBound: Float64Array.from(STEP_BOUNDS.flatMap((bound) => this.processes.map(() => bound))),
      arrivals: Uint32Array.from(
        this.processes.flatMap(({ place }) => [place * ROWS + OK, place * ROWS + FAILED]),
      ),
    };
  }

  facts(): Map<string, ProcessFacts> {
    return new Map(
      this.processes.map(({ processId, startSeconds, diedAt }) => [
        processId,
        {
          liveness: diedAt === Number.POSITIVE_INFINITY ? 'alive' : 'dead',
          startSeconds,
        } satisfies ProcessFacts,
      ]),
    );
  }

  #removeOldest(): void {
    const oldest = this.processes
      .filter(({ diedAt }) => diedAt !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.diedAt - b.diedAt)
      .slice(0, PLACES / 4);
    this.processes = this.processes.filter((process) => !oldest.includes(process));
    for (const { place } of oldest) this.#free.push(place);
  }
}
