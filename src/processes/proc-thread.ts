/**
 * A thread of its own for reading /proc: with a thousand processes one look is a hundred milliseconds of blocking
 * calls, which would hold up scrapes on the event loop as well as on libuv's pool.
 *
 * One thread serves all directories of a promfold. It begins with the first question.
 */
import { WorkerThread } from '../worker-thread.js';
import type { LivenessScanResult, LookedAtFile } from './liveness-scan.js';
import type { Measurable, Measured } from './measure.js';

export interface LookRequest {
  readonly kind: 'look';
  /** The scans of one watch remember; its file ids are its own. */
  readonly watch: number;
  readonly directory: string;
  readonly files: readonly LookedAtFile[];
  readonly removeLive: boolean;
}

/** A watch ended: nothing of it is remembered. */
export interface ForgetRequest {
  readonly kind: 'forget';
  readonly watch: number;
}

export interface MeasureRequest {
  readonly kind: 'measure';
  readonly processes: readonly Measurable[];
}

export type Request = LookRequest | ForgetRequest | MeasureRequest;

export class ProcThread {
  readonly #thread = new WorkerThread<Request>(new URL('./proc-worker.js', import.meta.url), {
    name: 'promfold /proc',
  });

  /** Rejects when the thread cannot be had or breaks; the next question begins a new one. */
  look(
    watch: number,
    directory: string,
    files: readonly LookedAtFile[],
    removeLive: boolean,
  ): Promise<LivenessScanResult> {
    return this.#thread.ask({
      kind: 'look',
      watch,
      directory,
      files,
      removeLive,
    }) as Promise<LivenessScanResult>;
  }

  /** Never rejects: a thread that broke, or is closed, remembers nothing. */
  async forget(watch: number): Promise<void> {
    await this.#thread.ask({ kind: 'forget', watch }).catch(() => {});
  }

  /** What each takes, undefined for one that is gone; a look under way is not waited for. */
  measure(processes: readonly Measurable[]): Promise<readonly (Measured | undefined)[]> {
    const those = processes.map(({ pid, startSeconds }) => ({ pid, startSeconds }));
    const question: Request = { kind: 'measure', processes: those };
    return this.#thread.ask(question) as Promise<(Measured | undefined)[]>;
  }

  /** Questions under way are rejected. A thread that hangs is not waited for. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
