/**
 * A thread of its own for reading /proc: with a thousand processes one look is a hundred milliseconds of blocking
 * calls, which would hold up scrapes on the event loop as well as on libuv's pool.
 *
 * One thread serves all directories of a promfold. It begins with the first question.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Look, LookedAtFile } from './look.js';
import type { Measurable, Measured } from './measure.js';

/** Milliseconds are enough, but for one that waits for a process that hangs. */
const TERMINATION_MS = 1_000;

export interface LookRequest {
  readonly kind: 'look';
  /** Looks of one watch remember; its file ids are its own. */
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

export interface Numbered<T> {
  readonly number: number;
  readonly body: T;
}

export type Reply =
  | { readonly number: number; readonly answer: unknown }
  | { readonly number: number; readonly error: string };

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ProcThread {
  #worker: Worker | undefined;
  #isClosed = false;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** Rejects when the thread cannot be had or breaks; the next question begins a new one. */
  look(
    watch: number,
    directory: string,
    files: readonly LookedAtFile[],
    removeLive: boolean,
  ): Promise<Look> {
    return this.#ask({ kind: 'look', watch, directory, files, removeLive }) as Promise<Look>;
  }

  /** Never rejects: a thread that broke, or is closed, remembers nothing. */
  async forget(watch: number): Promise<void> {
    await this.#ask({ kind: 'forget', watch }).catch(() => {});
  }

  /** What each takes, undefined for one that is gone; a look under way is not waited for. */
  measure(processes: readonly Measurable[]): Promise<readonly (Measured | undefined)[]> {
    const those = processes.map(({ pid, startSeconds }) => ({ pid, startSeconds }));
    return this.#ask({ kind: 'measure', processes: those }) as Promise<(Measured | undefined)[]>;
  }

  /** Questions under way are rejected. A thread that hangs is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#fail(new Error('closed'));
    const ended = new AbortController();
    const late = sleep(TERMINATION_MS, undefined, { signal: ended.signal });
    late.catch(() => {});
    await Promise.race([worker?.terminate(), late]);
    ended.abort();
  }

  #ask(body: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new Error('closed'));
      const number = ++this.#last;
      this.#waiting.set(number, { resolve, reject });
      this.#worker ??= this.#start();
      // A daemon that waits for a look may not end meanwhile; an idle thread keeps nobody.
      this.#worker.ref();
      this.#worker.postMessage({ number, body } satisfies Numbered<Request>);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./proc-worker.js', import.meta.url), {
      name: 'promfold /proc',
    });
    worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.number);
      this.#waiting.delete(reply.number);
      // Not of a thread that close() waits for: an answer may still come while it ends.
      if (this.#waiting.size === 0 && worker === this.#worker) worker.unref();
      if ('error' in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve(reply.answer);
    });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#fail(error);
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#fail(new Error(`the thread ended with ${code}`));
    });
    return worker;
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
