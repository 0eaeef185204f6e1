/**
 * What is known of one engine, from the files of all processes: front ends take turns in writing its gauges, and each counts the
 * tokens of its own requests. It stands still when none of its counts moves anywhere, and that is wrong only where work is to be
 * done: requests wait for it, or arrive and are not finished by any engine.
 */
import type { FrontWatch } from './front-watch.js';
import { type Limits, MIN_MOVES } from './limits.js';
import { Longest } from './longest.js';
import { ArrivalsSince } from './rules/arrivals.js';
import { OwnShare } from './rules/improbable-silence.js';
import { LatestGauge } from './rules/latest-gauge.js';
import { longestStep } from './rules/longest-step.js';
import type { Verdict, VerdictName } from './verdict.js';
import type { WatchedEngine, WatchTick } from './watched.js';
import { seconds, short } from './words.js';

/** A standstill of this many times the longest that ended is something else. */
const TIMES_USUAL = 1.5;
const TIMES_USUAL_FOR_STALLED = 2;

/** Of the longest step that is known: its end has to be seen, too. */
const TIMES_STEP = 1.25;

/** Where gauges are still set, steps are made: nothing comes of them, which takes so many times longer to be sure of. */
const TIMES_WHILE_SET = 4;

/** Of ticks in which other engines work. */
const MIN_RATIO = 0.5;

export class EngineWatch {
  readonly key: string;
  front!: FrontWatch;
  /** How often it works while other engines of its front ends do. */
  readonly share = new OwnShare();
  /** It counted something in this tick. */
  hasMoved = false;
  /** In this tick. */
  finished = 0;
  verdict: VerdictName = 'idle';
  sinceWallSeconds: number;
  /** None of the processes that have rows of it is alive. */
  isGone = false;
  readonly #waiting = new LatestGauge();
  readonly #waitingForRoom = new LatestGauge();
  readonly #running = new LatestGauge();
  readonly #awake = new LatestGauge();
  readonly #arrivals = new ArrivalsSince();
  readonly #longest: Longest;
  #watched!: WatchedEngine;
  #progress = Number.NaN;
  #finishedTotal = Number.NaN;
  #moves = 0;
  readonly #seenSeconds: number;
  #lastWallSeconds: number;
  #stillSeconds = 0;
  /** Since its gauges were last set. */
  #unsetSeconds = 0;
  /** Since requests wait, or arrive. */
  #wantedSeconds = 0;
  /** Seconds that are left in which nothing is judged. */
  #graceSeconds = 0;
  #paused = 0;
  #stepSeconds = 0;

  constructor(watched: WatchedEngine, nowSeconds: number, wallSeconds: number) {
    this.key = watched.key;
    this.#seenSeconds = nowSeconds;
    this.#lastWallSeconds = wallSeconds;
    this.sinceWallSeconds = wallSeconds;
    this.#longest = new Longest(nowSeconds);
  }

  get engine(): string {
    return this.#watched.engine;
  }

  get modelName(): string | undefined {
    return this.#watched.modelName;
  }

  get watched(): WatchedEngine {
    return this.#watched;
  }

  /** Rows changed: what came with them may take a while to begin, as an adapter does. */
  setRows(watched: WatchedEngine, limits: Limits): void {
    const before = this.#watched as WatchedEngine | undefined;
    this.#watched = watched;
    this.#waiting.setRows(watched.waiting);
    this.#waitingForRoom.setRows(watched.waitingForRoom);
    this.#running.setRows(watched.running);
    this.#awake.setRows(watched.awake);
    // The sums are of other rows.
    this.#progress = Number.NaN;
    this.#finishedTotal = Number.NaN;
    const isLarger = before !== undefined && watched.progress.length > before.progress.length;
    if (isLarger) this.#graceSeconds = limits.stalledSeconds;
  }

  /** What moved; before `judge`, and after the same of all other engines. */
  read(tick: WatchTick, spentSeconds: number, limits: Limits): void {
    const { value, timestampSeconds } = tick;
    const progress = sumOf(this.#watched.progress, value);
    this.hasMoved = progress > this.#progress;
    const isFirst = Number.isNaN(this.#progress);
    this.#progress = progress;
    const finished = sumOf(this.#watched.finished, value);
    this.finished = Math.max(0, finished - this.#finishedTotal) || 0;
    this.#finishedTotal = finished;
    const isSet =
      Number(this.#waiting.read(value, timestampSeconds)) +
      Number(this.#waitingForRoom.read(value, timestampSeconds)) +
      Number(this.#running.read(value, timestampSeconds));
    const slept = this.#isAsleep;
    this.#awake.read(value, timestampSeconds);
    if (slept && !this.#isAsleep) this.#graceSeconds = limits.stalledSeconds;
    this.#paused = sumOf(this.#watched.paused, value);
    this.#unsetSeconds = isSet > 0 ? 0 : this.#unsetSeconds + spentSeconds;
    this.#graceSeconds = Math.max(0, this.#graceSeconds - spentSeconds);
    if (this.hasMoved || isFirst) return;
    this.#stillSeconds += spentSeconds;
  }

  /** @param share of the other engines of its front ends that moved; NaN where there are none */
  judge(tick: WatchTick, share: number, spentSeconds: number, limits: Limits): void {
    const { value, nowSeconds, wallSeconds } = tick;
    if (!Number.isNaN(share)) {
      const learns = this.#stillSeconds < limits.silentSeconds / 2;
      this.share.tick(this.hasMoved, share, spentSeconds, learns);
    }
    if (this.hasMoved) {
      this.#moves++;
      if (this.verdict !== 'stalled' && this.#wantedSeconds > 0) {
        this.#longest.note(Math.min(this.#stillSeconds, this.#wantedSeconds), nowSeconds);
      }
      this.#stillSeconds = 0;
      this.#wantedSeconds = 0;
      this.#lastWallSeconds = wallSeconds;
      this.#arrivals.restart();
      this.share.restart();
      return;
    }
    this.#arrivals.tick(this.front, spentSeconds);
    const hasArrivals = this.#hasUnservedArrivals(limits);
    const isWanted = this.#isWaitedFor || hasArrivals;
    this.#wantedSeconds = isWanted ? this.#wantedSeconds + spentSeconds : 0;
    if (hasArrivals) {
      this.#wantedSeconds = Math.max(this.#wantedSeconds, this.#arrivals.seconds);
    }
    if (this.#stillSeconds >= limits.silentSeconds) {
      this.#stepSeconds = longestStep(this.#watched, value);
    }
  }

  void(): void {
    if (this.verdict === 'silent' || this.verdict === 'stalled') return;
    this.#stillSeconds = 0;
    this.#wantedSeconds = 0;
    this.#unsetSeconds = 0;
    this.#arrivals.restart();
  }

  decide(limits: Limits, nowSeconds: number): VerdictName {
    const { silentSeconds, stalledSeconds } = limits;
    if (this.#isAsleep || this.#paused > 0) return 'idle';
    if (this.#stillSeconds < silentSeconds) return this.#moves > 0 ? 'ok' : 'idle';
    if (this.#graceSeconds > 0) return 'unknown';
    const standing = this.#standingSeconds(limits);
    const usual = this.#longest.value;
    const step = Math.min(TIMES_STEP * this.#stepSeconds, stalledSeconds);
    if (standing < Math.max(silentSeconds, step, TIMES_USUAL * usual)) {
      // Requests wait, but not for long yet: what was said before holds.
      return this.#isWaitedFor || this.#areArriving ? this.#held() : this.#decideIdle();
    }
    if (this.#moves < MIN_MOVES || nowSeconds - this.#seenSeconds < limits.pastSeconds) {
      return 'unknown';
    }
    if (standing >= Math.max(stalledSeconds, TIMES_USUAL_FOR_STALLED * usual)) return 'stalled';
    return 'silent';
  }

  get #areArriving(): boolean {
    return this.#arrivals.unserved > 0 && !this.#arrivals.areOver;
  }

  #held(): VerdictName {
    return this.verdict === 'stalled' || this.verdict === 'silent' ? this.verdict : 'ok';
  }

  /** Nothing waits that is known to. */
  #decideIdle(): VerdictName {
    const isStale = this.#running.value > 0 || this.#waiting.value > 0;
    return isStale ? 'unknown' : 'idle';
  }

  #standingSeconds(limits: Limits): number {
    const standing = Math.min(this.#stillSeconds, this.#wantedSeconds);
    return this.#unsetSeconds < limits.silentSeconds / 2 ? standing / TIMES_WHILE_SET : standing;
  }

  get #isAsleep(): boolean {
    return this.#awake.hasValue && this.#awake.value === 0;
  }

  /**
   * Requests waited when it last said so, and have not ended since. Where as many have ended as there were, all of them may have
   * been aborted, after which an engine does not set its gauges.
   */
  get #isWaitedFor(): boolean {
    const { value: waiting } = this.#waiting;
    if (!(waiting > 0)) return false;
    if (this.#waitingForRoom.hasValue && this.#waitingForRoom.value === 0) return false;
    return !this.#mayBeAborted;
  }

  get #mayBeAborted(): boolean {
    const inFlight = this.#waiting.value + Math.max(0, this.#running.value || 0);
    return this.#arrivals.unserved >= inFlight && this.#arrivals.areOver;
  }

  #hasUnservedArrivals({ silentSeconds }: Limits): boolean {
    const { engines } = this.front;
    // Where a balancer prefers other engines, that this one does nothing means nothing.
    if (engines > 1 && this.share.ratio < MIN_RATIO) return false;
    return this.#arrivals.areUnserved(engines, silentSeconds);
  }

  describe(limits: Limits): Verdict {
    const { engine, modelName, verdict } = this;
    const isStill = verdict === 'silent' || verdict === 'stalled' || verdict === 'idle';
    return {
      engine,
      ...(modelName !== undefined && { modelName }),
      verdict,
      sinceSeconds: isStill && this.#moves > 0 ? this.#lastWallSeconds : this.sinceWallSeconds,
      evidence: this.#evidence(limits),
    };
  }

  #evidence(limits: Limits): string[] {
    const still = seconds(this.#stillSeconds);
    const waiting = this.#waiting.value;
    const running = this.#running.value;
    switch (this.verdict) {
      case 'ok':
      case 'slow':
        return [];
      case 'idle':
        if (this.#isAsleep) return ['it sleeps: its weights are not loaded'];
        if (this.#paused > 0)
          return [`${short(this.#paused)} requests are paused, as for new weights`];
        return [`no token and no request in ${still}, and none is known to wait`];
      case 'unknown':
        return this.#unknownEvidence(limits, still);
      case 'silent':
      case 'stalled': {
        const evidence = [`no token and no request was counted for ${still}, in any process`];
        if (this.#isWaitedFor) evidence.push(`${short(waiting)} requests wait for it`);
        const unserved = this.#arrivals.unserved;
        if (unserved > 0) {
          evidence.push(
            `${short(unserved)} requests came to its front ends since, and no engine finished them`,
          );
        }
        if (running === 0) evidence.push('it says that none is running');
        evidence.push(
          this.#unsetSeconds < limits.silentSeconds / 2
            ? 'its gauges are still set'
            : `its gauges were not set for ${seconds(this.#unsetSeconds)}`,
        );
        return evidence;
      }
    }
  }

  #unknownEvidence(limits: Limits, still: string): string[] {
    if (this.#graceSeconds > 0) {
      return [
        `no token for ${still}, but it just woke up, or has new series: that may take a while`,
      ];
    }
    const waiting = this.#waiting.value;
    if (this.#standingSeconds(limits) >= limits.silentSeconds) {
      return [`no token for ${still}, but it has not been watched for long enough`];
    }
    if (waiting > 0 && this.#waitingForRoom.value === 0) {
      return [`${short(waiting)} requests wait, but not for room: for a cache, or an adapter`];
    }
    return [
      `its gauges say that ${short(this.#running.value || 0)} run and ${short(waiting || 0)} wait, but were not set for ${seconds(this.#unsetSeconds)}: stale, as after all requests were aborted`,
    ];
  }
}

function sumOf(rows: Uint32Array, value: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += value[rows[i]!]!;
  return sum;
}
