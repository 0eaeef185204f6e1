/**
 * Notices that writers of one directory ended. Who writes is told by lookups, which may be far apart; whether one that is known
 * is still there takes next to nothing, and is asked every second. What is not alive in a lookup may still run, without files or
 * where its maps cannot be read: it has ended when there is no such process any more, or when it is a zombie.
 *
 * Ends that are close to each other are judged together, and a while after the last one, with a lookup of its own: whether
 * another one begins is part of the evidence.
 */
import { hasProcess } from '../processes/has-process.js';
import { Proc } from '../processes/proc.js';
import type { Writer } from '../processes/writer.js';
import { type Ends, firstSeconds, type SeenWriter, SUCCESSOR_SECONDS } from './ends.js';

/** After the last end. */
const SETTLE_MS = SUCCESSOR_SECONDS * 1000;

/** Between two questions whether those that are known are there. */
const CHECK_MS = 1_000;

/** After the first end, where there is no quiet moment. */
const LONGEST_MS = 60_000;

interface Known extends SeenWriter {
  /** It was not there at the first lookup. */
  readonly isNew: boolean;
}

interface Episode {
  /** Those that were known when the first one ended. */
  readonly known: readonly Known[];
  readonly ended: Known[];
  readonly firstMs: number;
  lastMs: number;
}

export class WriterWatch {
  readonly #isThere: (pid: number) => boolean;
  readonly #isRunning: (pid: number) => Promise<boolean>;
  #known: Map<number, Known> | undefined;
  #episode: Episode | undefined;
  #seen: ReadonlyMap<string, Writer> | undefined;
  #isBusy = false;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;

  /** @param isRunning as isThere, but for a zombie, too */
  constructor(isThere = hasProcess, isRunning = runs) {
    this.#isThere = isThere;
    this.#isRunning = isRunning;
  }

  /**
   * Finds out whether those that are known are still there.
   *
   * @param atSeconds since 1970
   * @param nowMs by a monotonic clock
   * @returns whether a lookup is needed now, to judge what ended
   */
  check(atSeconds: number, nowMs: number): boolean {
    if (!this.#isBusy && this.#known !== undefined && nowMs - this.#checkedMs >= CHECK_MS) {
      this.#checkedMs = nowMs;
      const earlier = [...this.#known.values()];
      const ended: Known[] = [];
      for (const writer of earlier) {
        if (this.#isThere(writer.pid)) {
          this.#known.set(writer.pid, { ...writer, lastSeenSeconds: atSeconds });
        } else {
          this.#known.delete(writer.pid);
          ended.push(writer);
        }
      }
      this.#noteEnded(ended, earlier, nowMs);
    }
    // Where a lookup fails it is not asked for at each tick.
    if (!this.#isSettled(nowMs) || nowMs - this.#askedMs < SETTLE_MS) return false;
    this.#askedMs = nowMs;
    return true;
  }

  /**
   * Tells of a lookup; one that was told of already is ignored.
   *
   * @param atSeconds since 1970
   * @param nowMs by a monotonic clock
   * @returns ends that can be judged now
   */
  async saw(
    writers: ReadonlyMap<string, Writer>,
    atSeconds: number,
    nowMs: number,
  ): Promise<Ends | undefined> {
    // It is told again at the next tick.
    if (writers === this.#seen || this.#isBusy) return undefined;
    this.#isBusy = true;
    try {
      this.#seen = writers;
      await this.#compare(writers, atSeconds, nowMs);
    } finally {
      this.#isBusy = false;
    }
    return this.#isSettled(nowMs) ? this.conclude() : undefined;
  }

  #isSettled(nowMs: number): boolean {
    if (this.#episode === undefined) return false;
    const { firstMs, lastMs } = this.#episode;
    return nowMs - lastMs >= SETTLE_MS || nowMs - firstMs >= LONGEST_MS;
  }

  /** What can be judged of ends by now; nothing more will be told of them. */
  conclude(): Ends | undefined {
    const episode = this.#episode;
    this.#episode = undefined;
    if (episode === undefined) return undefined;
    const { known, ended } = episode;
    const since = firstSeconds(ended);
    const hasBegun = ({ isNew, startSeconds }: Known) =>
      isNew && startSeconds >= since - SUCCESSOR_SECONDS;
    const all = new Map(
      [...known, ...ended, ...this.#known!.values()].map((each) => [each.pid, each]),
    );
    return {
      before: known.filter((each) => !hasBegun(each)),
      ended,
      began: [...all.values()].filter(hasBegun),
    };
  }

  async #compare(
    writers: ReadonlyMap<string, Writer>,
    atSeconds: number,
    nowMs: number,
  ): Promise<void> {
    const earlier = this.#known ?? new Map<number, Known>();
    const known = new Map<number, Known>();
    for (const { liveness, pid, processId, role, program, startSeconds } of writers.values()) {
      if (liveness !== 'alive' || pid === undefined) continue;
      // It may have ended since it was looked up, and that may be known.
      if (!earlier.has(pid) && !(await this.#isRunning(pid))) continue;
      known.set(pid, {
        processId,
        pid,
        role,
        program,
        startSeconds: startSeconds ?? earlier.get(pid)?.startSeconds ?? atSeconds,
        lastSeenSeconds: atSeconds,
        isNew: earlier.get(pid)?.isNew ?? this.#known !== undefined,
      });
    }
    const ended: Known[] = [];
    for (const [pid, writer] of earlier) {
      if (known.has(pid)) continue;
      if (await this.#isRunning(pid)) known.set(pid, { ...writer, lastSeenSeconds: atSeconds });
      else ended.push(writer);
    }
    this.#noteEnded(ended, [...earlier.values()], nowMs);
    this.#known = known;
  }

  #noteEnded(ended: readonly Known[], known: readonly Known[], nowMs: number): void {
    if (ended.length === 0) return;
    this.#episode ??= { known, ended: [], firstMs: nowMs, lastMs: nowMs };
    for (const process of ended) this.#episode.ended.push(process);
    this.#episode.lastMs = nowMs;
  }
}

async function runs(pid: number): Promise<boolean> {
  const stat = await new Proc().stat(pid);
  // Where /proc does not say it in time.
  return stat === undefined ? hasProcess(pid) : !stat.isZombie;
}
