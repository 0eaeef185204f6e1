/**
 * Which process is stuck, silent or slower than its siblings, and which engine: ticks in, verdicts out. No clock is read here, and
 * no file: time comes with the ticks.
 *
 *   what is watched (when files or keys come or go) ─┐
 *   numbers of a tick (every second) ────────────────┼─▶ processes, by group ─▶ verdicts, and which of them changed
 *   facts of processes (every few seconds) ──────────┘   engines, by front end
 *
 * Nothing is judged before there is enough past. A tick that is late says that promfold itself did not run: what was seen before
 * it counts for nothing. So does a clock that was set.
 */
import { EngineWatch } from './engine-watch.js';
import { FrontWatch } from './front-watch.js';
import { GroupWatch } from './group-watch.js';
import { JUMP_SECONDS, LATE_INTERVALS, type Limits, limitsOf } from './limits.js';
import { ProcessWatch } from './process-watch.js';
import { BLOCK_SECONDS } from './rules/lost-traffic.js';
import { Observations } from './rules/slower.js';
import {
  type EngineStalled,
  VERDICTS,
  type Verdict,
  type VerdictChange,
  type VerdictName,
} from './verdict.js';
import type { ProcessFacts, Watched, WatchTick } from './watched.js';

/** Groups without members are forgotten after this time: all workers may have been replaced. */
const FORGET_SECONDS = 3_600;

export class Watchdog {
  readonly limits: Limits;
  /** By process id. */
  #processes = new Map<string, ProcessWatch>();
  /** By index in the columns. */
  #byIndex: readonly ProcessWatch[] = [];
  #groups = new Map<string, GroupWatch>();
  #emptySince = new Map<string, number>();
  /** By key. */
  #engines = new Map<string, EngineWatch>();
  #fronts = new Map<string, { readonly front: FrontWatch; engines: EngineWatch[] }>();
  #nowSeconds = Number.NaN;
  #wallSeconds = Number.NaN;
  #blockSeconds = 0;

  constructor(silenceSeconds: number) {
    this.limits = limitsOf(silenceSeconds);
  }

  /** What is watched from the next tick on. What stays keeps its past. */
  watch(watched: Watched, nowSeconds: number, wallSeconds: number): void {
    this.#watchProcesses(watched, nowSeconds, wallSeconds);
    this.#watchEngines(watched, nowSeconds, wallSeconds);
  }

  /** @param facts by process id; of others nothing is known */
  know(facts: ReadonlyMap<string, ProcessFacts>, nowSeconds: number, wallSeconds: number): void {
    for (const [processId, process] of this.#processes) {
      const known = facts.get(processId);
      const wasDead = process.isDead;
      if (known === undefined) continue;
      if (!process.know(known, nowSeconds)) {
        if (process.isDead && !wasDead) process.group.population.ended(nowSeconds);
        continue;
      }
      this.#replace(process, known, nowSeconds, wallSeconds);
    }
    for (const engine of this.#engines.values()) {
      const { process } = engine.watched;
      engine.isGone =
        process.length > 0 && process.every((index) => this.#byIndex[index]?.isDead === true);
    }
  }

  /** @returns verdicts that changed */
  tick(tick: WatchTick): VerdictChange[] {
    const { nowSeconds, wallSeconds, intervalSeconds } = tick;
    const passed = nowSeconds - this.#nowSeconds;
    const jumped = Math.abs(wallSeconds - this.#wallSeconds - passed);
    this.#nowSeconds = nowSeconds;
    this.#wallSeconds = wallSeconds;
    // The first one says only where it begins.
    const isFirst = Number.isNaN(passed);
    const isVoid = isFirst || passed > LATE_INTERVALS * intervalSeconds || jumped > JUMP_SECONDS;
    const spentSeconds = isVoid ? 0 : passed;
    if (isVoid) this.#void();
    this.#tickProcesses(tick, spentSeconds);
    this.#tickEngines(tick, spentSeconds, isFirst);
    return this.#decide(nowSeconds, wallSeconds);
  }

  /** Of all processes, by id as they came, and all engines. Those of processes that ended are left out, unless they tell something. */
  verdicts(): Verdict[] {
    const verdicts: Verdict[] = [];
    for (const engine of this.#engines.values()) {
      if (!engine.isGone) verdicts.push(engine.describe(this.limits));
    }
    for (const process of this.#processes.values()) {
      if (process.isDead && process.verdict !== 'unknown') continue;
      verdicts.push(process.describe(this.limits, this.#nowSeconds));
    }
    return verdicts;
  }

  /** Processes of each verdict that are not known to have ended. */
  countProcesses(): ReadonlyMap<VerdictName, number> {
    const counts = new Map<VerdictName, number>(VERDICTS.map((name) => [name, 0]));
    for (const { isDead, verdict } of this.#processes.values()) {
      if (!isDead) counts.set(verdict, counts.get(verdict)! + 1);
    }
    return counts;
  }

  /** Without engines of which it is not known. */
  enginesStalled(): EngineStalled[] {
    return [...this.#engines.values()]
      .filter(({ isGone, verdict }) => !isGone && verdict !== 'unknown')
      .map(({ engine, modelName, verdict }) => ({
        engine,
        modelName,
        isStalled: verdict === 'stalled',
      }));
  }

  /** Processes that have been still for so long that their state should be looked at, longest first. */
  suspects(): string[] {
    const since = this.limits.silentSeconds / 2;
    return [...this.#processes.values()]
      .filter(({ stillSeconds, moves, isDead }) => stillSeconds >= since && moves > 0 && !isDead)
      .sort((a, b) => b.stillSeconds - a.stillSeconds)
      .map(({ processId }) => processId);
  }

  #watchProcesses(
    { processes, latencies }: Watched,
    nowSeconds: number,
    wallSeconds: number,
  ): void {
    const before = this.#processes;
    const isFirst = this.#byIndex.length === 0;
    const members = new Map<string, ProcessWatch[]>();
    this.#processes = new Map();
    this.#byIndex = processes.map((watched, index) => {
      const known = before.get(watched.processId);
      const isKnown = known?.life === watched.life;
      const process = isKnown
        ? known
        : new ProcessWatch(watched, { nowSeconds, wallSeconds, isNew: !isFirst });
      if (!isKnown && known !== undefined) process.facts = known.facts;
      process.index = index;
      this.#processes.set(watched.processId, process);
      const group = entryOf(this.#groups, watched.group, () => new GroupWatch(nowSeconds));
      // Its role is known a little later than its files are.
      if (process.group !== group && process.isNew) group.population.began(process.seenSeconds);
      process.group = group;
      entryOf(members, watched.group, () => []).push(process);
      return process;
    });
    for (const [processId, process] of before) {
      if (this.#processes.get(processId) === process || process.isDead) continue;
      process.group.population.ended(nowSeconds);
    }
    for (const latency of latencies) {
      const process = this.#byIndex[latency.process]!;
      // Its rows are elsewhere, and what was read of them is the same.
      const known = process.latencies.get(latency.name);
      if (known === undefined) process.latencies.set(latency.name, new Observations(latency));
      else known.setRows(latency);
    }
    for (const [name, group] of this.#groups) {
      const own = members.get(name);
      group.setMembers(own ?? []);
      if (own !== undefined) this.#emptySince.delete(name);
      else if (nowSeconds - entryOf(this.#emptySince, name, () => nowSeconds) > FORGET_SECONDS) {
        this.#groups.delete(name);
        this.#emptySince.delete(name);
      }
    }
  }

  #watchEngines({ engines }: Watched, nowSeconds: number, wallSeconds: number): void {
    const before = this.#engines;
    const frontsBefore = this.#fronts;
    this.#engines = new Map();
    this.#fronts = new Map();
    for (const watched of engines) {
      const engine = before.get(watched.key) ?? new EngineWatch(watched, nowSeconds, wallSeconds);
      engine.setRows(watched, this.limits);
      const own = entryOf(this.#fronts, watched.front, () => {
        const front = frontsBefore.get(watched.front)?.front ?? new FrontWatch();
        front.setRows(watched.arrivals);
        return { front, engines: [] };
      });
      own.front.engines = own.engines.push(engine);
      engine.front = own.front;
      this.#engines.set(watched.key, engine);
    }
  }

  /** Another process goes on in the same files. */
  #replace(
    before: ProcessWatch,
    facts: ProcessFacts,
    nowSeconds: number,
    wallSeconds: number,
  ): void {
    const process = new ProcessWatch(before, { nowSeconds, wallSeconds, isNew: true });
    process.index = before.index;
    process.group = before.group;
    process.know(facts, nowSeconds);
    for (const [name, own] of before.latencies) {
      own.forget();
      process.latencies.set(name, own);
    }
    this.#processes.set(before.processId, process);
    this.#byIndex = this.#byIndex.map((each) => (each === before ? process : each));
    for (const group of this.#groups.values()) {
      if (!group.members.includes(before)) continue;
      group.setMembers(group.members.map((each) => (each === before ? process : each)));
      if (!before.isDead) group.population.ended(nowSeconds);
      group.population.began(nowSeconds);
    }
  }

  #void(): void {
    for (const group of this.#groups.values()) group.void();
    for (const engine of this.#engines.values()) engine.void();
    this.#blockSeconds = 0;
  }

  #tickProcesses(tick: WatchTick, spentSeconds: number): void {
    const { limits } = this;
    for (const back of tick.wentBack ?? []) {
      this.#byIndex[back.process]?.wentBack(back, tick.nowSeconds);
    }
    this.#blockSeconds += spentSeconds;
    const isBlock = this.#blockSeconds >= BLOCK_SECONDS;
    for (const group of this.#groups.values()) {
      group.tick(tick, spentSeconds, limits);
      if (!isBlock) continue;
      group.endBlock(tick, this.#blockSeconds, limits);
    }
    if (isBlock) this.#blockSeconds = 0;
  }

  #tickEngines(tick: WatchTick, spentSeconds: number, isFirst: boolean): void {
    for (const { front, engines } of this.#fronts.values()) {
      let moved = 0;
      let finished = 0;
      for (const engine of engines) {
        engine.read(tick, spentSeconds, this.limits);
        if (engine.hasMoved) moved++;
        finished += engine.finished;
      }
      front.read(tick, finished);
      if (isFirst) continue;
      const others = engines.length - 1;
      for (const engine of engines) {
        const share = others === 0 ? Number.NaN : (moved - Number(engine.hasMoved)) / others;
        engine.judge(tick, share, spentSeconds, this.limits);
      }
    }
  }

  #decide(nowSeconds: number, wallSeconds: number): VerdictChange[] {
    const changes: VerdictChange[] = [];
    for (const process of this.#byIndex) {
      const verdict = process.decide(this.limits, nowSeconds);
      const { verdict: before } = process;
      if (verdict === before) continue;
      process.verdict = verdict;
      process.sinceWallSeconds = wallSeconds;
      changes.push({ ...process.describe(this.limits, nowSeconds), before });
    }
    for (const engine of this.#engines.values()) {
      if (engine.isGone) continue;
      const verdict = engine.decide(this.limits, nowSeconds);
      const { verdict: before } = engine;
      if (verdict === before) continue;
      engine.verdict = verdict;
      engine.sinceWallSeconds = wallSeconds;
      changes.push({ ...engine.describe(this.limits), before });
    }
    return changes;
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
