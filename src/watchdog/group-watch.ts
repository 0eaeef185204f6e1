/** Processes that are compared with each other: siblings, of the same role and mostly the same families. */
import { type Limits, MIN_SIBLINGS } from './limits.js';
import type { ProcessWatch, Siblings } from './process-watch.js';
import { UsualSilences } from './rules/improbable-silence.js';
import { BLOCK_SECONDS, compareTraffic, UsualShares } from './rules/lost-traffic.js';
import { Population } from './rules/shutting-down.js';
import { type Observations, SlowerThanSiblings, WINDOW_SILENCES } from './rules/slower.js';
import type { WatchTick } from './watched.js';

export class GroupWatch implements Siblings {
  readonly silences: UsualSilences;
  readonly population = new Population();
  readonly seenSeconds: number;
  moves = 0;
  stillSeconds = 0;
  members: readonly ProcessWatch[] = [];
  /** By name of the histogram. */
  #slower: ReadonlyMap<string, SlowerThanSiblings> = new Map();
  readonly #shares: UsualShares;

  constructor(nowSeconds: number) {
    this.seenSeconds = nowSeconds;
    this.silences = new UsualSilences(nowSeconds);
    this.#shares = new UsualShares(nowSeconds);
  }

  setMembers(members: readonly ProcessWatch[]): void {
    this.members = members;
    const byName = new Map<string, Observations[]>();
    for (const { latencies } of members) {
      for (const [name, own] of latencies) {
        const all = byName.get(name);
        if (all === undefined) byName.set(name, [own]);
        else all.push(own);
      }
    }
    const before = this.#slower;
    this.#slower = new Map(
      Array.from(byName, ([name, observations]) => {
        const slower = before.get(name) ?? new SlowerThanSiblings();
        slower.observations = observations;
        return [name, slower];
      }),
    );
  }

  tick(tick: WatchTick, spentSeconds: number, limits: Limits): void {
    const { moved, observed, nowSeconds, wallSeconds } = tick;
    const { members } = this;
    let working = 0;
    let active = 0;
    let hasMoved = false;
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      const moves = moved[member.index]! > 0;
      if (moves) hasMoved = true;
      if (!member.isWorking) continue;
      working++;
      if (moves) active++;
    }
    this.stillSeconds = hasMoved ? 0 : this.stillSeconds + spentSeconds;
    const others = working - 1;
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      const moves = moved[member.index]! > 0;
      if (!moves) {
        member.stillSeconds += spentSeconds;
        if (active === 0 || others < MIN_SIBLINGS - 1 || !member.isWorking) continue;
        const learns = member.stillSeconds < limits.silentSeconds / 2;
        member.share.tick(false, active / others, spentSeconds, learns);
        continue;
      }
      this.moves++;
      // What was found to be stalled and goes on is not what is usual.
      if (member.verdict !== 'stalled' && member.stillSeconds < limits.stalledSeconds) {
        this.silences.ended(member.share.logOdds, nowSeconds);
      }
      member.moved(observed[member.index]!, nowSeconds, wallSeconds);
      if (others >= MIN_SIBLINGS - 1 && member.isWorking) {
        member.share.tick(true, (active - 1) / others, spentSeconds, true);
      }
    }
  }

  /** Every few seconds. */
  endBlock({ value, nowSeconds }: WatchTick, blockSeconds: number, limits: Limits): void {
    const { members } = this;
    for (const member of members) member.endBlock(blockSeconds);
    // One that is silent is judged by that, and says nothing about how traffic is shared.
    const compared = members.filter(
      (member) =>
        member.isWorking &&
        member.traffic.isWhole &&
        member.stillSeconds < 2 * BLOCK_SECONDS &&
        !member.mayEnd(limits, nowSeconds),
    );
    compareTraffic(
      compared.map(({ traffic }) => traffic),
      this.#shares,
      nowSeconds,
    );
    this.silences.deviation = this.#shares.deviation;
    if (this.#slower.size === 0) return;
    const windowSeconds = WINDOW_SILENCES * limits.silentSeconds;
    const isCompared = new Set<number>();
    for (const member of members) {
      if (member.isWorking && !member.mayEnd(limits, nowSeconds)) isCompared.add(member.index);
    }
    for (const each of this.#slower.values())
      each.compare(value, isCompared, nowSeconds, windowSeconds);
  }

  void(): void {
    this.stillSeconds = 0;
    for (const member of this.members) member.void();
  }

  activity(of: ProcessWatch): { readonly active: number; readonly others: number } {
    let active = 0;
    let others = 0;
    for (const member of this.members) {
      if (member === of || !member.isWorking) continue;
      others++;
      if (member.stillSeconds < ACTIVE_SECONDS) active++;
    }
    return { active, others };
  }
}

const ACTIVE_SECONDS = 5;
