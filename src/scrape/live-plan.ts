/**
 * The plan of one directory, kept in step with its files: the slow clock of a scrape.
 *
 * Runs at the start of every scrape and ends there when nothing changed. What is new goes through
 * the plan once: keys are read, rows made, the output ordered. Everything found wrong on the way is
 * collected here.
 */
import { MetricFileError } from '../errors.js';
import { nameCollisions } from '../expose/collision-report.js';
import { type FilesRefreshed, MetricFiles } from '../files/metric-files.js';
import { type Key, parseKey, type UnusableKey } from '../format/key.js';
import {
  type Collected,
  FILE_STATE,
  type FileChanges,
  type Printing,
  type Refreshed,
} from '../native.js';
import { type Layout, NO_RULES, Plan, type PlanRules } from '../plan/plan.js';
import type { ProcThread } from '../processes/proc-thread.js';
import { type Census, takeCensus } from './census.js';
import { type DeadProcesses, leftOut } from './dead-processes.js';
import type { ScrapeLog } from './problem-log.js';
import type { DirectoryFacts } from './self-metrics.js';
import { type Known, WriterWatch } from './writer-watch.js';

const EMPTY_LAYOUT = new Plan().layOut(new Uint32Array(0));

/**
 * Slots and keys are never given back one by one. When fewer than half of them are in use, and more
 * than this are not, the plan is made anew.
 */
const DEAD_WEIGHT = 4_096;

export interface LivePlanOptions {
  readonly rules?: PlanRules;
  /** Where looks for the writers are made; without it none are, and nothing is known of them. */
  readonly procThread?: ProcThread | undefined;
  /** What to do about those that are dead. */
  readonly deadProcesses?: DeadProcesses;
  /** Counts of removed files go on; not when absent. */
  readonly retainRemoved?: boolean;
  readonly log?: ScrapeLog | undefined;
}

export class LivePlan {
  readonly files: MetricFiles;
  readonly rules: PlanRules;
  /** Who writes the files, as far as looked for. */
  readonly writers: WriterWatch | undefined;
  plan: Plan;
  layout: Layout = EMPTY_LAYOUT;
  /** How often files or keys came or went. */
  changeCount = 0;
  #stale = false;
  #problems: readonly MetricFileError[] | undefined;
  #census: Census | undefined;
  /** When the problems were last found: then they change by mere time. */
  #hadYoungFile = false;
  readonly #deadProcesses: DeadProcesses;
  /** The look by which files were set aside. */
  #setAsideBy: Known | undefined;

  constructor(path: string, mapLimit: number, options: LivePlanOptions = {}) {
    const { rules = NO_RULES, procThread, deadProcesses = 'keep', log } = options;
    this.rules = rules;
    this.files = new MetricFiles(path, mapLimit, options.retainRemoved ?? false);
    this.plan = this.#newPlan();
    this.#deadProcesses = deadProcesses;
    if (procThread !== undefined) {
      const removeLive = deadProcesses === 'remove-live';
      this.writers = new WriterWatch(path, {
        thread: procThread,
        files: () => this.files.listed(),
        removeLive,
        log,
      });
    }
  }

  /**
   * Brings plan and layout up to date with the directory as it is now.
   *
   * @param toPrint pages of the layout there is
   * @returns those, where it is still the layout
   * @throws MetricFileError DIRECTORY_UNREADABLE
   */
  async update(toPrint?: Printing): Promise<Collected | undefined> {
    // Ahead of the refresh, which reads what came back.
    this.#setAside();
    const { added, removed, refreshed, collected } = await this.#refresh(
      this.#stale ? undefined : toPrint,
    );
    if (added.length > 0 || removed.length > 0) this.writers?.lookSoon();
    const isFirstLook = await this.writers?.first();
    if (isFirstLook) this.#setAside();
    const changed = removed.length > 0 || refreshed.id.length > 0;
    if (added.length > 0 || changed || this.#hadYoungFile) this.#look();
    if (changed || this.#stale) await this.#replan(refreshed);
    return isFirstLook ? undefined : collected;
  }

  /** Takes over faults found while gathering. */
  note(changes: FileChanges): void {
    this.files.note(changes);
    this.#look();
    this.#stale = true;
  }

  /** Everything wrong with the directory: files left out or held, entries left out or repaired. */
  problems(): readonly MetricFileError[] {
    if (this.#problems === undefined) {
      // One moment for both, or a file could come of age between them and never be reported.
      const nowSeconds = Date.now() / 1000;
      this.#hadYoungFile = this.files.hasYoungFile(nowSeconds);
      this.#problems = [...this.#findProblems(nowSeconds)];
    }
    return this.#problems;
  }

  /** What the self-metrics say of the files and the plan. */
  facts(): DirectoryFacts {
    this.#census ??= takeCensus(this.files, this.plan, this.problems());
    const { inheritedFiles, ...counts } = this.files.set.counts();
    return {
      ...this.#census,
      ...counts,
      retainedFiles: this.files.heirs.size === 0 ? -1 : inheritedFiles,
      series: this.layout.seriesCount,
      planChanges: this.changeCount,
      deadProcesses: this.writers?.known?.look.dead.length ?? -1,
    };
  }

  close(): void {
    this.writers?.close();
    this.files.close();
  }

  /** Lets problems and census be made anew when they are next asked for. */
  #look(): void {
    this.#problems = undefined;
    this.#census = undefined;
  }

  /** The files as they are now; the plan knows of those that came and went. */
  async #refresh(toPrint?: Printing): Promise<FilesRefreshed> {
    const change = await this.files.refresh(toPrint);
    for (const id of change.removed) this.plan.removeFile(id);
    for (const id of change.added) this.plan.addFile(id, this.files.files.get(id)!.name);
    return change;
  }

  /** Leaves out what the last look found to be of dead processes, and takes back what it found not to be. */
  #setAside(): void {
    const known = this.writers?.known;
    if (this.#deadProcesses === 'keep' || known === this.#setAsideBy) return;
    this.#setAsideBy = known;
    const { aside, floorSeconds } = leftOut(this.#deadProcesses, this.files.listed(), known);
    const moved = this.files.setAside(aside);
    for (const id of moved.aside) this.plan.removeFile(id);
    for (const id of moved.back) this.plan.addFile(id, this.files.files.get(id)!.name);
    this.files.setFloors(floorSeconds);
    if (moved.aside.length === 0 && moved.back.length === 0) return;
    this.#stale = true;
    this.#look();
  }

  async #replan(refreshed: Refreshed): Promise<void> {
    const { plan } = this;
    const { set } = this.files;
    for (const key of newKeys(refreshed)) plan.addKey(key);
    const survey = await set.survey(plan.familyOfKey, plan.familyCount);
    if (plan.define(survey)) this.#fillAllRows();
    else this.#fillNewRows(refreshed);
    const order = await set.order(plan.slotCount);
    if (
      isMostlyDead(plan.slotCount, order.length) ||
      isMostlyDead(plan.keyCount, survey.liveKeys)
    ) {
      return this.#startOver();
    }
    this.layout = plan.layOut(order);
    const { slotCount, bucketSlot, bucketEnd, countSlot } = this.layout;
    set.setLayout(slotCount, bucketSlot, bucketEnd, countSlot);
    this.changeCount++;
    this.#stale = false;
  }

  /** Makes the plan anew from the files there are; only what they name is in it then. */
  async #startOver(): Promise<void> {
    this.plan = this.#newPlan();
    for (const [id, { name }] of this.files.files) this.plan.addFile(id, name);
    this.files.compactKeys();
    const { refreshed } = await this.#refresh();
    await this.#replan(refreshed);
  }

  #newPlan(): Plan {
    const plan = new Plan(this.rules);
    for (const [id, name] of this.files.heirs) plan.addFile(id, name);
    return plan;
  }

  #fillNewRows({ id, entryFrom, entryCount, keyId }: Refreshed): void {
    const count = entryCount.map((entries, i) => entries - entryFrom[i]!);
    const slot = new Uint32Array(keyId.length);
    const operation = new Uint8Array(keyId.length);
    let from = 0;
    let at = 0;
    const isPlanned = (_: number, i: number) => this.plan.files.has(id[i]!);
    for (const [i, file] of id.entries()) {
      const keys = keyId.subarray(from, from + count[i]!);
      from += keys.length;
      // Set aside right after it was read.
      if (!isPlanned(file, i)) continue;
      this.plan.fillRows(file, entryFrom[i]!, keys, slot, operation, at);
      at += keys.length;
    }
    this.files.set.setRows(
      id.filter(isPlanned),
      entryFrom.filter(isPlanned),
      count.filter(isPlanned),
      slot.subarray(0, at),
      operation.subarray(0, at),
    );
  }

  #fillAllRows(): void {
    const ids = Uint32Array.from(this.plan.files.keys());
    const keyIds = Array.from(ids, (id) => this.files.set.keyIds(id));
    const count = Uint32Array.from(keyIds, (keys) => keys.length);
    const total = count.reduce((sum, n) => sum + n, 0);
    const slot = new Uint32Array(total);
    const operation = new Uint8Array(total);
    let at = 0;
    for (const [i, id] of ids.entries()) {
      this.plan.fillRows(id, 0, keyIds[i]!, slot, operation, at);
      at += keyIds[i]!.length;
    }
    this.files.set.setRows(ids, new Uint32Array(ids.length), count, slot, operation);
  }

  *#findProblems(nowSeconds: number): IterableIterator<MetricFileError> {
    yield* this.files.problems(nowSeconds);
    for (const id of this.plan.flawed) {
      const file = this.files.files.get(id);
      // Of an heir: told while the file was there.
      if (file === undefined || file.state === FILE_STATE.bad) continue;
      const { path } = file;
      const { unusable, repaired } = this.plan.files.get(id)!;
      const at = (entry: number) => ({ offset: this.files.set.entryOffset(id, entry) });
      for (const { entry, found } of unusable) {
        yield new MetricFileError('KEY_UNUSABLE', path, found, at(entry));
      }
      for (const { entry, found } of repaired) {
        yield new MetricFileError('TEXT_REPAIRED', path, found, at(entry));
      }
    }
    const { path } = this.files.directory;
    for (const { family, found } of this.plan.conflicts()) {
      yield new MetricFileError('FAMILY_CONFLICT', path, `${family} ${found}`);
    }
    for (const { family, found } of this.plan.labelsInUse()) {
      yield new MetricFileError('LABEL_IN_USE', path, `${family} ${found}`);
    }
    for (const { family, found } of nameCollisions(this.layout.families)) {
      yield new MetricFileError('NAMES_COLLIDE', path, `${family} ${found}`);
    }
    for (const { name, identical } of this.layout.families) {
      if (identical.length === 0) continue;
      const found = `${identical.length} series of ${name} print the same line as a later one`;
      yield new MetricFileError('SERIES_IDENTICAL', path, found);
    }
  }
}

function isMostlyDead(count: number, live: number): boolean {
  return count - live > DEAD_WEIGHT && count > 2 * live;
}

function* newKeys({ newKey, newKeyEnd }: Refreshed): IterableIterator<Key | UnusableKey> {
  let from = 0;
  for (const end of newKeyEnd) {
    yield parseKey(newKey.subarray(from, end));
    from = end;
  }
}
