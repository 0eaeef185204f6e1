/**
 * The plan of one directory, kept up to date with its files: the slow clock of a scrape.
 *
 * Checked at the start of every scrape, which is all when nothing changed. New entries go through the
 * plan once: keys are read, rows are made, the output is ordered. All problems found on the way are
 * collected here.
 */
import { MetricFileError } from '../../errors.js';
import { KeyReader } from '../../files/key-reader.js';
import { type FilesRefreshed, type ListedFile, MetricFiles } from '../../files/metric-files.js';
import { type FileName, isArchiveId } from '../../format/filename.js';
import type { ScrapeLog } from '../../log.js';
import type { Collected, FileChanges, PrintRequest, Refreshed } from '../../native.js';
import { Budget, exceededText, type Limits, UNLIMITED } from '../../plan/budget.js';
import type { Layout } from '../../plan/layout.js';
import { type FamilySurvey, NO_RULES, Plan, type PlanRules } from '../../plan/plan.js';
import type { ProcThread } from '../../processes/proc-thread.js';
import { inSlices } from '../../steps.js';
import { giveMemoryBack } from '../memory.js';
import { type DeadProcesses, leftOut } from './dead-processes.js';
import type { DirectoryFacts } from './facts.js';
import { countFiles, type FileCounts } from './file-counts.js';
import { exceededFault, planProblems } from './plan-problems.js';
import { type PlanState, planState } from './plan-state.js';
import { type LastRecorded, restoreRetained } from './restore-retained.js';
import { allEntries, fillRows, newEntries } from './rows.js';
import { type Known, WriterWatch } from './writer-watch.js';

const EMPTY_LAYOUT: Layout = {
  families: [],
  seriesCount: 0,
  slotCount: 1,
  bucketSlot: new Uint32Array(0),
  bucketEnd: new Uint32Array(0),
  countSlot: new Uint32Array(0),
};

const NO_SURVEY: FamilySurvey = {
  firstRank: new Int32Array(0),
  firstFile: new Int32Array(0),
  firstEntry: new Int32Array(0),
  firstKey: new Int32Array(0),
  lastFile: new Int32Array(0),
  firstModeFile: new Int32Array(0),
  lastModeFile: new Int32Array(0),
};

/** In one update. Compactions are seconds apart. */
const MAX_LISTINGS = 10;

/**
 * Slots and keys are never given back one by one. When fewer than half of them are in use, and more
 * than this are not, the plan is made anew.
 */
const DEAD_WEIGHT = 4_096;

/** A key may have this many labels, even if the limit of label names is lower. */
const MIN_LABELS = 1_000;

/** If retrying files that are over budget takes longer than QUICK_MS, the next retry waits REST times as long. */
const QUICK_MS = 200;
const REST = 20;

export interface LivePlanOptions {
  readonly rules?: PlanRules;
  /** How much may be held; without limits when absent. */
  readonly limits?: Limits | undefined;
  /** Of all directories together. */
  readonly budget?: Budget | undefined;
  /** Looks for the writers; without it nothing is known of them. */
  readonly procThread?: ProcThread | undefined;
  /** What to do about dead writers. */
  readonly deadProcesses?: DeadProcesses;
  /** Whether values of removed files count; not when absent. */
  readonly retainRemoved?: boolean;
  /** What was recorded of the directory before the start; asked for once, where values of removed files count. */
  readonly lastRecorded?: (() => Promise<LastRecorded | undefined>) | undefined;
  readonly log?: ScrapeLog | undefined;
}

export class LivePlan {
  readonly files: MetricFiles;
  readonly rules: PlanRules;
  /** Who writes the files; undefined where nothing scans for them. */
  readonly writers: WriterWatch | undefined;
  plan: Plan;
  layout: Layout = EMPTY_LAYOUT;
  /** How often files or keys came or went. */
  changeCount = 0;
  /** The plan does not reflect what is known to be wrong with the files: the next update makes it anew. */
  #stale = false;
  /** A replan did not finish: the state of the addon matches no plan. */
  #isBroken = false;
  /** By which the layout was made; undefined before the first. */
  #survey: FamilySurvey | undefined;
  #state: PlanState | undefined;
  #problems: readonly MetricFileError[] | undefined;
  #listedFiles: readonly ListedFile[] | undefined;
  #counts: FileCounts | undefined;
  /** When the problems were last found, some file was in its creation grace period: they change when that ends. */
  #hadFileInGracePeriod = false;
  #lastRecorded: LivePlanOptions['lastRecorded'];
  readonly #log: ScrapeLog | undefined;
  readonly #limits: Limits;
  readonly #budget: Budget;
  /** Budget.returns when files over budget were last retried. */
  #triedReturns = 0;
  /** Files were removed since the plan was made: it holds keys and series that no file has. */
  #hasDeadWeight = false;
  #restUntilMs = 0;
  /** Files that were left out when the update began. */
  #wereOut: ReadonlySet<number> = new Set();
  readonly #deadProcesses: DeadProcesses;
  /** The scan by which files were excluded. */
  #setAsideBy: Known | undefined;
  /** Archives came since. */
  #hasNewArchives = false;

  constructor(path: string, mapLimit: number, options: LivePlanOptions = {}) {
    const { rules = NO_RULES, limits = UNLIMITED, procThread, deadProcesses = 'keep' } = options;
    this.rules = rules;
    this.#log = options.log;
    this.#limits = limits;
    this.#budget = new Budget('source', limits.source, options.budget);
    this.files = new MetricFiles(path, mapLimit, options.retainRemoved ?? false);
    if (options.retainRemoved) this.#lastRecorded = options.lastRecorded;
    this.plan = this.#newPlan();
    this.#deadProcesses = deadProcesses;
    if (procThread !== undefined) {
      const removeLive = deadProcesses === 'remove-live';
      this.writers = new WriterWatch(path, {
        thread: procThread,
        files: () => this.files.listed(),
        removeLive,
        log: options.log,
      });
    }
  }

  /**
   * Brings plan and layout up to date with the directory as it is now.
   *
   * @param toPrint pages of the current layout
   * @returns the printed pages, if the layout did not change
   * @throws MetricFileError DIRECTORY_UNREADABLE
   */
  async update(toPrint?: PrintRequest): Promise<Collected | undefined> {
    let collected = await this.#updateOnce(toPrint);
    // A compaction may have put another directory in the place of the one that was listed. Where nothing came or went since,
    // this calls stat for the directory, and is done.
    for (let tries = 0; this.files.areNamesGone && tries < MAX_LISTINGS; tries++)
      collected = await this.#updateOnce();
    return collected;
  }

  async #updateOnce(toPrint?: PrintRequest): Promise<Collected | undefined> {
    // Before the refresh, which reads the files that came back.
    this.#setAside();
    this.#wereOut = new Set(this.files.overBudgetIds());
    const mayFit = this.#mayFitNow();
    this.#setLimits(mayFit);
    const { added, removed, refreshed, collected } = await this.#refresh(
      this.#stale || mayFit ? undefined : toPrint,
    );
    if (added.length > 0 || removed.length > 0) this.writers?.scanSoon();
    const isFirstScan = await this.writers?.first();
    if (isFirstScan || this.#hasNewArchives) this.#setAside();
    this.#hasDeadWeight ||= removed.length > 0;
    const changed = removed.length > 0 || refreshed.id.length > 0;
    if (added.length > 0 || changed || this.#hadFileInGracePeriod) this.#invalidateProblems();
    const isRestored = await this.#restoreRetained();
    if (this.#isBroken || isRestored) await this.#startOver();
    else if (changed || this.#stale) await this.#replan(refreshed);
    if (mayFit || this.#mayFitNow()) await this.#retry();
    return isFirstScan || isRestored ? undefined : collected;
  }

  /** Records faults found while gathering. */
  note(changes: FileChanges): void {
    this.files.note(changes);
    this.#invalidateProblems();
    this.#stale = true;
  }

  /** Whether the plan has files in it that were found damaged after it was made. */
  get isStale(): boolean {
    return this.#stale;
  }

  /** Everything wrong with the directory: files left out or held, entries left out or repaired. */
  problems(): readonly MetricFileError[] {
    if (this.#problems === undefined) {
      // One time for both: a grace period that ended between them would leave its file unreported.
      const nowSeconds = Date.now() / 1000;
      this.#hadFileInGracePeriod = this.files.hasFileInGracePeriod(nowSeconds);
      this.#problems = [...planProblems(this.files, this.plan, this.layout, nowSeconds)];
    }
    return this.#problems;
  }

  /**
   * What the plan knows of the entries, but for their values. The same object until something changes.
   *
   * REQUIRES: between an update and the next one; nothing else is under way.
   */
  async state(): Promise<PlanState> {
    const survey = this.#survey ?? NO_SURVEY;
    this.#state ??= await planState(this.plan, this.files, { layout: this.layout, survey });
    return this.#state;
  }

  /** Whether this is what the plan knows of the entries now. */
  isAsOf(state: PlanState): boolean {
    return this.#state === state && !this.#stale;
  }

  /** Frees what state() keeps; it is made again when it is next asked for. */
  dropState(): void {
    this.#state = undefined;
  }

  /** All files of the directory, in name order, with what is wrong with each. */
  listedFiles(): readonly ListedFile[] {
    this.#listedFiles ??= this.files
      .withFaults(Date.now() / 1000)
      .map((file) => ({ ...file, fault: file.fault ?? exceededFault(this.plan, file) }));
    return this.#listedFiles;
  }

  /** What the self-metrics report of the files and the plan. */
  facts(): DirectoryFacts {
    this.#counts ??= countFiles(this.files, this.plan, this.problems(), [...this.#overBudget()]);
    const { filesRetained, keyBytes: _, ...counts } = this.files.set.counts();
    return {
      ...this.#counts,
      ...counts,
      retainedFiles: this.files.retainedFiles.size === 0 ? -1 : filesRetained,
      series: this.layout.seriesCount,
      planChanges: this.changeCount,
      deadProcesses: this.writers?.known?.scan.dead.length ?? -1,
    };
  }

  /** Files that are over budget: left out, or only the part by which they grew. */
  *#overBudget(): IterableIterator<{ readonly path: string; readonly quantity: string }> {
    yield* this.files.overBudget();
    for (const id of this.plan.exceeding) {
      const { path } = this.files.files.get(id)!;
      yield { path, quantity: this.plan.files.get(id)!.exceeded!.quantity };
    }
  }

  close(): void {
    this.writers?.close();
    this.plan.close();
    this.files.close();
  }

  /** Has problems and counts made anew when they are next asked for. */
  #invalidateProblems(): void {
    this.#problems = undefined;
    this.#listedFiles = undefined;
    this.#counts = undefined;
  }

  /** Refreshes the files, and tells the plan which of them came and went. */
  async #refresh(toPrint?: PrintRequest): Promise<FilesRefreshed> {
    const change = await this.files.refresh(toPrint);
    for (const id of change.removed) this.plan.removeFile(id);
    for (const id of change.added) {
      const { name } = this.files.files.get(id)!;
      this.#addFile(id, name);
      this.#hasNewArchives ||= isArchiveId(name.processId);
    }
    return change;
  }

  /**
   * @returns whether retained files have values that no plan knows
   * @throws MetricFileError where another time it may be restored
   */
  async #restoreRetained(): Promise<boolean> {
    const lastRecorded = this.#lastRecorded;
    if (lastRecorded === undefined) return false;
    this.#lastRecorded = undefined;
    const { path } = this.files.directory;
    try {
      const recorded = await lastRecorded();
      if (recorded === undefined) return false;
      const files = await restoreRetained(this.files, recorded);
      const recordedAt = new Date(recorded.timeSeconds * 1000).toISOString();
      this.#log?.info('what removed files counted was restored', { path, files, recordedAt });
      return true;
    } catch (error) {
      if (error instanceof MetricFileError) {
        this.#lastRecorded = lastRecorded;
        this.#isBroken = true;
        throw error;
      }
      const cause = (error as Error).message;
      this.#log?.warn('what removed files counted was not restored', { path, cause });
      return false;
    }
  }

  /** Excludes the files of processes that the last scan found dead, and includes those it did not. */
  #setAside(): void {
    const known = this.writers?.known;
    if (this.#deadProcesses === 'keep') return;
    if (known === this.#setAsideBy && !this.#hasNewArchives) return;
    this.#setAsideBy = known;
    this.#hasNewArchives = false;
    const { aside, floorSeconds } = leftOut(this.#deadProcesses, this.files.listed(), known);
    const moved = this.files.setAside(aside);
    for (const id of moved.aside) this.plan.removeFile(id);
    for (const id of moved.back) this.#addFile(id, this.files.files.get(id)!.name);
    this.files.setMinTimestamps(floorSeconds);
    if (moved.aside.length === 0 && moved.back.length === 0) return;
    this.#stale = true;
    this.#invalidateProblems();
  }

  /** Takes what a refresh found into the plan. */
  async #replan(refreshed: Refreshed): Promise<void> {
    this.#isBroken = true;
    const isWithin = await this.#admit(refreshed, new Map());
    // Removed files may have made room.
    const isRested = performance.now() >= this.#restUntilMs;
    if (!isWithin && this.#hasDeadWeight && isRested) return this.#retry();
    await this.#plan(refreshed);
  }

  /** Makes rows and layout from what was admitted. The current layout stays until the new one is complete. */
  async #plan(refreshed: Refreshed): Promise<void> {
    const { plan } = this;
    const { set } = this.files;
    this.#isBroken = true;
    const survey = await set.survey(plan.familyOfKey, plan.familyCount);
    const isAllNew = await inSlices(plan.define(survey));
    await fillRows(plan, set, isAllNew ? allEntries(plan, set) : newEntries(refreshed, plan));
    const order = await set.order(plan.slotCount);
    if (
      isMostlyDead(plan.slotCount, order.length) ||
      isMostlyDead(plan.keyCount, survey.liveKeys)
    ) {
      return this.#startOver();
    }
    const layout = await inSlices(plan.layOut(order));
    const { slotCount, bucketSlot, bucketEnd, countSlot } = layout;
    set.setLayout(slotCount, bucketSlot, bucketEnd, countSlot);
    this.layout = layout;
    this.#survey = survey;
    this.#state = undefined;
    this.changeCount++;
    this.#stale = false;
    this.#isBroken = false;
    this.#countRead();
  }

  /**
   * Admits what is new in files; a file that does not fit is left out.
   *
   * @param first how many entries of each file are admitted before all others
   * @returns whether everything fits
   */
  async #admit(refreshed: Refreshed, first: ReadonlyMap<number, number>): Promise<boolean> {
    const { plan } = this;
    const parts = newEntries(refreshed, plan);
    for (const { id, from, keys } of parts) {
      const count = first.get(id) ?? 0;
      if (count > 0) await inSlices(plan.admit(id, from, keys.subarray(0, count)));
    }
    let isWithin = true;
    for (const { id, from, keys } of parts) {
      const done = Math.min(first.get(id) ?? 0, keys.length);
      const exceeded = await inSlices(plan.admit(id, from + done, keys.subarray(done)));
      if (exceeded === undefined) continue;
      isWithin = false;
      if (from + done > 0) continue;
      plan.removeFile(id);
      this.files.leaveOut(id, { quantity: exceeded.quantity, found: exceededText(exceeded) });
    }
    if (!isWithin) this.#invalidateProblems();
    return isWithin;
  }

  /** Whether what is over budget may fit now. */
  #mayFitNow(): boolean {
    if (!this.#hasDeadWeight && this.#budget.returns === this.#triedReturns) return false;
    if (performance.now() < this.#restUntilMs) return false;
    return !this.#overBudget().next().done;
  }

  #setLimits(retry: boolean): void {
    const { used } = this.#budget;
    const { file } = this.#limits;
    this.files.set.setLimits(
      {
        fileEntries: file.entries,
        fileKeyBytes: file['key-bytes'],
        entries: used.entries + this.#budget.room('entries'),
        keyBytes: used['key-bytes'] + this.#budget.room('key-bytes'),
      },
      this.files.counts.entries,
      retry,
    );
  }

  /** Takes what the addon has read in from the budget. */
  #countRead(): void {
    const { used } = this.#budget;
    this.#budget.add('entries', this.files.counts.entries - used.entries);
    this.#budget.add('key-bytes', this.files.set.counts().keyBytes - used['key-bytes']);
  }

  /** Tries again to admit files that are over budget. */
  async #retry(): Promise<void> {
    const startedMs = performance.now();
    if (this.#hasDeadWeight || this.plan.exceeding.size > 0) await this.#startOver();
    const ids = this.files.takeBack();
    for (const id of ids) this.#addFile(id, this.files.files.get(id)!.name);
    this.#setLimits(true);
    const { refreshed } = await this.#refresh();
    await this.#replan(refreshed);
    this.#invalidateProblems();
    for (const id of ids) {
      const path = this.files.files.get(id)?.path;
      if (path === undefined || !this.#wereOut.has(id)) continue;
      this.#log?.info('within budget now; all that the file has counted comes in at once', {
        path,
      });
    }
    this.#triedReturns = this.#budget.returns;
    const tookMs = performance.now() - startedMs;
    this.#restUntilMs = tookMs < QUICK_MS ? 0 : performance.now() + REST * tookMs;
  }

  /**
   * Makes the plan anew from the files that are read, so that it holds only what they have. Entries that were
   * admitted are admitted first, and those that were over a limit after them.
   */
  async #startOver(): Promise<void> {
    this.#isBroken = true;
    const admitted = new Map<number, number>();
    for (const [id, file] of this.plan.files) admitted.set(id, file.admitted);
    this.plan.close();
    this.files.compactKeys();
    this.plan = this.#newPlan();
    for (const [id, { name }] of this.files.files) this.#addFile(id, name);
    this.#hasDeadWeight = false;
    this.#setLimits(true);
    const { refreshed } = await this.#refresh();
    await this.#admit(refreshed, admitted);
    await this.#plan(refreshed);
    this.#invalidateProblems();
    giveMemoryBack();
  }

  #newPlan(): Plan {
    const maxLabels = Math.max(MIN_LABELS, this.#budget.maxOf('label-names'));
    const keys = new KeyReader(this.files.set, maxLabels);
    const plan = new Plan((id) => keys.read(id), this.rules, this.#budget);
    for (const [id, name] of this.files.retainedFiles) plan.addFile(id, name);
    return plan;
  }

  #addFile(id: number, name: FileName): void {
    this.plan.addFile(id, name, this.#limits.file);
  }
}

function isMostlyDead(count: number, live: number): boolean {
  return count - live > DEAD_WEIGHT && count > 2 * live;
}
