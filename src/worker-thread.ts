/**
 * A worker thread that answers numbered questions: work that would hold the event loop is done there, and
 * what goes wrong there costs the questions that wait for it and nothing else.
 *
 * The thread begins with the first question, or when it is told to. When it breaks, or does not answer in time, it is ended, and the
 * next question begins a new one. While it is idle it keeps no process from ending.
 *
 * Both sides are here: WorkerThread asks, answerQuestions() is called once by the thread's own file.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  parentPort,
  type ResourceLimits,
  type TransferListItem,
  threadId,
  Worker,
} from 'node:worker_threads';

export interface WorkerThreadOptions {
  /** As tools show the thread. */
  readonly name: string;
  /** What `workerData` is in the thread. */
  readonly data?: unknown;
  readonly resourceLimits?: ResourceLimits;
}

/** Milliseconds are enough, but for one that waits in the system for something that hangs. */
const TERMINATION_MS = 1_000;

/** The thread reached its limit of memory (resourceLimits). */
export class ThreadOutOfMemoryError extends Error {
  override readonly name = 'ThreadOutOfMemoryError';
}

/** The thread was ended since it gave no answer in time. */
export class ThreadTooLateError extends Error {
  override readonly name = 'ThreadTooLateError';
}

interface Numbered<T> {
  readonly number: number;
  readonly body: T;
}

type Reply =
  | { readonly number: number; readonly answer: unknown }
  | { readonly number: number; readonly error: string };

/** What a thread says first: from here on it answers. */
const READY = 'ready';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class WorkerThread<Question> {
  readonly #file: URL;
  readonly #options: WorkerThreadOptions;
  #worker: Worker | undefined;
  #isReady = false;
  #isClosed = false;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @param file the JavaScript that calls answerQuestions() */
  constructor(file: URL, options: WorkerThreadOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Has the thread begin now, so that the first question does not wait for it (some 100 ms). */
  begin(): void {
    if (this.#isClosed || this.#worker !== undefined) return;
    this.#worker = this.#start();
    this.#worker.unref();
  }

  /**
   * Rejects with what the thread says is wrong with the question, and when the thread cannot be had, breaks, or
   * is ended.
   *
   * @param withinMs after which it is rejected, and the thread ended with all questions that wait for it. One that has
   *   only begun is not: on a busy machine it would never come to answer.
   */
  ask(body: Question, withinMs?: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new Error('closed'));
      const number = ++this.#last;
      this.#worker ??= this.#start();
      // Who waits for an answer may not end meanwhile; an idle thread keeps nobody.
      this.#worker.ref();
      const timer =
        withinMs === undefined
          ? undefined
          : setTimeout(() => this.#isLate(number, withinMs), withinMs);
      this.#waiting.set(number, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#worker.postMessage({ number, body } satisfies Numbered<Question>);
    });
  }

  /** Ends the thread and gives its memory back. Questions under way are rejected; the next one begins a new thread. */
  end(): void {
    const worker = this.#worker;
    this.#fail(new Error('the thread was ended'));
    void worker?.terminate();
  }

  /** Questions under way are rejected, and so are all to come. A thread that hangs is not waited for. */
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

  #start(): Worker {
    const { name, data, resourceLimits } = this.#options;
    const worker = new Worker(this.#file, {
      name,
      workerData: data,
      ...(resourceLimits !== undefined && { resourceLimits }),
    });
    this.#isReady = false;
    worker.on('message', (reply: Reply | typeof READY) => {
      if (reply === READY) {
        if (worker === this.#worker) this.#isReady = true;
        return;
      }
      const waiting = this.#waiting.get(reply.number);
      // Nobody waits any more; a thread that is being ended must be waited for all the same.
      if (waiting === undefined) return;
      this.#waiting.delete(reply.number);
      if (this.#waiting.size === 0) worker.unref();
      if ('error' in reply) waiting.reject(new Error(reply.error));
      else waiting.resolve(reply.answer);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (worker !== this.#worker) return;
      const isOutOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#fail(
        isOutOfMemory ? new ThreadOutOfMemoryError('the thread ran out of memory') : error,
      );
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#fail(new Error(`the thread ended with ${code}`));
    });
    return worker;
  }

  #isLate(number: number, withinMs: number): void {
    const late = new ThreadTooLateError(`the thread gave no answer within ${withinMs} ms`);
    const worker = this.#worker;
    if (this.#isReady) {
      this.#fail(late);
      void worker?.terminate();
      return;
    }
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) worker?.unref();
    waiting?.reject(late);
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** An answer with memory that is handed over, not copied. */
export class Transferred {
  readonly answer: unknown;
  readonly memory: readonly TransferListItem[];

  constructor(answer: unknown, memory: readonly TransferListItem[]) {
    this.answer = answer;
    this.memory = memory;
  }
}

/**
 * Answers what this thread is asked, each question when it comes: one that waits for something lets others pass.
 *
 * @param answer throws, or rejects with, what is wrong with a question
 */
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error(`thread ${threadId} is nobody's worker`);
  port.postMessage(READY);
  port.on('message', async ({ number, body }: Numbered<Question>) => {
    try {
      const given = await answer(body);
      if (given instanceof Transferred) {
        port.postMessage({ number, answer: given.answer } satisfies Reply, given.memory);
      } else {
        port.postMessage({ number, answer: given } satisfies Reply);
      }
    } catch (error) {
      port.postMessage({ number, error: (error as Error).message } satisfies Reply);
    }
  });
}
