/**
 * One endpoint of --append-url, and the thread that fetches, reads and prints its page (endpoint-worker.ts). A failure
 * affects only the families of the endpoint.
 *
 * The thread is terminated when it does not answer in time, when it runs out of memory, and when it holds the memory of
 * a page that was much larger than the current one.
 */
import { ThreadOutOfMemoryError, ThreadTooLateError, WorkerThread } from '../../worker-thread.js';
import { giveMemoryBack } from '../memory.js';
import {
  type EndpointFamily,
  type EndpointQuestion,
  type EndpointSetup,
  type JoinAnswer,
  type JoinQuestion,
  monotonicMs,
  type PrintAnswer,
  type PrintQuestion,
  type ReadAnswer,
  type ReadQuestion,
} from './endpoint-questions.js';

/** The page of an endpoint, as of one scrape. */
export interface EndpointPage {
  readonly set: string;
  /** The same array as long as the set is the same. */
  readonly families: readonly EndpointFamily[];
  readonly repeated: number;
}

/**
 * Heap limit of the thread; a page at its limits takes a tenth of it. Buffers as large as a page are outside of the
 * heap, and bounded by the budget.
 */
export const HEAP_MEGABYTES = 256;

/** The thread gives up by itself at the deadline. One that has not by this time after it is busy; a short timeout gets a share. */
const BUSY_MS = 100;
const BUSY_SHARE = 0.2;

/** The memory that a smaller page leaves in use is not worth a new thread. */
const LARGE_PAGE_BYTES = 4 * 1024 * 1024;

export class EndpointThread {
  readonly #thread: WorkerThread<EndpointQuestion>;
  readonly #heapMegabytes: number;
  #page: EndpointPage | undefined;
  /** The largest page since the thread started. */
  #largestBytes = 0;
  #isOversized = false;

  constructor(setup: EndpointSetup, heapMegabytes = HEAP_MEGABYTES) {
    this.#heapMegabytes = heapMegabytes;
    this.#thread = new WorkerThread(new URL('./endpoint-worker.js', import.meta.url), {
      name: 'promfold append',
      data: setup,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    this.#thread.begin();
  }

  /**
   * Fetches the page and reads it.
   *
   * @throws Error that says what is wrong with it, or why it was not received
   */
  async read(withinMs: number): Promise<EndpointPage> {
    if (this.#isOversized) {
      this.#end();
      giveMemoryBack();
    }
    const known = this.#page;
    this.#page = undefined;
    const endMs = monotonicMs() + withinMs;
    const question: ReadQuestion = { kind: 'read', withinMs, endMs, knownSet: known?.set ?? '' };
    const busyMs = Math.min(BUSY_MS, withinMs * BUSY_SHARE);
    const answer = await this.#ask<ReadAnswer>(question, withinMs + busyMs);
    this.#largestBytes = Math.max(this.#largestBytes, answer.bytes);
    const isFaulty = 'fault' in answer;
    this.#isOversized =
      this.#largestBytes > LARGE_PAGE_BYTES && (isFaulty || 4 * answer.bytes < this.#largestBytes);
    if (isFaulty) throw new Error(answer.fault);

    const { set, repeated, families = known!.families } = answer;
    this.#page = set === known?.set ? known : { set, repeated, families };
    return this.#page;
  }

  /** The label sets of these families, a newline after each. */
  labelSets({ set }: EndpointPage, families: readonly number[], withinMs: number) {
    return this.#ask<readonly Uint8Array[]>({ kind: 'labelSets', set, families }, withinMs);
  }

  join({ set }: EndpointPage, question: Omit<JoinQuestion, 'kind' | 'set'>, withinMs: number) {
    return this.#ask<JoinAnswer>({ kind: 'join', set, ...question }, withinMs);
  }

  print({ set }: EndpointPage, question: Omit<PrintQuestion, 'kind' | 'set'>, withinMs: number) {
    return this.#ask<PrintAnswer>({ kind: 'print', set, ...question }, withinMs);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  /** The next question starts a new thread, which has no page. */
  #end(): void {
    this.#thread.end();
    this.#page = undefined;
    this.#largestBytes = 0;
    this.#isOversized = false;
  }

  async #ask<Answer>(question: EndpointQuestion, withinMs: number): Promise<Answer> {
    try {
      return (await this.#thread.ask(question, withinMs)) as Answer;
    } catch (error) {
      if (error instanceof ThreadTooLateError) {
        throw new Error(`not ${PARTICIPLE[question.kind]} within ${withinMs / 1000} s`);
      }
      if (error instanceof ThreadOutOfMemoryError) {
        throw new Error(`takes more than ${this.#heapMegabytes} MiB of memory`);
      }
      throw error;
    }
  }
}

const PARTICIPLE: Readonly<Record<EndpointQuestion['kind'], string>> = {
  read: 'read',
  labelSets: 'joined',
  join: 'joined',
  print: 'printed',
};
