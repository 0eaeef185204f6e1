/**
 * `--compact-dead-after`: compacts the directories that are served, once processes have been dead for so long. Death is
 * counted from when it was first seen, since no file says when a process ended.
 *
 * Scrapes go on meanwhile. One that runs during the exchange has listed one of the two directories, and has every value once;
 * see native/core/directory.h. One source after the other, and one directory not more often than once in a while: each exchange
 * may fail a scrape of another reader.
 */
import { basename } from 'node:path';
import {
  type CompactionReport,
  compactDead,
  GRACE_SECONDS,
  recoverDirectory,
} from '../compact/compact-directory.js';
import { type RefusalCode, refusalText } from '../compact/refusal.js';
import type { MetricFileError } from '../errors.js';
import type { ListedFile } from '../files/metric-files.js';
import type { ScrapeLog } from '../log.js';
import { Memo, madeOnce } from '../memo.js';
import type { Limits } from '../plan/budget.js';
import type { WrittenFile } from '../processes/find-writers.js';
import type { ProcThread } from '../processes/proc-thread.js';
import type { CompactionCounts, CompactionSums } from '../scrape/families/self-metrics.js';
import type { Scraper } from '../scrape/scraper.js';
import { PROCESS_CLOCK, type TickClock } from './tick-clock.js';
import { NOBODY_KNOWN, WriterLookup, type Writers, writtenOf } from './writer-lookup.js';

/** Between two looks at who is dead: a part of the time that is asked for, within these. */
const PART = 4;
const SHORTEST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Between two compactions of a directory, at least, where what is asked for is not shorter. */
const REST_MS = 60_000;

/** After one that could not be done: twice as long each time. */
const LONGEST_REST_MS = 3_600_000;

const LOOKUP_MS = 5_000;

/** The reason where it is none of a refusal: the directory cannot be read any more, or something unforeseen. */
const THROWN = 'error';

type FailureReason = RefusalCode | typeof THROWN;

export interface CompactionsOptions {
  readonly deadAfterSeconds: number;
  /** Those of the scraper. */
  readonly limits: Limits;
  readonly procThread: Pick<ProcThread, 'writers' | 'forget'>;
  readonly log: ScrapeLog;
  /** For tests. */
  readonly clock?: Pick<TickClock, 'nowMs' | 'after'>;
  readonly graceSeconds?: number;
}

interface Watched {
  readonly lookup: WriterLookup;
  /** By process id: since when its files are known to be those of a dead process. */
  readonly deadSinceMs: Map<string, number>;
  sums: CompactionSums;
  isRecovered: boolean;
  dueMs: number;
  failed: number;
}

const writtenFiles = new Memo<readonly ListedFile[], readonly WrittenFile[]>();

/** Why files are beyond a limit, by name. */
function leftOutOf(files: readonly ListedFile[]): ReadonlyMap<string, MetricFileError> {
  const leftOut = new Map<string, MetricFileError>();
  for (const { path, fault } of files) {
    if (fault?.code === 'BUDGET_EXCEEDED') leftOut.set(basename(path), fault);
  }
  return leftOut;
}

export class Compactions implements CompactionCounts {
  readonly #scraper: Scraper;
  readonly #options: CompactionsOptions;
  readonly #clock: Pick<TickClock, 'nowMs' | 'after'>;
  /** By path. */
  readonly #watched = new Map<string, Watched>();
  #pathOf: ReadonlyMap<string | undefined, string> = new Map();
  #cancel: (() => void) | undefined;
  #working: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(scraper: Scraper, options: CompactionsOptions) {
    this.#scraper = scraper;
    this.#options = options;
    this.#clock = options.clock ?? PROCESS_CLOCK;
  }

  /** Undefined before the first look. Another object where a number is another one. */
  of(source: string | undefined): CompactionSums | undefined {
    const path = this.#pathOf.get(source);
    return path === undefined ? undefined : this.#watched.get(path)?.sums;
  }

  start(): void {
    this.#wait();
  }

  /** Before the scraper. Waits for a compaction that is under way, which ends soon. */
  async close(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#working;
    for (const { lookup } of this.#watched.values()) lookup.close();
  }

  #wait(): void {
    if (this.#isStopped) return;
    const partMs = (this.#options.deadAfterSeconds * 1000) / PART;
    const ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, partMs));
    this.#cancel = this.#clock.after(ms, () => {
      this.#working = this.#look().finally(() => this.#wait());
    });
  }

  async #look(): Promise<void> {
    const sources = this.#scraper.sources();
    this.#pathOf = new Map(sources.map(({ name, path }) => [name, path]));
    const paths = new Set(this.#pathOf.values());
    for (const [path, { lookup }] of this.#watched) {
      if (paths.has(path)) continue;
      lookup.close();
      this.#watched.delete(path);
    }
    for (const { name, path } of sources) {
      if (this.#isStopped) return;
      // A directory of which there is no instant has promfold_up for that.
      await this.#lookAt(name, path).catch(() => {});
    }
  }

  async #lookAt(source: string | undefined, path: string): Promise<void> {
    const watched = this.#watchedAt(path);
    if (!watched.isRecovered) await this.#recover(path, watched);
    const { writers, files } = await this.#filesOf(source, watched);
    const due = this.#due(writers, watched);
    if (due.size === 0 || this.#clock.nowMs() < watched.dueMs) return;
    const graceSeconds = this.#options.graceSeconds ?? GRACE_SECONDS;
    let report: CompactionReport;
    try {
      report = await compactDead(path, {
        writers,
        processIds: due,
        graceSeconds,
        limits: this.#options.limits,
        leftOut: leftOutOf(files),
      });
    } catch (error) {
      this.#failed(path, watched, THROWN, (error as Error).message);
      return;
    }
    this.#note(path, watched, report);
  }

  #watchedAt(path: string): Watched {
    return madeOnce(this.#watched, path, () => ({
      lookup: new WriterLookup(this.#options.procThread, LOOKUP_MS),
      deadSinceMs: new Map(),
      sums: { compactions: 0, files: 0, freedBytes: 0, failures: new Map() },
      isRecovered: false,
      dueMs: Number.NEGATIVE_INFINITY,
      failed: 0,
    }));
  }

  /** What a promfold that was killed has left, or a compaction that failed: until it is in order. */
  async #recover(path: string, watched: Watched): Promise<void> {
    const { refused, recovered } = await recoverDirectory(path, this.#options.graceSeconds);
    // A compaction says why, when one is due.
    if (refused !== undefined) return;
    watched.isRecovered = true;
    if (recovered) this.#options.log.info('an interrupted compaction was put in order', { path });
  }

  /** The files of a source, and who writes them. */
  async #filesOf(
    source: string | undefined,
    { lookup }: Watched,
  ): Promise<{ readonly writers: Writers; readonly files: readonly ListedFile[] }> {
    const instant = await this.#scraper.instant(source, true);
    try {
      const { files, facts = new Map() } = instant;
      const written = writtenFiles.get(files, () => writtenOf(files, facts));
      return { writers: await lookup.writers(written), files };
    } finally {
      instant.release();
    }
  }

  /** Ids of processes that have been dead for long enough. */
  #due(writers: Writers, { deadSinceMs }: Watched): ReadonlySet<string> {
    const nowMs = this.#clock.nowMs();
    const due = new Set<string>();
    // A lookup that failed says nothing.
    if (writers === NOBODY_KNOWN) return due;
    const dead = new Set<string>();
    for (const { processId, liveness, abandoned } of writers.values()) {
      if (liveness !== 'dead' && abandoned === undefined) continue;
      dead.add(processId);
      const sinceMs = deadSinceMs.get(processId) ?? nowMs;
      deadSinceMs.set(processId, sinceMs);
      if (nowMs - sinceMs >= this.#options.deadAfterSeconds * 1000) due.add(processId);
    }
    for (const id of deadSinceMs.keys()) if (!dead.has(id)) deadSinceMs.delete(id);
    return due;
  }

  #note(path: string, watched: Watched, { refused, outcome }: CompactionReport): void {
    const { log } = this.#options;
    if (outcome !== undefined && outcome.folded + outcome.removed > 0) {
      const { folded, removed, archives, freedBytes, passes } = outcome;
      const { sums } = watched;
      watched.sums = {
        ...sums,
        compactions: sums.compactions + passes,
        files: sums.files + folded + removed,
        freedBytes: sums.freedBytes + Math.max(0, freedBytes),
      };
      log.info('files of dead processes were compacted', {
        path,
        folded,
        removed,
        archives: archives.length,
        freedBytes,
      });
    }
    if (refused !== undefined) {
      this.#failed(path, watched, refused.code, refusalText(path, refused));
      return;
    }
    watched.failed = 0;
    watched.dueMs = this.#clock.nowMs() + this.#restMs;
  }

  get #restMs(): number {
    return Math.min(REST_MS, this.#options.deadAfterSeconds * 1000);
  }

  #failed(path: string, watched: Watched, reason: FailureReason, cause: string): void {
    watched.failed++;
    // It may have got as far as the exchange.
    watched.isRecovered = false;
    const restMs = Math.min(LONGEST_REST_MS, this.#restMs * 2 ** watched.failed);
    watched.dueMs = this.#clock.nowMs() + restMs;
    const { failures } = watched.sums;
    const count = (failures.get(reason) ?? 0) + 1;
    watched.sums = { ...watched.sums, failures: new Map([...failures, [reason, count]]) };
    this.#options.log.warn('cannot compact', { path, cause }, reason);
  }
}
