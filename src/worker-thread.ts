/**
 * A worker thread that answers numbered questions. It does work that would block the event loop, and a failure there
 * fails only the questions that wait for it.
 *
 * The thread starts with the first question, or by begin(). When it fails, or does not answer in time, it is terminated,
 * and the next question starts a new one. An idle thread does not keep the process alive.
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

/** Milliseconds are enough, unless the thread is in a system call that hangs. */
const TERMINATION_MS = 1_000;

/** The thread reached its limit of memory (resourceLimits). */
export class ThreadOutOfMemoryError extends Error {
  override readonly name = 'ThreadOutOfMemoryError';
}

/** The thread was terminated because it did not answer in time. */
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

/** The first message of a thread: from then on it answers. */
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

  /** Starts the thread now, so that the first question does not wait for that (some 100 ms). */
  begin(): void {
    if (this.#isClosed || this.#worker !== undefined) return;
    this.#worker = this.#start();
    this.#worker.unref();
  }

  /**
   * Rejects with the error that the thread reports for the question, and when the thread cannot be started, fails or is
   * terminated.
   *
   * @param withinMs timeout, after which the question is rejected, and the thread is terminated with all questions that
   *   wait for it. A thread that is still starting is not: on a busy machine it would never get to answer.
   */
  ask(body: Question, withinMs?: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new Error('closed'));
      const number = ++this.#last;
      this.#worker ??= this.#start();
      // The process must not end while a question waits; an idle thread does not keep it alive.
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

  /** Terminates the thread and frees its memory. Questions under way are rejected; the next one starts a new thread. */
  end(): void {
    const worker = this.#worker;
    this.#fail(new Error('the thread was ended'));
    void worker?.terminate();
  }

  /** Questions under way are rejected, and so are all later ones. A thread that hangs is not waited for. */
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
      // The question timed out. Not unref'd: the process must wait for a thread that is being terminated.
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

/** An answer whose memory is transferred, not copied. */
export class Transferred {
  readonly answer: unknown;
  readonly memory: readonly TransferListItem[];

  constructor(answer: unknown, memory: readonly TransferListItem[]) {
    this.answer = answer;
    this.memory = memory;
  }
}

/**
 * Answers the questions to this thread, each as soon as it arrives: one that waits for something does not delay others.
 *
 * @param answer throws, or rejects with, what is wrong with a question
 */
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error(`thread ${threadId} is not a worker thread`);
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
