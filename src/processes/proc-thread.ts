/**
 * A thread of its own for reading /proc: with a thousand processes one scan takes a hundred milliseconds of blocking
 * calls, which would hold up scrapes on the event loop as well as on libuv's pool.
 *
 * One thread serves all directories of a promfold. It starts with the first request.
 */
import { WorkerThread } from '../worker-thread.js';
import type { LivenessScanResult, ScannedFile } from './liveness-scan.js';
import type { Measurable, Measured } from './measure.js';

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

export type Request = ScanRequest | ForgetRequest | MeasureRequest;

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

  /** Rejects running requests. Does not wait for a thread that hangs. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
