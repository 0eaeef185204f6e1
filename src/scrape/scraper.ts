/**
 * One scrape: bring the plans up to date, gather and fold, print.
 *
 *   request ──▶ next run: refresh ─▶ plan, layout (only what is new) ─▶ fold ─▶ one page per dialect
 *
 * A request is answered by a run that began after it arrived, so the answer shows the directories as
 * they were then or later; requests that arrive while a run is under way share the next one. Several
 * directories are read side by side, each by itself, and their pages joined.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MetricFileError } from '../errors.js';
import { claimedNames, withoutRepeated } from '../expose/claimed-name.js';
import type { AddedLabel } from '../expose/external-join.js';
import type { ExposedFamily } from '../expose/family.js';
import { FORMAT } from '../expose/formats.js';
import { printFamilies, type ValuedFamily } from '../expose/valued-family.js';
import { mapLimit } from '../files/map-limit.js';
import type { ScrapeLog } from '../log.js';
import { releaseBody } from '../native.js';
import { Budget, type Limits, NO_LIMITS } from '../plan/budget.js';
import { NO_RULES, type PlanRules } from '../plan/plan.js';
import { selectsAll } from '../plan/selection.js';
import type { ProcThread } from '../processes/proc-thread.js';
import { inSlices } from '../steps.js';
import type { DeadProcesses } from './directory/dead-processes.js';
import { ProblemLog } from './directory/problem-log.js';
import { type NamedDirectory, Source } from './directory/source.js';
import type { AppendedPages } from './endpoints/appended-pages.js';
import type { ExtraFamilies } from './families/extra-families.js';
import { SELF_FAMILIES, type SelfMetrics } from './families/self-metrics.js';
import { disagreements, type Merged, mergeLayouts } from './page/merged-layout.js';
import { type PageRequest, pageKey } from './page/page-templates.js';
import {
  type Appendix,
  appendText,
  type CollectedBySource,
  Collecting,
  type MakePage,
} from './page/print-job.js';
import { SharedPages } from './page/shared-pages.js';
import { PendingScrapes } from './pending-scrapes.js';

export interface ScraperOptions {
  /** Any file or entry that is left out or held fails the scrape, as in prometheus_client. */
  readonly strict?: boolean;
  /** Which families are served, and what labels are added. */
  readonly rules?: PlanRules;
  /** The label that names the source of a series, where sources have names. */
  readonly sourceLabel?: string;
  /** A directory that was never there fails the scrape; without, it is waited for. */
  readonly required?: boolean;
  /** Families from elsewhere, in this order. */
  readonly extras?: readonly ExtraFamilies[];
  /** Pages of other endpoints, joined with the directory's families; not part of `source`. */
  readonly appended?: AppendedPages | undefined;
  /** promfold's own families, behind the application's; none when absent. */
  readonly selfMetrics?: SelfMetrics | undefined;
  /** Told of every problem once. */
  readonly log?: ScrapeLog | undefined;
  /** Index ahead when the file system hints at something new. */
  readonly watch?: boolean;
  /** Where to look for the writers; nowhere when absent. It is the caller's to close. */
  readonly procThread?: ProcThread | undefined;
  /** What to do about those that are dead; keep when absent. */
  readonly deadProcesses?: DeadProcesses;
  /** What removed files counted goes on counting, as long as their directory is served. */
  readonly retainRemoved?: boolean;
  /** Files that may be mapped; more are read. */
  readonly mapLimit?: number;
  /** How much may be held; what goes beyond is left out. Without limits when absent. */
  readonly limits?: Limits;
  /** Milliseconds on a clock that is never set. */
  readonly nowMs?: () => number;
}

export interface ScrapeRequest extends PageRequest {
  readonly gzip?: boolean;
  /** When the answer is due, seconds from now; what may be left out is not waited for that long. */
  readonly withinSeconds?: number | undefined;
}

/** `source` of a request names none there is. */
export class UnknownSourceError extends Error {
  override readonly name = 'UnknownSourceError';

  constructor(name: string, known: readonly string[]) {
    const names = known.length === 0 ? 'sources have no names here' : `known: ${known.join(', ')}`;
    super(`no source is called '${name}'; ${names}`);
  }
}

/** More scrapes are waited for than is possible unless one hangs. */
export class TooManyScrapesError extends Error {
  override readonly name = 'TooManyScrapesError';

  constructor() {
    super(`${MAX_WAITING} scrapes wait for one that hangs`);
  }
}

/** Those that wait for the next run. Clients of a run that hangs give up, and what they asked for would pile up. */
const MAX_WAITING = 1_000;

/** Whoever asks whether promfold is ready gets an answer within this. */
const READINESS_MS = 1_000;

export const DEFAULT_SOURCE_LABEL = 'promfold_source';

/** Level 1: the page goes over a local network, and the scraped host has better things to do. */
const GZIP_LEVEL = 1;
const compress = promisify(gzip);

/** What stands behind the application's families. */
interface Behind {
  readonly extra: readonly ValuedFamily[];
  readonly own: readonly ValuedFamily[];
  /** By pageKey: what other endpoints add; undefined where there are none. */
  readonly appended: ReadonlyMap<string, Appendix> | undefined;
}

interface Waiting {
  readonly request: ScrapeRequest;
  readonly resolve: (page: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/** A page before the numbers are there. */
interface Draft {
  readonly request: ScrapeRequest;
  /** The sources it shows. */
  readonly sources: readonly Source[];
  /** The application's families in it. */
  readonly families: readonly ExposedFamily[];
  readonly makePage: MakePage;
}

interface Drafts {
  /** By pageKey. */
  readonly drafts: ReadonlyMap<string, Draft | { readonly failure: unknown }>;
  readonly collecting: Collecting;
}

/** What the pages of one run have in common. */
interface Run {
  readonly startedMs: number;
  /** All there were when it began. */
  readonly sources: readonly Source[];
  /** By the source that was asked for. */
  readonly behind: Map<string | undefined, Promise<Behind>>;
  /** Pages of all sources, to which other endpoints may add. */
  readonly whole: readonly PageRequest[];
  /** Bytes they are expected to add. */
  readonly appendedBytes: number;
}

export class Scraper {
  readonly #options: ScraperOptions;
  /** Of all sources. */
  readonly #budget: Budget;
  readonly #problemLog: ProblemLog;
  readonly #appendLog: ProblemLog;
  /** In the order of the page. */
  #sources: readonly Source[] = [];
  #merged: Merged = mergeLayouts([]);
  #disagreements: readonly MetricFileError[] = [];
  readonly #pages = new SharedPages();
  readonly #pending: PendingScrapes;
  #waiting: Waiting[] = [];
  #prepareNext = false;
  #running: Promise<void> | undefined;
  #prepared: Promise<void> | undefined;
  #run: Promise<void> = Promise.resolve();

  /** @param directory one directory, or any number that have names */
  constructor(directory: string | readonly NamedDirectory[], options: ScraperOptions = {}) {
    this.#options = options;
    this.#budget = new Budget('all', options.limits?.all ?? NO_LIMITS);
    this.#problemLog = new ProblemLog(options.log);
    this.#appendLog = new ProblemLog(options.log);
    this.#pending = new PendingScrapes(options.nowMs);
    if (typeof directory === 'string') this.#sources = [this.#sourceOf(undefined, directory)];
    else for (const named of directory) this.attach(named);
  }

  /** The names of the sources, in the order of the page; empty for one directory without a name. */
  sourceNames(): readonly string[] {
    return this.#sources.flatMap(({ name }) => name ?? []);
  }

  /** One more source. REQUIRES: none is called so, and all have names. */
  attach({ name, directory }: NamedDirectory): void {
    this.#sources = [...this.#sources, this.#sourceOf(name, directory)];
  }

  /** One source less, from the next run on. Resolves when its files are let go of. */
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
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (this.#waiting.length > MAX_WAITING) {
        this.#waiting.shift()!.reject(new TooManyScrapesError());
      }
      this.#start();
    });
    return this.#pending.asked(answer);
  }

  /**
   * Says that what scrape() gave is sent, or copied. It is empty once all who were given the same have
   * said so; who does not leaves it to the garbage collection.
   */
  release(page: Buffer): void {
    this.#pages.release(page);
  }

  /** Indexes what is new, and prints nothing. Never rejects: what is wrong shows in readiness(). */
  prepare(): Promise<void> {
    this.#prepareNext = true;
    this.#start();
    this.#prepared ??= this.#untilPrepared().finally(() => {
      this.#prepared = undefined;
    });
    return this.#prepared;
  }

  /**
   * Whether a scrape would be answered with a directory's families; looks anew where it was not so. Answers within
   * READINESS_MS, whatever hangs.
   */
  async readiness(): Promise<{ readonly ready: boolean; readonly waitingFor: string }> {
    const overdue = this.overdue();
    if (overdue !== undefined) return { ready: false, waitingFor: overdue };
    const isReady = () => this.#sources.some(({ isReadable }) => isReadable);
    // A run that took as long already is not waited for again.
    if (!isReady() && this.#pending.runMs < READINESS_MS) {
      await settledWithin(READINESS_MS, this.prepare());
    }
    if (isReady()) return { ready: true, waitingFor: '' };
    const unreadable = this.#sources.flatMap((source) => source.unreadable?.message ?? []);
    const run = this.#pending.run();
    if (run !== undefined) unreadable.push(run);
    return {
      ready: false,
      waitingFor: unreadable.join('; ') || 'a directory that some process uses',
    };
  }

  /** The scrape that should have been answered long ago, in words; undefined where there is none. */
  overdue(): string | undefined {
    return this.#pending.overdue();
  }

  problems(): readonly MetricFileError[] {
    return [
      ...this.#sources.flatMap((source) => source.problems()),
      ...this.#disagreements,
      ...(this.#options.appended?.problems() ?? []),
    ];
  }

  /** Waits for the run under way, then lets go of every file. */
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
    const { log, watch, deadProcesses, retainRemoved = false } = this.#options;
    const label = name === undefined ? undefined : ([sourceLabel, name] as const);
    return new Source(name, directory, {
      rules: { ...rules, labels: { ...rules.labels, source: label } },
      mapLimit: this.#options.mapLimit ?? mapLimit(),
      log,
      procThread: this.#options.procThread,
      ...(deadProcesses !== undefined && { deadProcesses }),
      retainRemoved,
      limits: this.#options.limits,
      budget: this.#budget,
      onHint: watch ? () => void this.prepare() : undefined,
    });
  }

  #start(): void {
    this.#running ??= this.#runWhileWanted().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0 || this.#prepareNext) this.#start();
    });
  }

  async #runWhileWanted(): Promise<void> {
    while (this.#waiting.length > 0 || this.#prepareNext) {
      // Requests of the same turn of the event loop share the run.
      await Promise.resolve();
      const batch = this.#waiting;
      const isForAll =
        this.#prepareNext || batch.some(({ request }) => request.source === undefined);
      this.#waiting = [];
      this.#prepareNext = false;
      this.#run = this.#pending.running(this.#runOnce(batch, isForAll));
      try {
        await this.#run;
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #runOnce(batch: readonly Waiting[], isForAll: boolean): Promise<void> {
    const { appended } = this.#options;
    const whole = appended === undefined ? [] : wholePages(batch);
    const run: Run = {
      startedMs: performance.now(),
      sources: this.#sources,
      behind: new Map(),
      whole,
      appendedBytes: appended?.printedBytes ?? 0,
    };
    if (whole.length > 0) appended!.begin(shortest(batch));
    const isAsked = ({ name }: Source) => batch.some(({ request }) => request.source === name);
    const asked = isForAll ? run.sources : run.sources.filter(isAsked);
    let { drafts, collecting } = await this.#bringUpToDate(asked, batch, run);
    if (batch.length === 0) return;
    let collected = await collecting.run((source, work) => this.#reading(source, work));
    if (asked.some(({ live }) => live.isStale)) {
      // A file that was found damaged only now still had its part in the plan. What is damaged after this waits for the
      // next run: a directory may not hold up a scrape by what it writes.
      for (const { bodies } of collected.values()) bodies.forEach(releaseBody);
      ({ drafts, collecting } = await this.#bringUpToDate(asked, batch, run));
      collected = await collecting.run((source, work) => this.#reading(source, work));
    }

    const pages = new Map<string, { plain: Promise<Buffer>; gzipped?: Promise<Buffer> }>();
    for (const [key, draft] of drafts) {
      const plain =
        'failure' in draft ? Promise.reject(draft.failure) : this.#finish(draft, run, collected);
      pages.set(key, { plain });
    }
    for (const { request, resolve, reject } of batch) {
      const page = pages.get(pageKey(request))!;
      if (request.gzip) page.gzipped ??= page.plain.then((plain) => this.#compress(plain));
      const answer = request.gzip ? page.gzipped! : page.plain;
      answer.then((bytes) => resolve(this.#pages.share(bytes)), reject);
    }
    // What stands behind a page is made of what was just gathered: the next run must not begin.
    await Promise.allSettled([...pages.values()].map(({ plain }) => plain));
  }

  /** Reads what is new, and returns the pages by what there is now. */
  async #bringUpToDate(
    asked: readonly Source[],
    batch: readonly Waiting[],
    run: Run,
  ): Promise<Drafts> {
    // What will be printed if nothing changed; then each source prints it as it looks.
    const ahead = await this.#draftAll(batch, run);
    const updates = asked.map((source) =>
      this.#reading(source, source.update(ahead.collecting.printing(source))),
    );
    // The addon is at work now, and this thread is not.
    if (batch.length > 0) this.#options.selfMetrics?.measure();
    const isPrinted = await Promise.all(updates);
    return isPrinted.every(Boolean) ? ahead : this.#draftAll(batch, run);
  }

  #reading<T>({ live }: Source, work: Promise<T>): Promise<T> {
    return this.#pending.reading(live.files.directory.path, work);
  }

  /** The pages of all requests, each once, by the layouts there are now. */
  async #draftAll(batch: readonly Waiting[], run: Run): Promise<Drafts> {
    this.#merge(run.sources.filter(({ isReadable }) => isReadable));
    const isSelection = batch.every(({ request }) => request.names !== undefined);
    const { prefixes } = this.#options.rules ?? NO_RULES;
    const needsAllSlots = this.#options.extras?.some((extra) => extra.needsAllSlots) ?? false;
    const collecting = new Collecting({
      onlyWhatIsPrinted: !needsAllSlots && (isSelection || !selectsAll(prefixes)),
      isAppendedTo: run.whole.length > 0,
      appendedBytes: run.appendedBytes,
    });
    const drafts = new Map<string, Draft | { readonly failure: unknown }>();
    for (const { request } of batch) {
      const key = pageKey(request);
      if (!drafts.has(key)) drafts.set(key, await this.#draft(request, run, collecting));
    }
    return { drafts, collecting };
  }

  async #draft(
    request: ScrapeRequest,
    run: Run,
    collecting: Collecting,
  ): Promise<Draft | { readonly failure: unknown }> {
    let sources: readonly Source[];
    try {
      sources = this.#sourcesFor(request, run);
    } catch (failure) {
      return { failure };
    }
    const merged = sources.length > 1 ? this.#merged : undefined;
    const families = merged?.families ?? sources[0]?.live.layout.families ?? NO_FAMILIES;
    const makePage = await inSlices(collecting.add(sources, merged, request));
    return { request, sources, families, makePage };
  }

  /** @throws what the request cannot be answered for */
  #sourcesFor({ source: name }: ScrapeRequest, { sources }: Run): readonly Source[] {
    const asked = name === undefined ? sources : sources.filter((one) => one.name === name);
    if (name !== undefined && asked.length === 0) {
      throw new UnknownSourceError(
        name,
        sources.flatMap((one) => one.name ?? []),
      );
    }
    const readable = asked.filter(({ isReadable }) => isReadable);
    if (readable.length === 0) {
      const { required } = this.#options;
      // What hangs is there, and may have been served by a promfold before.
      const lost = asked.find(
        ({ isSeen, hangs, unreadable }) => unreadable && (isSeen || hangs || required),
      );
      if (lost !== undefined) throw lost.unreadable;
    }
    this.#checkStrictly(readable);
    return readable;
  }

  /** Under `strict` one bad file fails the whole page. */
  #checkStrictly(sources: readonly Source[]): void {
    if (!this.#options.strict) return;
    for (const source of sources) {
      const fatal = source.fatalProblem();
      if (fatal !== undefined) throw fatal;
    }
  }

  /** Joins the layouts anew where one of them changed. */
  #merge(sources: readonly Source[]): void {
    const layouts = sources.map(({ live }) => live.layout);
    const last = this.#merged.layouts;
    if (layouts.length === last.length && layouts.every((layout, i) => layout === last[i])) return;
    this.#merged = mergeLayouts(layouts);
    this.#disagreements = [...disagreements(this.#merged, sources)];
    this.#problemLog.report(this.#disagreements);
  }

  async #finish(draft: Draft, run: Run, collected: CollectedBySource): Promise<Buffer> {
    const { request, sources, families } = draft;
    this.#checkStrictly(sources);
    const { extra, own, appended } = await this.#behind(draft, run);
    const wanted = request.names && new Set(request.names);
    // promfold's own are left out where names are asked for.
    const behind = wanted === undefined ? [...extra, ...own] : extra;
    const text = printFamilies(request.dialect, behind, families, wanted);
    const appendix = appended?.get(pageKey(request));
    const page = await inSlices(draft.makePage(collected, appendix));
    return appendText(page, text + FORMAT[request.dialect.format].trailer);
  }

  async #compress(plain: Buffer): Promise<Buffer> {
    this.#pages.share(plain);
    try {
      return await compress(plain, { level: GZIP_LEVEL });
    } finally {
      this.#pages.release(plain);
    }
  }

  #behind({ request, sources, families }: Draft, run: Run): Promise<Behind> {
    let behind = run.behind.get(request.source);
    if (behind === undefined) {
      behind = this.#makeBehind(request.source === undefined, sources, families, run);
      run.behind.set(request.source, behind);
    }
    return behind;
  }

  /** Those that the directory's series were given, as they were read or after. */
  #addedLabels(): AddedLabel[] {
    const { rules = NO_RULES, sourceLabel = DEFAULT_SOURCE_LABEL } = this.#options;
    const isNamed = this.sourceNames().length > 0;
    return [...rules.labels.fixed, ...(isNamed ? [[sourceLabel, undefined] as const] : [])];
  }

  /** Each name once: the application's families have it first, then our own, then those from elsewhere. */
  async #makeBehind(
    isWhole: boolean,
    sources: readonly Source[],
    families: readonly ExposedFamily[],
    { startedMs, sources: all, whole }: Run,
  ): Promise<Behind> {
    const { extras = [], selfMetrics, appended: pages } = this.#options;
    const extra = (await Promise.all(extras.map((source) => source.families(sources)))).flat();
    let appended: Behind['appended'];
    if (isWhole && pages !== undefined) {
      const reserved = selfMetrics === undefined ? extra : [...SELF_FAMILIES, ...extra];
      const added = this.#addedLabels();
      appended = await pages.join({ directory: families, reserved, added }, whole);
      this.#appendLog.report(pages.problems());
    }
    let own: readonly ValuedFamily[] = [];
    if (isWhole && selfMetrics !== undefined) {
      const durationSeconds = (performance.now() - startedMs) / 1000;
      selfMetrics.record({
        durationSeconds,
        sources: all.map((source) => source.facts()),
        appended: pages?.facts() ?? new Map(),
      });
      own = await selfMetrics.families();
    }
    const taken = namesOf(families);
    const once = new Set(withoutRepeated([...own, ...extra], (name) => taken.has(name)));
    return {
      extra: extra.filter((family) => once.has(family)),
      own: own.filter((family) => once.has(family)),
      appended,
    };
  }
}

/** Resolves when `work` settles, or after so many milliseconds. */
async function settledWithin(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** The pages of all sources, each once. */
function wholePages(batch: readonly Waiting[]): PageRequest[] {
  const pages = new Map<string, PageRequest>();
  for (const { request } of batch) {
    if (request.source === undefined) pages.set(pageKey(request), request);
  }
  return [...pages.values()];
}

function shortest(batch: readonly Waiting[]): number | undefined {
  const seconds = batch.flatMap(({ request }) => request.withinSeconds ?? []);
  return seconds.length === 0 ? undefined : seconds.reduce((a, b) => Math.min(a, b));
}

const NO_FAMILIES: readonly ExposedFamily[] = [];

const namesOfLayout = new WeakMap<readonly ExposedFamily[], ReadonlySet<string>>();

/** All names that families of the directories take. */
function namesOf(families: readonly ExposedFamily[]): ReadonlySet<string> {
  let names = namesOfLayout.get(families);
  if (names === undefined) {
    names = new Set(families.flatMap(claimedNames));
    namesOfLayout.set(families, names);
  }
  return names;
}
