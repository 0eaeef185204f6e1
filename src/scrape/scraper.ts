/**
 * Answers scrapes of one or more directories, and keeps what they need in between.
 *
 * A request is answered by a run (scrape-run.ts) that began after it arrived, so the answer shows the directories as they
 * were then or later. Requests that arrive during a run share the next one. Several directories are read separately and
 * concurrently, and their pages are joined.
 */
import type { MetricFileError } from '../errors.js';
import { mapLimit } from '../files/map-limit.js';
import { DEFAULT_SOURCE_LABEL } from '../plan/added-labels.js';
import { Budget, NO_LIMITS } from '../plan/budget.js';
import { NO_RULES } from '../plan/plan.js';
import type { PlanState } from './directory/plan-state.js';
import { ProblemLog } from './directory/problem-log.js';
import {
  type GatheredEntries,
  type NamedDirectory,
  type SomeEntries,
  Source,
  type SourceInstant,
} from './directory/source.js';
import { firstWithin } from './first-within.js';
import { MergedLayouts } from './page/merged-layout.js';
import { SharedPages } from './page/shared-pages.js';
import { PendingScrapes } from './pending-scrapes.js';
import {
  type RunContext,
  type ScrapeRequest,
  ScrapeRun,
  type ScraperOptions,
  type WaitingInstant,
  type WaitingRequest,
} from './scrape-run.js';

/** So many scrapes are waiting that one must hang. */
export class TooManyScrapesError extends Error {
  override readonly name = 'TooManyScrapesError';

  constructor() {
    super(`${MAX_WAITING} scrapes wait for one that hangs`);
  }
}

/** Requests that wait for the next run. When a run hangs its clients give up, and their requests would pile up. */
const MAX_WAITING = 1_000;

/** A question whether promfold is ready is answered within this time. */
const READINESS_MS = 1_000;

/** A source as of when it was last read. */
export interface SourceStatus {
  /** Absent for the one directory that needs none. */
  readonly name?: string;
  readonly path: string;
  readonly up: boolean;
  /** Why it is not up. */
  readonly error?: string;
  readonly series: number;
  readonly entries: number;
}

export interface LastScrape {
  readonly timeSeconds: number;
  readonly seconds: number;
}

/** Some entries of a source, to be gathered between two runs. */
interface WaitingEntries {
  readonly source: string | undefined;
  readonly wanted: SomeEntries;
  readonly state: PlanState;
  readonly resolve: (gathered: GatheredEntries | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class Scraper {
  readonly #options: ScraperOptions;
  /** Of all sources. */
  readonly #budget: Budget;
  /** In the order of the page. */
  #sources: readonly Source[] = [];
  readonly #context: RunContext;
  #waiting: WaitingRequest[] = [];
  #instants: WaitingInstant[] = [];
  #entries: WaitingEntries[] = [];
  #requests = 0;
  #prepareNext = false;
  #running: Promise<void> | undefined;
  #prepared: Promise<void> | undefined;
  #run: Promise<void> = Promise.resolve();
  #lastScrape: LastScrape | undefined;

  /** @param directory one directory, or any number that have names */
  constructor(directory: string | readonly NamedDirectory[], options: ScraperOptions = {}) {
    this.#options = options;
    this.#budget = new Budget('all', options.limits?.all ?? NO_LIMITS);
    this.#context = {
      options,
      layouts: new MergedLayouts(new ProblemLog(options.log)),
      pages: new SharedPages(),
      pending: new PendingScrapes(options.nowMs),
      endpointLog: new ProblemLog(options.log),
    };
    if (typeof directory === 'string') this.#sources = [this.#sourceOf(undefined, directory)];
    else for (const named of directory) this.attach(named);
  }

  /** The names of the sources, in the order of the page; empty for one directory without a name. */
  sourceNames(): readonly string[] {
    return this.#sources.flatMap(({ name }) => name ?? []);
  }

  /** What is known of each source since it was last read, in the order of the page. */
  sources(): readonly SourceStatus[] {
    return this.#sources.map(({ name, isReadable, unreadable, live }) => ({
      ...(name !== undefined && { name }),
      path: live.files.directory.path,
      up: isReadable,
      ...(unreadable !== undefined && { error: unreadable.message }),
      series: live.layout.seriesCount,
      entries: live.files.counts.entries,
    }));
  }

  /** Calls of scrape() and instant() since the start. */
  get requests(): number {
    return this.#requests;
  }

  /** Adds a source. REQUIRES: no other one has the name, and all have names. */
  attach({ name, directory }: NamedDirectory): void {
    this.#sources = [...this.#sources, this.#sourceOf(name, directory)];
  }

  /** Removes a source, from the next run on. Resolves when its files are closed. */
  async detach(name: string): Promise<void> {
    const gone = this.#sources.find((source) => source.name === name);
    if (gone === undefined) return;
    this.#sources = this.#sources.filter((source) => source !== gone);
    await this.#run.catch(() => {});
    await gone.close();
  }

  /**
   * One exposition, gzipped if asked.
   *
   * @throws MetricFileError DIRECTORY_UNREADABLE when no directory can be read though one was there;
   *   under `strict` whatever is wrong with a file
   * @throws UnknownSourceError, TooManyScrapesError
   */
  scrape(request: ScrapeRequest): Promise<Buffer> {
    this.#requests++;
    const askedMs = performance.now();
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (this.#waiting.length > MAX_WAITING) {
        this.#waiting.shift()!.reject(new TooManyScrapesError());
      }
      this.#start();
    });
    void answer.then(
      () => {
        const seconds = (performance.now() - askedMs) / 1000;
        this.#lastScrape = { timeSeconds: Date.now() / 1000, seconds };
      },
      () => {},
    );
    return this.#context.pending.asked(answer);
  }

  /** When the last exposition was made, and how long its request had waited for it; undefined before the first. */
  get lastScrape(): LastScrape | undefined {
    return this.#lastScrape;
  }

  /**
   * The values of all entries of a source at one moment, after the request.
   *
   * @param source undefined for the one directory that has no name
   * @param withFacts of the files, too
   * @throws MetricFileError DIRECTORY_UNREADABLE
   * @throws UnknownSourceError, TooManyScrapesError
   */
  instant(source: string | undefined, withFacts: boolean): Promise<SourceInstant> {
    this.#requests++;
    const answer = new Promise<SourceInstant>((resolve, reject) => {
      this.#instants.push({ source, withFacts, resolve, reject });
      if (this.#instants.length > MAX_WAITING) {
        this.#instants.shift()!.reject(new TooManyScrapesError());
      }
      this.#start();
    });
    return this.#context.pending.asked(answer);
  }

  /**
   * Some entries as they are now. Unlike an instant it neither looks at the directory nor at other files, and takes some tens
   * of microseconds; it waits for the run that is under way.
   *
   * @param state of an instant of the source, of which these entries are
   * @returns undefined where something changed since, so that an instant is needed
   */
  gatherEntries(
    source: string | undefined,
    wanted: SomeEntries,
    state: PlanState,
  ): Promise<GatheredEntries | undefined> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ source, wanted, state, resolve, reject });
      this.#start();
    });
  }

  /**
   * Releases a page that scrape() returned, once it is sent or copied. The page is emptied when all callers that received
   * it have released it. A page that is not released is left to the garbage collection.
   */
  release(page: Buffer): void {
    this.#context.pages.release(page);
  }

  /** Indexes what is new, and prints nothing. Never rejects: readiness() reports what is wrong. */
  prepare(): Promise<void> {
    this.#prepareNext = true;
    this.#start();
    this.#prepared ??= this.#untilPrepared().finally(() => {
      this.#prepared = undefined;
    });
    return this.#prepared;
  }

  /**
   * Whether a scrape would be answered with the families of a directory. If that was not so, the directories are read
   * again. Answers within READINESS_MS, whatever hangs.
   */
  async readiness(): Promise<{ readonly ready: boolean; readonly waitingFor: string }> {
    const overdue = this.overdue();
    if (overdue !== undefined) return { ready: false, waitingFor: overdue };
    const isReady = () => this.#sources.some(({ isReadable }) => isReadable);
    // A run that has already taken that long is not waited for again.
    if (!isReady() && this.#context.pending.runMs < READINESS_MS) {
      await firstWithin(READINESS_MS, this.prepare());
    }
    if (isReady()) return { ready: true, waitingFor: '' };
    const unreadable = this.#sources.flatMap((source) => source.unreadable?.message ?? []);
    const run = this.#context.pending.run();
    if (run !== undefined) unreadable.push(run);
    return {
      ready: false,
      waitingFor: unreadable.join('; ') || 'a directory that some process uses',
    };
  }

  /** The scrape that should have been answered long ago, in words; undefined where there is none. */
  overdue(): string | undefined {
    return this.#context.pending.overdue();
  }

  problems(): readonly MetricFileError[] {
    return [
      ...this.#sources.flatMap((source) => source.problems()),
      ...this.#context.layouts.disagreements,
      ...(this.#options.appended?.problems() ?? []),
    ];
  }

  /** Waits for the current run, then closes every file. */
  async close(): Promise<void> {
    const appended = this.#options.appended?.close();
    for (const extra of this.#options.extras ?? []) await extra.close?.();
    while (this.#running !== undefined) await this.#running;
    await Promise.all(this.#sources.map((source) => source.close()));
    await appended;
  }

  async #untilPrepared(): Promise<void> {
    do await this.#running;
    while (this.#prepareNext);
  }

  #sourceOf(name: string | undefined, directory: string): Source {
    const { rules = NO_RULES, sourceLabel = DEFAULT_SOURCE_LABEL } = this.#options;
    const { log, watch, deadProcesses, retainRemoved = false, lastRecorded } = this.#options;
    const label = name === undefined ? undefined : ([sourceLabel, name] as const);
    return new Source(name, directory, {
      rules: { ...rules, labels: { ...rules.labels, source: label } },
      mapLimit: this.#options.mapLimit ?? mapLimit(),
      log,
      procThread: this.#options.procThread,
      ...(deadProcesses !== undefined && { deadProcesses }),
      retainRemoved,
      lastRecorded: lastRecorded && (() => lastRecorded(name, directory)),
      limits: this.#options.limits,
      budget: this.#budget,
      factsMs: this.#options.factsMs,
      onHint: watch ? () => void this.prepare() : undefined,
      keepInstantsMs: this.#options.keepInstantsMs,
    });
  }

  #start(): void {
    this.#running ??= this.#runWhileWanted().finally(() => {
      this.#running = undefined;
      if (this.#isWanted) this.#start();
    });
  }

  get #isWanted(): boolean {
    return this.#isRunWanted || this.#entries.length > 0;
  }

  get #isRunWanted(): boolean {
    return this.#waiting.length > 0 || this.#instants.length > 0 || this.#prepareNext;
  }

  /** One source after the other: there are few that have entries to gather. */
  async #gatherWaiting(): Promise<void> {
    const waiting = this.#entries;
    this.#entries = [];
    for (const { source: name, wanted, state, resolve, reject } of waiting) {
      const source = this.#sources.find((each) => each.name === name);
      await (source?.gatherEntries(wanted, state) ?? Promise.resolve(undefined)).then(
        resolve,
        reject,
      );
    }
  }

  async #runWhileWanted(): Promise<void> {
    while (this.#isWanted) {
      // Requests of the same turn of the event loop share the run.
      await Promise.resolve();
      if (this.#entries.length > 0) {
        this.#run = this.#gatherWaiting();
        await this.#run;
        if (!this.#isRunWanted) continue;
      }
      const batch = this.#waiting;
      const instants = this.#instants;
      const isForAll =
        this.#prepareNext || batch.some(({ request }) => request.source === undefined);
      this.#waiting = [];
      this.#instants = [];
      this.#prepareNext = false;
      const run = new ScrapeRun(this.#context, this.#sources, batch, instants);
      this.#run = this.#context.pending.running(run.answer(isForAll));
      try {
        await this.#run;
      } catch (error) {
        for (const { reject } of batch) reject(error);
        for (const { reject } of instants) reject(error);
      }
    }
  }
}
