/**
 * Who writes the files of a directory, for the views of a running daemon. Looked up in the thread that reads /proc, and at
 * most once in an interval, however many views there are: a view uses the last result, and has it renewed. It waits only for
 * the first one, where a process id is new, and where a process that is known has ended: whether it is still there takes
 * next to nothing, while reading the maps of 200 processes takes a fiftieth of a second.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListedFile } from '../files/metric-files.js';
import type { WrittenFile } from '../processes/find-writers.js';
import { hasProcess } from '../processes/has-process.js';
import { nextWatch, type ProcThread } from '../processes/proc-thread.js';
import type { Writer } from '../processes/writer.js';
import type { FactsOfFile } from '../scrape/directory/file-facts.js';

export type Writers = ReadonlyMap<string, Writer>;

export const NOBODY_KNOWN: Writers = new Map();

export interface LookupPace {
  /** Of a core: lookups are less frequent where they would take more. */
  readonly share: number;
  /** An older result is not used. */
  readonly maxAgeMs: number;
}

/** For a user who waits for it. */
const FOR_VIEWS: LookupPace = { share: 1 / 50, maxAgeMs: 10_000 };

/** A view waits this long: the maps of a process that hangs in the kernel cannot be read. */
const TIMEOUT_MS = 2_000;

interface Looking {
  readonly beganMs: number;
  readonly done: Promise<void>;
}

export class WriterLookup {
  readonly #thread: Pick<ProcThread, 'writers' | 'forget'>;
  readonly #intervalMs: number;
  readonly #watch = nextWatch();
  /** Those that the thread knows; undefined before the first lookup, and after one that failed. */
  #files: readonly WrittenFile[] | undefined;
  #known: Writers = NOBODY_KNOWN;
  #knownMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.NEGATIVE_INFINITY;
  #looking: Looking | undefined;
  readonly #pace: LookupPace;
  readonly #isThere: (pid: number) => boolean;
  /** By pid: since when one that is said to be alive is not there. */
  readonly #missedMs = new Map<number, number>();
  /** When the last lookup that succeeded began. */
  #beganMs = Number.NEGATIVE_INFINITY;

  /** @param intervalMs between two lookups, at least */
  constructor(
    thread: Pick<ProcThread, 'writers' | 'forget'>,
    intervalMs: number,
    pace: LookupPace = FOR_VIEWS,
    isThere = hasProcess,
  ) {
    this.#isThere = isThere;
    this.#thread = thread;
    this.#intervalMs = intervalMs;
    this.#pace = pace;
  }

  /**
   * @param files the same object as long as no file came, went or was replaced
   * @returns as of an interval ago at most, if lookups are quick; none that is known where the lookup fails or hangs
   */
  async writers(files: readonly WrittenFile[]): Promise<Writers> {
    const untilMs = performance.now() + TIMEOUT_MS;
    for (;;) {
      const isKnown = this.#isKnown(files) && !this.#hasEnded();
      const isDue = performance.now() >= this.#dueMs;
      // What failed is not repeated at once.
      const hasNew = !isKnown && this.#files !== undefined;
      if (isDue || hasNew) this.#looking ??= this.#begin(files);
      const looking = this.#looking;
      if (isKnown || looking === undefined) break;
      const leftMs = Math.min(untilMs, looking.beganMs + TIMEOUT_MS) - performance.now();
      if (leftMs <= 0) break;
      // It may be of earlier files: then there is another one after it.
      await Promise.race([looking.done, sleep(leftMs, undefined, { ref: false })]);
    }
    return this.#isRecent ? this.#known : NOBODY_KNOWN;
  }

  /** The next call begins a lookup, however short ago the last one was. */
  renew(): void {
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    void this.#thread.forget(this.#watch);
  }

  get #isRecent(): boolean {
    return performance.now() - this.#knownMs < this.#pace.maxAgeMs;
  }

  #isKnown(files: readonly WrittenFile[]): boolean {
    if (!this.#isRecent) return false;
    return files === this.#files || files.every(({ processId }) => this.#known.has(processId));
  }

  /** Whether one that was alive when the last lookup began is not there any more. */
  #hasEnded(): boolean {
    let hasEnded = false;
    for (const { liveness, pid } of this.#known.values()) {
      if (liveness !== 'alive' || pid === undefined || this.#isThere(pid)) continue;
      // What a lookup says after that is not asked again.
      const missedMs = this.#missedMs.get(pid) ?? performance.now();
      this.#missedMs.set(pid, missedMs);
      if (missedMs >= this.#beganMs) hasEnded = true;
    }
    return hasEnded;
  }

  #begin(files: readonly WrittenFile[]): Looking {
    return { beganMs: performance.now(), done: this.#look(files) };
  }

  async #look(files: readonly WrittenFile[]): Promise<void> {
    const beganMs = performance.now();
    // It starts the thread, and remembers nothing yet: the next ones are quicker.
    const isFirst = this.#knownMs === Number.NEGATIVE_INFINITY;
    try {
      const sent = files === this.#files ? undefined : files;
      this.#known = await this.#thread.writers(this.#watch, sent);
      this.#knownMs = performance.now();
      this.#beganMs = beganMs;
      const pids = new Set([...this.#known.values()].map(({ pid }) => pid));
      for (const pid of this.#missedMs.keys()) if (!pids.has(pid)) this.#missedMs.delete(pid);
      this.#files = files;
    } catch {
      // The thread died, and its memory of the files with it.
      this.#files = undefined;
    } finally {
      const tookMs = isFirst ? 0 : performance.now() - beganMs;
      const { share } = this.#pace;
      this.#dueMs = performance.now() + Math.max(this.#intervalMs, tookMs / share);
      this.#looking = undefined;
    }
  }
}

/**
 * What a lookup needs to know of the files of an instant.
 *
 * @param facts by id
 */
export function writtenOf(
  files: readonly ListedFile[],
  facts: ReadonlyMap<number, FactsOfFile>,
): WrittenFile[] {
  return files.flatMap(({ id, path, name }): WrittenFile[] =>
    name === undefined
      ? []
      : [{ processId: name.processId, identity: facts.get(id)?.identity ?? '', path }],
  );
}
