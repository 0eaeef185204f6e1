/**
 * One scrape: bring the plan up to date, gather and fold, print.
 *
 *   request ──▶ next run: refresh ─▶ plan, layout (only what is new) ─▶ fold ─▶ one page per dialect
 *
 * A request is answered by a run that began after it arrived, so the answer shows the directory as
 * it was then or later; requests that arrive while a run is under way share the next one.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type ErrorCode, MetricFileError } from '../errors.js';
import { claimedNames, withoutRepeated } from '../expose/claimed-name.js';
import type { ExposedFamily } from '../expose/family.js';
import { printFamilies, type ValuedFamily } from '../expose/valued-family.js';
import { Hints } from '../files/hints.js';
import { mapLimit } from '../files/map-limit.js';
import type { PlanRules } from '../plan/plan.js';
import { selectsAll } from '../plan/selection.js';
import type { ExtraFamilies } from './extra-families.js';
import { LivePlan } from './live-plan.js';
import { type PageRequest, pageKey, templatesOf } from './page.js';
import { ProblemLog, type ScrapeLog } from './problem-log.js';
import type { ScrapeFacts, SelfMetrics } from './self-metrics.js';

export interface ScraperOptions {
  /** Any file or entry that is left out or held fails the scrape, as in prometheus_client. */
  readonly strict?: boolean;
  /** Which families are served, and what labels are added. */
  readonly rules?: PlanRules;
  /** A directory that was never there fails the scrape; without, it is waited for. */
  readonly required?: boolean;
  /** Families from elsewhere, in this order. */
  readonly extras?: readonly ExtraFamilies[];
  /** promfold's own families, behind the application's; none when absent. */
  readonly selfMetrics?: SelfMetrics | undefined;
  /** Told of every problem once. */
  readonly log?: ScrapeLog | undefined;
  /** Index ahead when the file system hints at something new. */
  readonly watch?: boolean;
  /** Files that may be mapped; more are read. */
  readonly mapLimit?: number;
}

export interface ScrapeRequest extends PageRequest {
  readonly gzip?: boolean;
}

/** Problems that are served all the same, also under `strict`. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TEXT_REPAIRED',
  'FAMILY_CONFLICT',
  'SERIES_IDENTICAL',
  'NAMES_COLLIDE',
  'LABEL_IN_USE',
]);

/** Room for promfold's own families behind a page, so that adding them copies nothing. */
const TAIL_BYTES = 16_384;

/** Level 1: the page goes over a local network, and the scraped host has better things to do. */
const GZIP_LEVEL = 1;
const compress = promisify(gzip);

/** Families behind the application's: from elsewhere, and promfold's own. */
interface Behind {
  readonly foreign: readonly ValuedFamily[];
  readonly own: readonly ValuedFamily[];
}

interface Waiting {
  readonly request: ScrapeRequest;
  readonly resolve: (page: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

export class Scraper {
  readonly #live: LivePlan;
  readonly #options: ScraperOptions;
  readonly #problemLog: ProblemLog;
  readonly #hints: Hints | undefined;
  #waiting: Waiting[] = [];
  #prepareNext = false;
  #running: Promise<void> | undefined;
  /** The directory could be listed once. */
  #seen = false;
  /** Why the directory cannot be read now; undefined when it can, or before the first try. */
  #unreadable: MetricFileError | undefined;

  constructor(directory: string, options: ScraperOptions = {}) {
    this.#live = new LivePlan(directory, options.mapLimit ?? mapLimit(), options.rules);
    this.#options = options;
    this.#problemLog = new ProblemLog(options.log);
    if (options.watch) {
      this.#hints = new Hints(directory, () => void this.prepare(), options.log);
    }
  }

  /**
   * One exposition, gzipped if asked.
   *
   * @throws MetricFileError DIRECTORY_UNREADABLE when the directory was there and is not now; under
   *   `strict` whatever is wrong with a file
   */
  scrape(request: ScrapeRequest): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#start();
    });
  }

  /** Indexes what is new, and prints nothing. Never rejects: what is wrong shows in readiness(). */
  async prepare(): Promise<void> {
    this.#prepareNext = true;
    this.#start();
    while (this.#prepareNext) await this.#running;
    await this.#running;
  }

  /** Whether a scrape would be answered with the directory's families; looks anew where it was not so. */
  async readiness(): Promise<{ readonly ready: boolean; readonly waitingFor: string }> {
    if (!this.#seen || this.#unreadable !== undefined) await this.prepare();
    if (this.#unreadable === undefined) return { ready: true, waitingFor: '' };
    return { ready: false, waitingFor: this.#unreadable.message };
  }

  problems(): readonly MetricFileError[] {
    return this.#live.problems();
  }

  /** Waits for the run under way, then lets go of every file. */
  async close(): Promise<void> {
    await this.#hints?.close();
    for (const extra of this.#options.extras ?? []) await extra.close?.();
    while (this.#running !== undefined) await this.#running;
    this.#live.close();
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
      this.#waiting = [];
      this.#prepareNext = false;
      try {
        await this.#run(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    const startedMs = performance.now();
    const { extras = [] } = this.#options;
    if (batch.length > 0) for (const extra of extras) extra.begin?.();
    const isUp = await this.#update();
    this.#report();
    if (batch.length === 0) return;

    const requests = new Map(batch.map(({ request }) => [pageKey(request), request]));
    const isSelection =
      (this.#options.rules !== undefined && !selectsAll(this.#options.rules.prefixes)) ||
      batch.every(({ request }) => request.names !== undefined);
    const pages = [...requests.values()].map((request) => templatesOf(this.#live.layout, request));
    const { bodies, changes } = isUp
      ? await this.#live.files.set.collect(pages, TAIL_BYTES, isSelection)
      : { bodies: pages.map(() => Buffer.alloc(0)), changes: undefined };
    if (changes !== undefined && changes.id.length > 0) {
      this.#live.note(changes);
      this.#report();
    }

    const foreign = await this.#extraFamilies(isUp);
    this.#options.selfMetrics?.record(this.#facts(isUp, (performance.now() - startedMs) / 1000));
    const own = (await this.#options.selfMetrics?.families()) ?? [];
    const behind = this.#behind(foreign, own);
    const finished = new Map<string, { page: Buffer; gzipped?: Promise<Buffer> }>();
    for (const [i, [key, request]] of [...requests].entries()) {
      finished.set(key, { page: append(bodies[i]!, this.#ending(request, behind)) });
    }
    for (const { request, resolve, reject } of batch) {
      const answer = finished.get(pageKey(request))!;
      if (!request.gzip) {
        resolve(answer.page);
        continue;
      }
      answer.gzipped ??= compress(answer.page, { level: GZIP_LEVEL });
      answer.gzipped.then(resolve, reject);
    }
  }

  /** @returns whether the directory can be read; false only while one that was never seen is waited for */
  async #update(): Promise<boolean> {
    try {
      await this.#live.update();
    } catch (error) {
      if (!(error instanceof MetricFileError)) throw error;
      this.#unreadable = error;
      this.#problemLog.report([error, ...this.#live.problems()]);
      if (this.#seen || this.#options.required) throw error;
      return false;
    }
    this.#seen = true;
    this.#unreadable = undefined;
    return true;
  }

  /** Logs what is new among the problems; under `strict` the first one fails the run. */
  #report(): void {
    if (this.#unreadable !== undefined) return;
    const problems = this.#live.problems();
    this.#problemLog.report(problems);
    if (!this.#options.strict) return;
    const fatal = problems.find(({ code }) => !HARMLESS.has(code));
    if (fatal !== undefined) throw fatal;
  }

  async #extraFamilies(isUp: boolean): Promise<ValuedFamily[]> {
    const { extras = [] } = this.#options;
    const sources = isUp ? [{ labels: [], live: this.#live }] : [];
    return (await Promise.all(extras.map((extra) => extra.families(sources)))).flat();
  }

  /** What is printed behind the application's families, each name once: that has it first, then we. */
  #behind(foreign: readonly ValuedFamily[], own: readonly ValuedFamily[]): Behind {
    const { families } = this.#live.layout;
    const taken = namesOf(families);
    const once = new Set(withoutRepeated([...own, ...foreign], (name) => taken.has(name)));
    return {
      foreign: foreign.filter((family) => once.has(family)),
      own: own.filter((family) => once.has(family)),
    };
  }

  /** promfold's own are left out where names are asked for. */
  #ending({ dialect, names }: ScrapeRequest, { foreign, own }: Behind): string {
    const wanted = names && new Set(names);
    const behind = wanted === undefined ? [...foreign, ...own] : foreign;
    const text = printFamilies(dialect, behind, this.#live.layout.families, wanted);
    return text + (dialect.format === 'openmetrics' ? '# EOF\n' : '');
  }

  #facts(isUp: boolean, durationSeconds: number): ScrapeFacts {
    return { ...this.#live.facts(), up: isUp, durationSeconds };
  }
}

const namesOfLayout = new WeakMap<readonly ExposedFamily[], ReadonlySet<string>>();

/** All names that families of the directory take. */
function namesOf(families: readonly ExposedFamily[]): ReadonlySet<string> {
  let names = namesOfLayout.get(families);
  if (names === undefined) {
    names = new Set(families.flatMap(claimedNames));
    namesOfLayout.set(families, names);
  }
  return names;
}

/** Adds text behind a page, in the room that collect() left for it. */
function append(page: Buffer, text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  if (page.buffer.byteLength - page.byteOffset - page.length < bytes) {
    return Buffer.concat([page, Buffer.from(text)]);
  }
  const whole = Buffer.from(page.buffer, page.byteOffset, page.length + bytes);
  whole.write(text, page.length);
  return whole;
}
