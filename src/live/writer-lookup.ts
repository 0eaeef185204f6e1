/**
 * Who writes the files of a directory, for the views of a running daemon. Looked up in the thread that reads /proc, and at
 * most once in an interval, however many views there are: a view uses the last result, and has it renewed. It waits only for
 * the first one, and where a process id is new.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WrittenFile } from '../processes/find-writers.js';
import { nextWatch, type ProcThread } from '../processes/proc-thread.js';
import type { Writer } from '../processes/writer.js';

export type Writers = ReadonlyMap<string, Writer>;

const NOBODY_KNOWN: Writers = new Map();

/** Lookups never take more than a 20th of a core. */
const LONGEST_SHARE = 20;

/** An older result is not used. */
const MAX_AGE_MS = 10_000;

/** A view waits this long: the maps of a process that hangs in the kernel cannot be read. */
const TIMEOUT_MS = 2_000;

export class WriterLookup {
  readonly #thread: ProcThread;
  readonly #intervalMs: number;
  readonly #watch = nextWatch();
  #files: readonly WrittenFile[] | undefined;
  #known: Writers = NOBODY_KNOWN;
  #knownMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  /** @param intervalMs between two lookups, at least */
  constructor(thread: ProcThread, intervalMs: number) {
    this.#thread = thread;
    this.#intervalMs = intervalMs;
  }

  /**
   * @param files the same object as long as no file came, went or was replaced
   * @returns as of an interval ago at most, if lookups are quick; unknown processes where the lookup fails
   */
  async writers(files: readonly WrittenFile[]): Promise<Writers> {
    const nowMs = performance.now();
    const isNew = files !== this.#files;
    if (isNew || nowMs >= this.#dueMs) this.#looking ??= this.#look(files, isNew);
    const isKnown =
      nowMs - this.#knownMs < MAX_AGE_MS &&
      (!isNew || files.every(({ processId }) => this.#known.has(processId)));
    if (!isKnown && this.#looking !== undefined) {
      await Promise.race([this.#looking, sleep(TIMEOUT_MS, undefined, { ref: false })]);
    }
    return performance.now() - this.#knownMs < MAX_AGE_MS ? this.#known : NOBODY_KNOWN;
  }

  close(): void {
    void this.#thread.forget(this.#watch);
  }

  async #look(files: readonly WrittenFile[], isNew: boolean): Promise<void> {
    const beganMs = performance.now();
    try {
      this.#known = await this.#thread.writers(this.#watch, isNew ? files : undefined);
      this.#knownMs = performance.now();
      this.#files = files;
    } catch {
      // The thread died, and its memory of the files with it.
      this.#files = undefined;
    } finally {
      const tookMs = performance.now() - beganMs;
      this.#dueMs = performance.now() + Math.max(this.#intervalMs, tookMs * LONGEST_SHARE);
      this.#looking = undefined;
    }
  }
}
