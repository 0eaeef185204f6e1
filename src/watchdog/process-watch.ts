/**
 * What is known of one process that writes: when it moved, how often in relation to its siblings, and what follows. The rules decide
 * one thing each (rules/); here is in which order they are asked, and what is said.
 */
import { type Limits, MIN_GROUP_MOVES, MIN_MOVES, MIN_RATE, MIN_TICK_RATE } from './limits.js';
import { OwnShare, type UsualSilences } from './rules/improbable-silence.js';
import { Traffic } from './rules/lost-traffic.js';
import type { Population } from './rules/shutting-down.js';
import { type Observations, TIMES_SLOWER } from './rules/slower.js';
import type { Verdict, VerdictName } from './verdict.js';
import type { ProcessFacts, WatchedProcess, WentBack } from './watched.js';
import { odds, seconds, short } from './words.js';

/** How long a count that went back is remembered. */
const WENT_BACK_SECONDS = 600;

/** A boot time is known to the second. */
const SAME_START_SECONDS = 2;

/** Blocks of traffic over which the rate is averaged. */
const RATE_WEIGHT = 1 / 30;

/** What a process needs to know of its group. */
export interface Siblings {
  readonly silences: UsualSilences;
  readonly population: Population;
  readonly seenSeconds: number;
  /** Ticks in which a process counted something, of all processes. */
  readonly moves: number;
  /** How long none of them counted anything. */
  readonly stillSeconds: number;
  /** Siblings of a process that counted something within the last seconds, of all that work. */
  activity(of: ProcessWatch): { readonly active: number; readonly others: number };
}

/** When a process was seen first. */
export interface Appearance {
  readonly nowSeconds: number;
  readonly wallSeconds: number;
  readonly isNew: boolean;
}

const NO_FACTS: ProcessFacts = { liveness: 'unknown', startSeconds: undefined };

export class ProcessWatch {
  readonly processId: string;
  readonly life: string;
  readonly share = new OwnShare();
  readonly traffic = new Traffic();
  /** Histograms in which it is compared, by name. */
  readonly latencies = new Map<string, Observations>();
  group!: Siblings;
  /** It began while others were watched. */
  readonly isNew: boolean;
  /** Index in the columns of a tick. */
  index = 0;
  facts = NO_FACTS;
  /** Ticks in which it counted something. */
  moves = 0;
  seenSeconds: number;
  lastSeconds: number;
  lastWallSeconds: number;
  /** How long it has been still, by ticks that were in time. */
  stillSeconds = 0;
  verdict: VerdictName = 'idle';
  sinceWallSeconds: number;
  #rate = 0;
  #blocks = 0;
  /** It has a histogram or a summary, and not only counters. */
  #observes = false;
  #stoppedSinceSeconds = Number.POSITIVE_INFINITY;
  /** CPU time when it was first looked at in this silence. */
  #cpu: { readonly seconds: number; readonly atSeconds: number; usedSeconds: number } | undefined;
  #wentBack: (WentBack & { readonly atSeconds: number }) | undefined;

  constructor(
    { processId, life }: Pick<WatchedProcess, 'processId' | 'life'>,
    { nowSeconds, wallSeconds, isNew }: Appearance,
  ) {
    this.isNew = isNew;
    this.processId = processId;
    this.life = life;
    this.seenSeconds = nowSeconds;
    this.lastSeconds = nowSeconds;
    this.lastWallSeconds = wallSeconds;
    this.sinceWallSeconds = wallSeconds;
  }

  get isDead(): boolean {
    return this.facts.liveness === 'dead';
  }

  /** It has done enough to be compared with others. A parent that holds only zeros never has. */
  get isWorking(): boolean {
    return this.moves >= MIN_MOVES && !this.isDead;
  }

  /** @returns whether it is another process than before, in the same files */
  know(facts: ProcessFacts, nowSeconds: number): boolean {
    const { startSeconds: before } = this.facts;
    const { startSeconds = before, state, cpuSeconds } = facts;
    this.facts = { ...facts, startSeconds };
    if (state === 'T' || state === 't') {
      if (this.#stoppedSinceSeconds === Number.POSITIVE_INFINITY) {
        // It cannot have counted since, so it may have been stopped for longer.
        this.#stoppedSinceSeconds = Math.min(nowSeconds, this.lastSeconds);
      }
    } else {
      this.#stoppedSinceSeconds = Number.POSITIVE_INFINITY;
    }
    if (cpuSeconds !== undefined) {
      this.#cpu ??= { seconds: cpuSeconds, atSeconds: nowSeconds, usedSeconds: 0 };
      this.#cpu.usedSeconds = cpuSeconds - this.#cpu.seconds;
    }
    const isOther =
      before !== undefined &&
      startSeconds !== undefined &&
      Math.abs(before - startSeconds) > SAME_START_SECONDS;
    return isOther;
  }

  wentBack(how: WentBack, nowSeconds: number): void {
    this.#wentBack = { ...how, atSeconds: nowSeconds };
  }

  /** It counted something. */
  moved(observed: number, nowSeconds: number, wallSeconds: number): void {
    this.moves++;
    this.#observes ||= observed > 0;
    // Where it observes nothing, ticks in which it counted are compared.
    this.traffic.events += this.#observes ? observed : 1;
    this.lastSeconds = nowSeconds;
    this.lastWallSeconds = wallSeconds;
    this.stillSeconds = 0;
    this.share.restart();
    this.#stoppedSinceSeconds = Number.POSITIVE_INFINITY;
    this.#cpu = undefined;
  }

  /** What was missed tells nothing; what was certain before stays so. */
  void(): void {
    if (this.verdict === 'silent' || this.verdict === 'stalled') return;
    this.stillSeconds = 0;
    this.share.restart();
    this.traffic.forget();
    for (const own of this.latencies.values()) own.forget();
  }

  endBlock(blockSeconds: number): void {
    if (this.stillSeconds < blockSeconds || this.traffic.events > 0) {
      // At first the mean of all, so that it is soon near.
      this.#blocks++;
      const weight = Math.max(RATE_WEIGHT, 1 / this.#blocks);
      this.#rate += (this.traffic.events / blockSeconds - this.#rate) * weight;
    }
    this.traffic.endBlock();
  }

  hasPast(limits: Limits, nowSeconds: number): boolean {
    return (
      this.moves >= MIN_MOVES &&
      this.group.moves >= MIN_GROUP_MOVES &&
      nowSeconds - this.seenSeconds >= limits.pastSeconds &&
      nowSeconds - this.group.seenSeconds >= limits.pastSeconds
    );
  }

  decide(limits: Limits, nowSeconds: number): VerdictName {
    if (this.isDead) return this.#holdsGauges ? 'unknown' : 'idle';
    const { silentSeconds, stalledSeconds, holdSeconds } = limits;
    if (this.moves > 0 && this.#stoppedSinceSeconds !== Number.POSITIVE_INFINITY) {
      const stopped = nowSeconds - this.#stoppedSinceSeconds;
      if (stopped >= stalledSeconds + holdSeconds) return 'stalled';
      if (stopped >= silentSeconds + holdSeconds) return 'silent';
    }
    if (this.stillSeconds < silentSeconds) return this.#decideMoving(limits, nowSeconds);
    const { logOdds, missedSeconds } = this.share;
    const { silences } = this.group;
    if (!silences.isImprobable(logOdds)) return 'idle';
    if (!this.#isMissed(limits)) return 'idle';
    if (missedSeconds < silentSeconds + holdSeconds) return this.verdict;
    if (this.facts.liveness !== 'alive' || !this.hasPast(limits, nowSeconds)) return 'unknown';
    if (this.mayEnd(limits, nowSeconds)) return 'unknown';
    return missedSeconds >= stalledSeconds + holdSeconds && silences.isHopeless(logOdds)
      ? 'stalled'
      : 'silent';
  }

  /** Enough was expected of it by now. */
  #isMissed({ expectedEvents, expectedTicks }: Limits): boolean {
    const [rate, expected] = this.#observes
      ? [MIN_RATE, expectedEvents]
      : [MIN_TICK_RATE, expectedTicks];
    return this.#rate >= rate && this.#rate * this.share.missedSeconds >= expected;
  }

  #decideMoving(limits: Limits, nowSeconds: number): VerdictName {
    if (this.moves === 0) return 'idle';
    if (this.#wentBack !== undefined) {
      if (nowSeconds - this.#wentBack.atSeconds < WENT_BACK_SECONDS) return 'unknown';
      this.#wentBack = undefined;
    }
    if (this.#isSlow && !this.mayEnd(limits, nowSeconds)) return 'slow';
    return 'ok';
  }

  /** It may be shutting down. */
  mayEnd(limits: Limits, nowSeconds: number): boolean {
    return this.group.population.mayReplace(this.lastSeconds, nowSeconds, limits);
  }

  get #holdsGauges(): boolean {
    return (this.facts.heldGauges ?? 0) > 0;
  }

  get #isSlow(): boolean {
    if (this.facts.liveness !== 'alive') return false;
    if (this.traffic.isLost) return true;
    for (const { isSlow } of this.latencies.values()) if (isSlow) return true;
    return false;
  }

  describe(limits: Limits, nowSeconds: number): Verdict {
    const { processId, verdict } = this;
    const isStill = verdict === 'silent' || verdict === 'stalled' || verdict === 'idle';
    const hasLast = isStill && this.moves > 0;
    return {
      processId,
      verdict,
      sinceSeconds: hasLast ? this.lastWallSeconds : this.sinceWallSeconds,
      evidence: this.#evidence(limits, nowSeconds),
    };
  }

  #evidence(limits: Limits, nowSeconds: number): string[] {
    const still = seconds(nowSeconds - this.lastSeconds);
    switch (this.verdict) {
      case 'ok':
        return [];
      case 'slow':
        return this.#slowEvidence();
      case 'idle':
        if (this.isDead) return ['it has ended'];
        if (this.moves === 0) return ['it has counted nothing since it is watched'];
        if (this.group.stillSeconds >= limits.silentSeconds) {
          return [`it has counted nothing for ${still}, and neither has any other of its kind`];
        }
        return [`it has counted nothing for ${still}, which is not unusual here`];
      case 'silent':
      case 'stalled':
        return this.#stillEvidence(still, nowSeconds);
      case 'unknown':
        return this.#unknownEvidence(limits, still, nowSeconds);
    }
  }

  #stillEvidence(still: string, nowSeconds: number): string[] {
    const evidence = [this.#silenceText(still, nowSeconds)];
    if (this.#stoppedSinceSeconds !== Number.POSITIVE_INFINITY) {
      evidence.push('it is stopped: state T in /proc, as after SIGSTOP or in a debugger');
    } else if (this.#cpu !== undefined && nowSeconds > this.#cpu.atSeconds) {
      const over = seconds(nowSeconds - this.#cpu.atSeconds);
      evidence.push(`it used ${short(this.#cpu.usedSeconds)} s of CPU time in the last ${over}`);
    }
    return evidence;
  }

  #silenceText(still: string, nowSeconds: number): string {
    const { logOdds } = this.share;
    const parts = [`it has counted nothing for ${still}`];
    const expected = this.#rate * (nowSeconds - this.lastSeconds);
    if (expected >= 1) {
      parts.push(`${short(expected)} were expected at its ${short(this.#rate)} a second`);
    }
    const { active, others } = this.group.activity(this);
    if (others > 0) parts.push(`${active} of its ${others} siblings go on`);
    if (logOdds >= 1) parts.push(`the odds of that are ${odds(logOdds)}`);
    return parts.join('; ');
  }

  #slowEvidence(): string[] {
    const evidence: string[] = [];
    for (const [name, own] of this.latencies) {
      if (!own.isSlow) continue;
      evidence.push(
        `${name}: a mean of ${short(own.mean)} over its last ${own.count} observations, more than ${TIMES_SLOWER} times the ${short(own.siblings)} of its siblings`,
      );
    }
    const { isLost, sum, expected } = this.traffic;
    if (isLost) {
      evidence.push(
        `it counted ${short(sum)} in the last minute, where ${short(expected)} were expected from its past and its siblings`,
      );
    }
    return evidence;
  }

  #unknownEvidence(limits: Limits, still: string, nowSeconds: number): string[] {
    if (this.isDead) {
      return [`it has ended, and ${this.facts.heldGauges} of its gauges still count`];
    }
    if (this.stillSeconds < limits.silentSeconds && this.#wentBack !== undefined) {
      const { series, from, to } = this.#wentBack;
      return [
        `${series} went back from ${short(from)} to ${short(to)}: another process writes the same file, or it was overwritten`,
      ];
    }
    const silence = this.#silenceText(still, nowSeconds);
    if (this.facts.liveness !== 'alive') return [silence, 'whether it runs cannot be seen'];
    if (this.mayEnd(limits, nowSeconds)) {
      return [silence, 'another of its kind began about then: it may be shutting down'];
    }
    return [silence, 'it has not been watched for long enough'];
  }
}
