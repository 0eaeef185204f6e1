/**
 * One directory that is served: its files, its plan, and whether it can be read now. A problem of one directory
 * does not affect others.
 */
import { type ErrorCode, MetricFileError } from '../../errors.js';
import { Hints } from '../../files/hints.js';
import type { ListedFile } from '../../files/metric-files.js';
import type { Labels } from '../../format/key.js';
import type { ScrapeLog } from '../../log.js';
import {
  type Collected,
  type GatheredEntries,
  type PrintRequest,
  releaseColumns,
  type SomeEntries,
  type ValueColumns,
} from '../../native.js';
import type { PlanRules } from '../../plan/plan.js';
import type { SourceFacts } from './facts.js';
import { type FactsOfFile, factsOfFiles } from './file-facts.js';
import { LivePlan, type LivePlanOptions } from './live-plan.js';
import type { PlanState } from './plan-state.js';
import { ProblemLog } from './problem-log.js';

export type { GatheredEntries, SomeEntries } from '../../native.js';

/** The values of a source at one moment, and what they are the values of. */
export interface SourceInstant {
  /** Undefined for a single directory, which needs no name. */
  readonly source: string | undefined;
  readonly path: string;
  /** The same object for all instants with the same ids of files. */
  readonly origin: object;
  readonly takenAtSeconds: number;
  readonly columns: ValueColumns;
  /** The same object as of the instant before, unless something changed. */
  readonly state: PlanState;
  /** All files of the directory, in name order; likewise. */
  readonly files: readonly ListedFile[];
  /** Of these files, by id, about the same time; absent unless asked for. */
  readonly facts?: ReadonlyMap<number, FactsOfFile>;
  /** One more has it, and calls release() in the end. */
  hold(): void;
  /** Frees the columns without waiting for the garbage collection, once all that have the instant have called it. */
  release(): void;
}

/** Facts of files are read again after this time by default: with thousands of files they cost more than the values do. */
const FACTS_MS = 5_000;

/** What instants are made from is dropped when none was asked for this long. */
const KEEP_MS = 60_000;

/** A directory that is one of several. */
export interface NamedDirectory {
  readonly name: string;
  readonly directory: string;
}

export interface SourceOptions
  extends Pick<
    LivePlanOptions,
    'procThread' | 'deadProcesses' | 'retainRemoved' | 'lastRecorded' | 'limits' | 'budget'
  > {
  readonly rules: PlanRules;
  readonly mapLimit: number;
  readonly log: ScrapeLog | undefined;
  /** After which facts of files are read again. */
  readonly factsMs?: number | undefined;
  /** Called when the file system hints at something new; absent for no hints. */
  readonly onHint: (() => void) | undefined;
  /** KEEP_MS when absent. */
  readonly keepInstantsMs?: number | undefined;
}

/** Problems that do not fail a scrape, even under `strict`. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TEXT_REPAIRED',
  'FAMILY_CONFLICT',
  'SERIES_IDENTICAL',
  'NAMES_COLLIDE',
  'LABEL_IN_USE',
  'RULE_REFUSED',
]);

export class Source {
  /** Undefined for a single directory, which needs none. */
  readonly name: string | undefined;
  /** Labels that distinguish its series from those of other sources. */
  readonly labels: Labels;
  readonly live: LivePlan;
  readonly #problemLog: ProblemLog;
  readonly #hints: Hints | undefined;
  /** Restarted by each instant. */
  readonly #idle: NodeJS.Timeout;
  readonly #factsMs: number;
  /** The directory has been listed successfully before. */
  #isSeen = false;
  /** Why the directory cannot be read now; undefined when it can, or before the first try. */
  #unreadable: MetricFileError | undefined;
  #facts:
    | {
        readonly files: readonly ListedFile[];
        readonly ms: number;
        readonly facts: ReadonlyMap<number, FactsOfFile>;
      }
    | undefined;
  /** What the last update collected, until it is asked for. */
  #preRendered: { readonly request: PrintRequest; readonly collected: Collected } | undefined;

  constructor(name: string | undefined, directory: string, options: SourceOptions) {
    const { rules, mapLimit, log, onHint, keepInstantsMs = KEEP_MS } = options;
    this.name = name;
    const { source } = rules.labels;
    this.labels = source === undefined ? [] : [source];
    this.live = new LivePlan(directory, mapLimit, options);
    this.#problemLog = new ProblemLog(log);
    this.#factsMs = options.factsMs ?? FACTS_MS;
    if (onHint !== undefined) this.#hints = new Hints(directory, onHint, log);
    this.#idle = setTimeout(() => this.#dropInstants(), keepInstantsMs).unref();
  }

  get isSeen(): boolean {
    return this.#isSeen;
  }

  get unreadable(): MetricFileError | undefined {
    return this.#unreadable;
  }

  /** Its file system does not answer. */
  get hangs(): boolean {
    return (this.#unreadable?.cause as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  }

  get isReadable(): boolean {
    return this.#isSeen && this.#unreadable === undefined;
  }

  /**
   * Brings the plan up to date, and logs what is new among the problems. Never rejects for the directory.
   *
   * @param toPrint what collect() will be asked for if nothing changes
   * @returns whether nothing changed, so that it is printed already
   */
  async update(toPrint?: PrintRequest): Promise<boolean> {
    this.#preRendered = undefined;
    try {
      const collected = await this.live.update(toPrint);
      if (collected !== undefined) this.#preRendered = { request: toPrint!, collected };
      const wasReadable = this.isReadable;
      this.#isSeen = true;
      this.#unreadable = undefined;
      if (!wasReadable) this.#hints?.update();
    } catch (error) {
      if (!(error instanceof MetricFileError)) throw error;
      this.#unreadable = error;
    }
    this.#problemLog.report(this.problems());
    return this.#preRendered !== undefined;
  }

  /** As FileSet.collect; also records the faults that it finds. */
  async collect(request: PrintRequest): Promise<Collected> {
    const preRendered = this.#preRendered;
    this.#preRendered = undefined;
    if (preRendered !== undefined && isSame(preRendered.request, request))
      return preRendered.collected;
    const collected = await this.live.files.set.collect(request);
    const { changes } = collected;
    if (changes !== undefined) {
      this.live.note(changes);
      this.#problemLog.report(this.problems());
    }
    return collected;
  }

  /**
   * @param columns that collect() returned
   *
   * REQUIRES: nothing was updated since.
   */
  async instant(
    columns: ValueColumns,
    { withFacts, sharedBy }: { readonly withFacts: boolean; readonly sharedBy: number },
  ): Promise<SourceInstant> {
    const { live } = this;
    this.#idle.refresh();
    let holders = sharedBy;
    const takenAtSeconds = Date.now() / 1000;
    const state = await live.state();
    const files = live.listedFiles();
    return {
      source: this.name,
      path: live.files.directory.path,
      origin: live,
      takenAtSeconds,
      columns,
      state,
      files,
      ...(withFacts && { facts: await this.#factsOf(files) }),
      hold: () => {
        holders++;
      },
      release: () => {
        holders--;
        if (holders === 0) releaseColumns(columns);
      },
    };
  }

  /**
   * Gathers some entries, without a look at the directory or at other files.
   *
   * @param state of an instant, of which these entries are
   * @returns undefined where something changed since, so that an instant is needed
   *
   * REQUIRES: no update or collect is under way.
   */
  async gatherEntries(wanted: SomeEntries, state: PlanState): Promise<GatheredEntries | undefined> {
    if (!this.isReadable || !this.live.isAsOf(state)) return undefined;
    return this.live.files.set.gatherEntries(wanted);
  }

  async #factsOf(files: readonly ListedFile[]): Promise<ReadonlyMap<number, FactsOfFile>> {
    const known = this.#facts;
    if (known?.files === files && performance.now() - known.ms < this.#factsMs) return known.facts;
    const facts = await factsOfFiles(this.live.files.set);
    this.#facts = { files, ms: performance.now(), facts };
    return facts;
  }

  #dropInstants(): void {
    this.live.dropState();
    this.#facts = undefined;
  }

  problems(): readonly MetricFileError[] {
    const problems = this.live.problems();
    return this.#unreadable === undefined ? problems : [this.#unreadable, ...problems];
  }

  /** The first problem that prometheus_client would not serve. */
  fatalProblem(): MetricFileError | undefined {
    return this.live.problems().find(({ code }) => !HARMLESS.has(code));
  }

  facts(): SourceFacts {
    const { name, isReadable: up } = this;
    // What is known of a directory that is gone is out of date.
    return { name, up, read: up || !this.#isSeen ? this.live.facts() : undefined };
  }

  /** REQUIRES: no update or collect is under way. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#hints?.close();
    this.live.close();
  }
}

function isSame(a: PrintRequest, b: PrintRequest): boolean {
  return (
    a.pages.length === b.pages.length &&
    a.pages.every((page, i) => page === b.pages[i]) &&
    a.tail === b.tail &&
    a.onlyWhatIsPrinted === b.onlyWhatIsPrinted &&
    a.partEnds === b.partEnds &&
    a.columns === b.columns
  );
}
