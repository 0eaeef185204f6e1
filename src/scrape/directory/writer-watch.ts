/**
 * Keeps track of who writes a directory: scans the processes every few seconds, in a thread of its own, never as part
 * of a scrape. Only the first answer waits for a scan.
 *
 * The result of a scan is used until the next one. After a scan that failed nothing is known.
 */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricFile } from '../../files/metric-file.js';
import type { ScrapeLog } from '../../log.js';
import type { LivenessScanResult, ScannedFile } from '../../processes/liveness-scan.js';
import { nextWatch, type ProcThread } from '../../processes/proc-thread.js';

/** Between two scans; longer where a scan would otherwise take more than a 50th of a core. */
const INTERVAL_MS = 5_000;
const LONGEST_SHARE = 50;

/** Delay of a scan after files came or went, since more of them may follow. */
const SOON_MS = 500;

/** The maps of a process that hangs in the kernel cannot be read. A scrape waits this long, and then nothing is known. */
const TIMEOUT_MS = 2_000;
const HANGING_MS = 30_000;

/** The result of a scan; `index` is the place of each file in it, by id. */
export interface Known {
  readonly scan: LivenessScanResult;
  readonly index: ReadonlyMap<number, number>;
}

export interface WriterWatchOptions {
  readonly thread: ProcThread;
  /** The files when a scan begins. */
  readonly files: () => Iterable<readonly [id: number, file: Pick<MetricFile, 'path'>]>;
  readonly removeLive: boolean;
  readonly log: ScrapeLog | undefined;
}

export class WriterWatch {
  readonly #number = nextWatch();
  readonly #directory: string;
  readonly #options: WriterWatchOptions;
  #known: Known | undefined;
  #scanning: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;
  #isAwaited = false;
  #hasScanned = false;
  #hasFailed = false;
  #isClosed = false;

  constructor(directory: string, options: WriterWatchOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** The result of the last scan; undefined before the first, and after one that failed. */
  get known(): Known | undefined {
    return this.#known;
  }

  /** Files came or went. */
  scanSoon(): void {
    this.#scanIn(SOON_MS);
  }

  /** The first time, waits for a scan. @returns whether it did */
  async first(): Promise<boolean> {
    if (this.#isAwaited) return false;
    this.#isAwaited = true;
    await Promise.race([this.#scan(), sleep(TIMEOUT_MS, undefined, { ref: false })]);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#hasScanned) void this.#options.thread.forget(this.#number);
  }

  #scanIn(ms: number): void {
    if (this.#isClosed || this.#scanning !== undefined) return;
    const dueMs = Math.max(performance.now(), this.#endedMs) + ms;
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => void this.#scan(), dueMs - performance.now());
    this.#timer.unref();
  }

  #scan(): Promise<void> {
    clearTimeout(this.#timer);
    this.#scanning ??= this.#scanNow().finally(() => {
      this.#scanning = undefined;
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#endedMs = performance.now();
      const tookMs = (this.#known?.scan.seconds ?? 0) * 1000;
      this.#scanIn(Math.max(INTERVAL_MS, tookMs * LONGEST_SHARE));
    });
    return this.#scanning;
  }

  async #scanNow(): Promise<void> {
    const { thread, removeLive } = this.#options;
    const files = Array.from(
      this.#options.files(),
      ([id, { path }]): ScannedFile => ({ id, name: basename(path) }),
    );
    const hanging = setTimeout(() => this.#forget(new Error('no answer')), HANGING_MS);
    hanging.unref();
    try {
      this.#hasScanned = true;
      const scan = await thread.scan(this.#number, this.#directory, files, removeLive);
      this.#known = { scan, index: new Map(files.map(({ id }, i) => [id, i])) };
      this.#hasFailed = false;
      this.#logRemoved(scan);
    } catch (error) {
      this.#forget(error as Error);
    } finally {
      clearTimeout(hanging);
    }
  }

  #forget({ message }: Error): void {
    this.#known = undefined;
    if (!this.#hasFailed && !this.#isClosed) {
      this.#options.log?.warn('cannot scan for the writers', { error: message });
    }
    this.#hasFailed = true;
  }

  #logRemoved({ removed, notRemoved }: LivenessScanResult): void {
    const { log } = this.#options;
    for (const name of removed) {
      log?.info('removed: its process is dead', { path: `${this.#directory}/${name}` });
    }
    for (const { name, error } of notRemoved) {
      log?.warn('cannot be removed, though its process is dead', {
        path: `${this.#directory}/${name}`,
        error,
      });
    }
  }
}
