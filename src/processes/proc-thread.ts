/**
 * A thread of its own for reading /proc: with a thousand processes one scan takes a hundred milliseconds of blocking
 * calls, which would hold up scrapes on the event loop as well as on libuv's pool.
 *
 * One thread serves all directories of a promfold. It starts with the first request.
 */
import { WorkerThread } from '../worker-thread.js';
import type { WrittenFile } from './find-writers.js';
import type { Glance } from './glance.js';
import type { LivenessScanResult, ScannedFile } from './liveness-scan.js';
import type { Measurable, Measured } from './measure.js';
import type { Writer } from './writer.js';

export interface ScanRequest {
  readonly kind: 'scan';
  /** Scans of one watch share what they found; file ids are those of the watch. */
  readonly watch: number;
  readonly directory: string;
  readonly files: readonly ScannedFile[];
  readonly removeLive: boolean;
}

/** A watch ended: what its scans found is forgotten. */
export interface ForgetRequest {
  readonly kind: 'forget';
  readonly watch: number;
}

export interface MeasureRequest {
  readonly kind: 'measure';
  readonly processes: readonly Measurable[];
}

/** Who writes these files; those of the request before where `files` is absent. */
export interface WritersRequest {
  readonly kind: 'writers';
  /** As of a scan: what one found is remembered for the next. */
  readonly watch: number;
  readonly files?: readonly WrittenFile[] | undefined;
}

export interface GlanceRequest {
  readonly kind: 'glance';
  readonly pids: readonly number[];
}

export type Request = ScanRequest | ForgetRequest | MeasureRequest | WritersRequest | GlanceRequest;

let lastWatch = 0;

/** A number for the scans of one directory; never used twice. */
export function nextWatch(): number {
  return ++lastWatch;
}

export class ProcThread {
  readonly #thread = new WorkerThread<Request>(new URL('./proc-worker.js', import.meta.url), {
    name: 'promfold /proc',
  });

  /** Rejects when the thread cannot be started or fails; the next request starts a new one. */
  scan(
    watch: number,
    directory: string,
    files: readonly ScannedFile[],
    removeLive: boolean,
  ): Promise<LivenessScanResult> {
    return this.#thread.ask({
      kind: 'scan',
      watch,
      directory,
      files,
      removeLive,
    }) as Promise<LivenessScanResult>;
  }

  /**
   * As findWriters; rejects as scan() does.
   *
   * @param files absent for those of the last request of this watch
   */
  writers(
    watch: number,
    files: readonly WrittenFile[] | undefined,
  ): Promise<ReadonlyMap<string, Writer>> {
    const question: Request = { kind: 'writers', watch, files };
    return this.#thread.ask(question) as Promise<ReadonlyMap<string, Writer>>;
  }

  /** Never rejects: a thread that failed, or is closed, has nothing to forget. */
  async forget(watch: number): Promise<void> {
    await this.#thread.ask({ kind: 'forget', watch }).catch(() => {});
  }

  /** What each process takes, undefined for one that is gone. Does not wait for a running scan. */
  measure(processes: readonly Measurable[]): Promise<readonly (Measured | undefined)[]> {
    const measurable = processes.map(({ pid, startSeconds }) => ({ pid, startSeconds }));
    const question: Request = { kind: 'measure', processes: measurable };
    return this.#thread.ask(question) as Promise<(Measured | undefined)[]>;
  }

  /** State and CPU time, by pid; without processes that have ended. Does not wait for a running scan. */
  glance(pids: readonly number[]): Promise<ReadonlyMap<number, Glance>> {
    const question: Request = { kind: 'glance', pids };
    return this.#thread.ask(question) as Promise<ReadonlyMap<number, Glance>>;
  }

  /** Rejects running requests. Does not wait for a thread that hangs. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
