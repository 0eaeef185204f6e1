/**
 * One run: answers a batch of requests, from the directories as they are now to the bytes of the pages.
 *
 *   draft from the current layouts ─▶ update sources ─▶ draft anew if something changed ─▶ gather, fold, print ─▶ add the rest
 *
 * A ScrapeRun serves one run; the scraper holds what runs have in common.
 */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { claimedNames, withoutRepeated } from '../expose/claimed-name.js';
import type { AddedLabel } from '../expose/external-join.js';
import type { ExposedFamily } from '../expose/family.js';
import { FORMAT } from '../expose/formats.js';
import { printFamilies, type ValuedFamily } from '../expose/valued-family.js';
import type { ScrapeLog } from '../log.js';
import { Memo } from '../memo.js';
import { releaseBody } from '../native.js';
import { DEFAULT_SOURCE_LABEL } from '../plan/added-labels.js';
import type { Limits } from '../plan/budget.js';
import { NO_RULES, type PlanRules } from '../plan/plan.js';
import { selectsAll } from '../plan/selection.js';
import type { ProcThread } from '../processes/proc-thread.js';
import { inSlices } from '../steps.js';
import type { DeadProcesses } from './directory/dead-processes.js';
import type { ProblemLog } from './directory/problem-log.js';
import type { LastRecorded } from './directory/restore-retained.js';
import type { Source, SourceInstant } from './directory/source.js';
import type { AppendedPages } from './endpoints/appended-pages.js';
import type { ExtraFamilies } from './families/extra-families.js';
import type { SelfMetrics } from './families/self-metrics.js';
import type { MergedLayouts } from './page/merged-layout.js';
import { type PageRequest, pageKey } from './page/page-templates.js';
import {
  type Appendix,
  appendText,
  type CollectedBySource,
  type MakePage,
  PrintJob,
} from './page/print-job.js';
import type { SharedPages } from './page/shared-pages.js';
import type { PendingScrapes } from './pending-scrapes.js';

export interface ScraperOptions {
  /** Any file or entry that is left out or held fails the scrape, as in prometheus_client. */
  readonly strict?: boolean;
  /** Which families are served, and what labels are added. */
  readonly rules?: PlanRules;
  /** The label that names the source of a series, where sources have names. */
  readonly sourceLabel?: string;
  /** A directory that has never existed fails the scrape; when absent, it is waited for. */
  readonly required?: boolean;
  /** Families from elsewhere, in this order. */
  readonly extras?: readonly ExtraFamilies[];
  /** Pages of other endpoints, joined with the directory's families; not part of `source`. */
  readonly appended?: AppendedPages | undefined;
  /** promfold's own families, after the application's; none when absent. */
  readonly selfMetrics?: SelfMetrics | undefined;
  /** Receives every problem once. */
  readonly log?: ScrapeLog | undefined;
  /** Index before the next scrape when the file system hints at something new. */
  readonly watch?: boolean;
  /** Looks for the writers; nothing does when absent. The caller closes it. */
  readonly procThread?: ProcThread | undefined;
  /** What to do about dead writers; keep when absent. */
  readonly deadProcesses?: DeadProcesses;
  /** Values of removed files count as long as their directory is served. */
  readonly retainRemoved?: boolean;
  /** What was recorded of a source before the start, for those values; undefined if nothing was. */
  readonly lastRecorded?:
    | ((source: string | undefined, directory: string) => Promise<LastRecorded | undefined>)
    | undefined;
  /** How many files may be mapped; further ones are read. */
  readonly mapLimit?: number;
  /** How much may be held; files beyond are left out. No limits when absent. */
  readonly limits?: Limits;
  /** How long what instants are made from is kept after the last one, milliseconds; for tests. */
  readonly keepInstantsMs?: number;
  /** After which sizes and times of files are read again, for views of instants; a few seconds by default. */
  readonly factsMs?: number;
  /** A monotonic clock, milliseconds. */
  readonly nowMs?: () => number;
}

export interface ScrapeRequest extends PageRequest {
  readonly gzip?: boolean;
  /** When the answer is due, seconds from now; optional parts are not waited for that long. */
  readonly withinSeconds?: number | undefined;
}

/** A request names a source that does not exist. */
export class UnknownSourceError extends Error {
  override readonly name = 'UnknownSourceError';

  constructor(name: string, known: readonly string[]) {
    const names = known.length === 0 ? 'sources have no names here' : `known: ${known.join(', ')}`;
    super(`no source is called '${name}'; ${names}`);
  }
}

/** Level 1: the page goes over a local network, and the host needs its CPU for the application. */
const GZIP_LEVEL = 1;
const compress = promisify(gzip);

/** What follows the application's families on a page. */
interface AddedFamilies {
  readonly extra: readonly ValuedFamily[];
  readonly own: readonly ValuedFamily[];
  /** By pageKey: what other endpoints add; undefined where there are none. */
  readonly appended: ReadonlyMap<string, Appendix> | undefined;
}

/** A request, and how to answer it. */
export interface WaitingRequest {
  readonly request: ScrapeRequest;
  readonly resolve: (page: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/** A request for the values of all entries of a source, and how to answer it. */
export interface WaitingInstant {
  /** The name of a source; undefined for the one directory that needs none. */
  readonly source: string | undefined;
  readonly withFacts: boolean;
  readonly resolve: (instant: SourceInstant) => void;
  readonly reject: (error: unknown) => void;
}

/** A page without its numbers. */
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
  readonly job: PrintJob;
}

/** What all runs of a scraper have in common. */
export interface RunContext {
  readonly options: ScraperOptions;
  readonly layouts: MergedLayouts;
  readonly pages: SharedPages;
  readonly pending: PendingScrapes;
  /** For problems of the endpoints of --append-url. */
  readonly endpointLog: ProblemLog;
}

export class ScrapeRun {
  readonly #context: RunContext;
  readonly #options: ScraperOptions;
  /** All sources when the run began. */
  readonly #sources: readonly Source[];
  readonly #batch: readonly WaitingRequest[];
  readonly #instants: readonly WaitingInstant[];
  readonly #startedMs = performance.now();
  /** By the source that is asked for. */
  readonly #added = new Map<string | undefined, Promise<AddedFamilies>>();
  /** Pages of all sources, to which other endpoints may add. */
  readonly #whole: readonly PageRequest[];
  /** Bytes they are expected to add. */
  readonly #appendedBytes: number;

  /** @param batch empty to bring the sources up to date and print nothing */
  constructor(
    context: RunContext,
    sources: readonly Source[],
    batch: readonly WaitingRequest[],
    instants: readonly WaitingInstant[],
  ) {
    const { appended } = context.options;
    this.#context = context;
    this.#options = context.options;
    this.#sources = sources;
    this.#batch = batch;
    this.#instants = instants;
    this.#whole = appended === undefined ? [] : wholePages(batch);
    this.#appendedBytes = appended?.printedBytes ?? 0;
  }

  /**
   * Answers every request of the batch, or rejects and answers none.
   *
   * @param isForAll brings all sources up to date, also those that no request asks for
   */
  async answer(isForAll: boolean): Promise<void> {
    if (this.#whole.length > 0) this.#options.appended!.begin(shortest(this.#batch));
    const isAsked = ({ name }: Source) =>
      this.#batch.some(({ request }) => request.source === name) ||
      this.#instants.some(({ source }) => source === name);
    const asked = isForAll ? this.#sources : this.#sources.filter(isAsked);
    let { drafts, job } = await this.#bringUpToDate(asked);
    if (this.#batch.length === 0 && this.#instants.length === 0) return;
    let collected = await this.#collect(job);
    if (asked.some(({ live }) => live.isStale)) {
      // A file that was found damaged while gathering was still part of the plan. What is damaged after this waits for
      // the next run: a directory must not be able to delay a scrape by what is written to it.
      for (const { bodies } of collected.values()) bodies.forEach(releaseBody);
      ({ drafts, job } = await this.#bringUpToDate(asked));
      collected = await this.#collect(job);
    }
    await this.#answerInstants(collected);
    await this.#finishAll(drafts, collected);
  }

  /** Before the next run, which may change what the columns are about. */
  async #answerInstants(collected: CollectedBySource): Promise<void> {
    const instants = new Map<Source, Promise<SourceInstant>>();
    for (const { source: name, resolve, reject } of this.#instants) {
      try {
        const source = this.#sourceOf(name);
        const columns = collected.get(source)?.columns;
        if (columns === undefined) throw source.unreadable;
        let instant = instants.get(source);
        if (instant === undefined) {
          const waiting = this.#instants.filter((each) => each.source === name);
          const withFacts = waiting.some((each) => each.withFacts);
          instant = source.instant(columns, { withFacts, sharedBy: waiting.length });
          instants.set(source, instant);
        }
        resolve(await instant);
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Reads what is new in the sources, and drafts the pages from their current layouts. */
  async #bringUpToDate(asked: readonly Source[]): Promise<Drafts> {
    // If nothing changed in a source, it prints these in the same call that checks it.
    const preRendered = await this.#draftAll();
    const updates = asked.map((source) =>
      this.#reading(source, source.update(preRendered.job.requestOf(source))),
    );
    // The addon is working now, and this thread is idle.
    if (this.#batch.length > 0) this.#options.selfMetrics?.measure();
    const isPrinted = await Promise.all(updates);
    return isPrinted.every(Boolean) ? preRendered : this.#draftAll();
  }

  #collect(job: PrintJob): Promise<CollectedBySource> {
    return job.run((source, work) => this.#reading(source, work));
  }

  #reading<T>({ live }: Source, work: Promise<T>): Promise<T> {
    return this.#context.pending.reading(live.files.directory.path, work);
  }

  /** The pages of all requests, each once, from the current layouts. */
  async #draftAll(): Promise<Drafts> {
    this.#context.layouts.update(this.#sources.filter(({ isReadable }) => isReadable));
    const isSelection = this.#batch.every(({ request }) => request.names !== undefined);
    const { prefixes } = this.#options.rules ?? NO_RULES;
    const needsAllSlots = this.#options.extras?.some((extra) => extra.needsAllSlots) ?? false;
    const job = new PrintJob({
      onlyWhatIsPrinted: !needsAllSlots && (isSelection || !selectsAll(prefixes)),
      isAppendedTo: this.#whole.length > 0,
      appendedBytes: this.#appendedBytes,
    });
    const drafts = new Map<string, Draft | { readonly failure: unknown }>();
    for (const { request } of this.#batch) {
      const key = pageKey(request);
      if (!drafts.has(key)) drafts.set(key, await this.#draft(request, job));
    }
    for (const source of this.#sources) {
      const isWanted = this.#instants.some(({ source: name }) => source.name === name);
      if (isWanted && source.isReadable) job.addColumns(source);
    }
    return { drafts, job };
  }

  async #draft(
    request: ScrapeRequest,
    job: PrintJob,
  ): Promise<Draft | { readonly failure: unknown }> {
    let sources: readonly Source[];
    try {
      sources = this.#sourcesFor(request.source);
    } catch (failure) {
      return { failure };
    }
    const merged = sources.length > 1 ? this.#context.layouts.merged : undefined;
    const families = merged?.families ?? sources[0]?.live.layout.families ?? NO_FAMILIES;
    const makePage = await inSlices(job.add(sources, merged, request));
    return { request, sources, families, makePage };
  }

  /** @throws UnknownSourceError */
  #sourceOf(name: string | undefined): Source {
    const source = this.#sources.find((each) => each.name === name);
    if (source !== undefined) return source;
    throw new UnknownSourceError(
      name ?? '',
      this.#sources.flatMap((each) => each.name ?? []),
    );
  }

  /** @throws the reason why the request cannot be answered */
  #sourcesFor(name: string | undefined): readonly Source[] {
    const sources = this.#sources;
    const asked = name === undefined ? sources : sources.filter((source) => source.name === name);
    if (name !== undefined && asked.length === 0) {
      throw new UnknownSourceError(
        name,
        sources.flatMap((source) => source.name ?? []),
      );
    }
    const readable = asked.filter(({ isReadable }) => isReadable);
    if (readable.length === 0) {
      const { required } = this.#options;
      // A directory that hangs exists, and an earlier promfold may have served it.
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

  async #finishAll(drafts: Drafts['drafts'], collected: CollectedBySource): Promise<void> {
    const pages = new Map<string, { plain: Promise<Buffer>; gzipped?: Promise<Buffer> }>();
    for (const [key, draft] of drafts) {
      const plain =
        'failure' in draft ? Promise.reject(draft.failure) : this.#finish(draft, collected);
      pages.set(key, { plain });
    }
    for (const { request, resolve, reject } of this.#batch) {
      const page = pages.get(pageKey(request))!;
      if (request.gzip) page.gzipped ??= page.plain.then((plain) => this.#compress(plain));
      const answer = request.gzip ? page.gzipped! : page.plain;
      answer.then((bytes) => resolve(this.#context.pages.share(bytes)), reject);
    }
    // The next run must not begin: what is added to a page is made from the values that were just gathered.
    await Promise.allSettled([...pages.values()].map(({ plain }) => plain));
  }

  async #finish(draft: Draft, collected: CollectedBySource): Promise<Buffer> {
    const { request, sources, families } = draft;
    this.#checkStrictly(sources);
    const { extra, own, appended } = await this.#addedTo(draft);
    const wanted = request.names && new Set(request.names);
    // promfold's own are left out where names are asked for.
    const added = wanted === undefined ? [...extra, ...own] : extra;
    const text = printFamilies(request.dialect, added, families, wanted);
    const appendix = appended?.get(pageKey(request));
    const page = await inSlices(draft.makePage(collected, appendix));
    return appendText(page, text + FORMAT[request.dialect.format].trailer);
  }

  async #compress(plain: Buffer): Promise<Buffer> {
    this.#context.pages.share(plain);
    try {
      return await compress(plain, { level: GZIP_LEVEL });
    } finally {
      this.#context.pages.release(plain);
    }
  }

  #addedTo({ request, sources, families }: Draft): Promise<AddedFamilies> {
    let added = this.#added.get(request.source);
    if (added === undefined) {
      added = this.#makeAdded(request.source === undefined, sources, families);
      this.#added.set(request.source, added);
    }
    return added;
  }

  /** The labels that promfold added to the directory's series. */
  #addedLabels(): AddedLabel[] {
    const { rules = NO_RULES, sourceLabel = DEFAULT_SOURCE_LABEL } = this.#options;
    const isNamed = this.#sources.some(({ name }) => name !== undefined);
    return [...rules.labels.fixed, ...(isNamed ? [[sourceLabel, undefined] as const] : [])];
  }

  /** Each name once: the application's families have priority, then our own, then those from elsewhere. */
  async #makeAdded(
    isWhole: boolean,
    sources: readonly Source[],
    families: readonly ExposedFamily[],
  ): Promise<AddedFamilies> {
    const { extras = [], selfMetrics, appended: pages } = this.#options;
    const extra = (await Promise.all(extras.map((source) => source.families(sources)))).flat();
    let appended: AddedFamilies['appended'];
    if (isWhole && pages !== undefined) {
      const reserved = selfMetrics === undefined ? extra : [...selfMetrics.all, ...extra];
      const added = this.#addedLabels();
      appended = await pages.join({ directory: families, reserved, added }, this.#whole);
      this.#context.endpointLog.report(pages.problems());
    }
    let own: readonly ValuedFamily[] = [];
    if (isWhole && selfMetrics !== undefined) {
      const durationSeconds = (performance.now() - this.#startedMs) / 1000;
      selfMetrics.record({
        durationSeconds,
        sources: this.#sources.map((source) => source.facts()),
        appended: pages?.facts() ?? new Map(),
      });
      own = await selfMetrics.families();
    }
    const taken = claimedBy.get(families, () => new Set(families.flatMap(claimedNames)));
    const once = new Set(withoutRepeated([...own, ...extra], (name) => taken.has(name)));
    return {
      extra: extra.filter((family) => once.has(family)),
      own: own.filter((family) => once.has(family)),
      appended,
    };
  }
}

/** The pages of all sources, each once. */
function wholePages(batch: readonly WaitingRequest[]): PageRequest[] {
  const pages = new Map<string, PageRequest>();
  for (const { request } of batch) {
    if (request.source === undefined) pages.set(pageKey(request), request);
  }
  return [...pages.values()];
}

function shortest(batch: readonly WaitingRequest[]): number | undefined {
  const seconds = batch.flatMap(({ request }) => request.withinSeconds ?? []);
  return seconds.length === 0 ? undefined : seconds.reduce((a, b) => Math.min(a, b));
}

const NO_FAMILIES: readonly ExposedFamily[] = [];

/** All names that the families of the directories claim. */
const claimedBy = new Memo<readonly ExposedFamily[], ReadonlySet<string>>();
