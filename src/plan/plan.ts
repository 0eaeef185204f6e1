/**
 * The plan: which double in which file goes into which output series, and how.
 *
 *   entries ──(once, when a key appears)──▶ plan ──(every scrape)──▶ values
 *
 * A metric file only ever grows, and its keys never change; only the doubles do. So everything that
 * needs a key (finding the family and the series, choosing the operation, ordering the output)
 * happens here, once per key. A scrape is left with number columns to walk; see
 * src/scrape/scraper.ts.
 *
 * No I/O happens in src/plan/: entries come in as key ids, so every rule here is tested without a
 * file.
 */
import type { FileName } from '../format/filename.js';
import {
  isUnusable,
  type Key,
  type KeyFault,
  type Label,
  type UnusableKey,
} from '../format/key.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import { type AddedLabels, NO_LABELS } from './added-labels.js';
import { type Amounts, Budget, type Exceeded, NO_LIMITS } from './budget.js';
import { Family } from './family.js';
import type { LaidOutFamily } from './laid-out-family.js';
import { LargeMap } from './large-map.js';
import { type IsServed, type Layout, layOutAll, layOutFamily } from './layout.js';
import { OPERATION } from './operation.js';
import { EVERYTHING, type Prefixes, selectsKey } from './selection.js';
import { type Series, type SeriesShape, seriesShape } from './series.js';
import { isServed, NO_SERIES_RULES, type SeriesRules, servesAll } from './series-rules.js';

/** The slot of entries that count for nothing: folded into, never printed. */
export const SLOT_NOWHERE = 0;

/** Of a key that is unusable, or not selected. */
const FAMILY_NONE = -1;
/** Of a key that no admitted file has. */
const FAMILY_UNREAD = -2;
const SLOT_UNKNOWN = -1;

/** Parsed keys that are kept until the output is laid out. Keys beyond that are read a second time for their rows. */
const MAX_KEPT_KEYS = 65_536;

/** Flawed entries of a file that are reported one by one; further ones are only counted. */
const MAX_REPORTED_ENTRIES = 100;

/** Of a printed line: a number, a blank, a newline, and the quotes and signs around labels. */
const NUMBER_BYTES = 16;
const LABEL_BYTES = 4;

/** Files of these modes have a series of their own for each entry. */
const OWN_SERIES = /^(live)?all$/;

/** Where families begin, and which files decide them: columns, row f about family f. See src/native.ts. */
export interface FamilySurvey {
  readonly firstRank: Int32Array;
  readonly firstFile: Int32Array;
  readonly firstEntry: Int32Array;
  readonly firstKey: Int32Array;
  readonly lastFile: Int32Array;
  readonly firstModeFile: Int32Array;
  readonly lastModeFile: Int32Array;
}

/** An entry that counts for nothing, and why. */
export interface UnusableEntry {
  readonly entry: number;
  readonly fault: KeyFault;
  readonly found: string;
}

/** What the plan knows of a file. */
export interface PlannedFile {
  readonly name: FileName;
  readonly budget: Budget;
  readonly mustAdmit: boolean;
  /** Entries before this one were admitted. */
  admitted: number;
  /** Why entries from there on are left out. */
  exceeded: Exceeded | undefined;
  /** Left out, in entry order; the first MAX_REPORTED_ENTRIES. */
  readonly unusable: UnusableEntry[];
  /** All that are left out, by reason. */
  readonly unusableCount: Map<KeyFault, number>;
  /** Served after repair, in entry order; the first MAX_REPORTED_ENTRIES. */
  readonly repaired: { readonly entry: number; readonly found: string }[];
}

/** Reads a key by its id, at any time. */
export type ReadKey = (keyId: number) => Key | UnusableKey;

/** What the operator configured. */
export interface PlanRules {
  readonly prefixes: Prefixes;
  readonly labels: AddedLabels;
  /** None where absent. */
  readonly series?: SeriesRules;
}

/** The rows of a file, row i at slot[at + i] and operation[at + i]. */
interface Rows {
  readonly isGauge: boolean;
  readonly keyId: Uint32Array;
  readonly slot: Uint32Array;
  readonly operation: Uint8Array;
  readonly at: number;
}

export const NO_RULES: PlanRules = { prefixes: EVERYTHING, labels: NO_LABELS };

export class Plan {
  readonly #rules: PlanRules;
  readonly #seriesRules: SeriesRules;
  readonly #isServed: IsServed | undefined;
  readonly #readKey: ReadKey;
  readonly #budget: Budget;
  readonly files = new Map<number, PlannedFile>();
  /** Ids of the files with unusable or repaired entries. */
  readonly flawed = new Set<number>();
  /** Ids of the files of which entries are left out because they went beyond a limit. */
  readonly exceeding = new Set<number>();
  #keyCount = 0;
  /** Keys that were parsed recently. */
  readonly #keptKeys = new Map<number, Key | UnusableKey>();
  readonly #repairedKeys = new Set<number>();
  readonly #families: Family[] = [];
  readonly #familyByName = new LargeMap<number>();
  readonly #labelNames = new Set<string>();
  /** Column over keys: index into #families, FAMILY_NONE or FAMILY_UNREAD. */
  #familyOfKey = new Int32Array(1024).fill(FAMILY_UNREAD);
  /** Column over keys: slot where the process id does not matter; SLOT_UNKNOWN until first needed. */
  #slotOfKey = new Int32Array(1024).fill(SLOT_UNKNOWN);
  /** The rows made last, where another file with the same keys would get the same rows. */
  #reusableRows: Rows | undefined;
  /** By slot; slot 0 is SLOT_NOWHERE. */
  readonly #series: (Series | undefined)[] = [undefined];
  /** Column over slots. */
  #familyOfSlot = new Int32Array(1024).fill(FAMILY_NONE);
  #layout: Layout | undefined;

  /** @param budget of the source; what the plan takes of it is given back by close() */
  constructor(
    readKey: ReadKey,
    rules: PlanRules = NO_RULES,
    budget: Budget = new Budget('source', NO_LIMITS),
  ) {
    this.#readKey = readKey;
    this.#rules = rules;
    this.#seriesRules = rules.series ?? NO_SERIES_RULES;
    this.#isServed = servedBy(this.#seriesRules);
    this.#budget = budget;
  }

  /** Keys that were ever admitted have ids below. */
  get keyCount(): number {
    return this.#keyCount;
  }

  get slotCount(): number {
    return this.#series.length;
  }

  get familyCount(): number {
    return this.#families.length;
  }

  /** Column over keys, as FileSet.survey takes it. */
  get familyOfKey(): Int32Array {
    return this.#familyOfKey.subarray(0, this.#keyCount);
  }

  /** Keys whose text was repaired. */
  get repairedKeys(): ReadonlySet<number> {
    return this.#repairedKeys;
  }

  /** Families that the files disagree about. */
  *conflicts(): IterableIterator<{ family: string; found: string }> {
    for (const { name, conflict, firstRank } of this.#families) {
      if (conflict !== undefined && firstRank >= 0) yield { family: name, found: conflict };
    }
  }

  /** Families that have a label with the name of the source label. */
  *labelsInUse(): IterableIterator<{ family: string; found: string }> {
    const name = this.#rules.labels.source?.[0];
    for (const { name: family, hasSourceLabel, firstRank } of this.#families) {
      if (!hasSourceLabel || firstRank < 0) continue;
      yield { family, found: `has a label ${name} of its own, as the source's label is called` };
    }
  }

  /** Families for which something that was asked for is not done. */
  *refusedRules(): IterableIterator<{ family: string; found: string }> {
    for (const { exposedName, refused, firstRank } of this.#families) {
      if (firstRank < 0) continue;
      for (const found of refused) yield { family: exposedName, found };
    }
  }

  /**
   * @param limits of one file; undefined for a retained file, which is always admitted: its values have been served
   */
  addFile(id: number, name: FileName, limits?: Amounts): void {
    this.files.set(id, {
      name,
      budget: new Budget('file', limits ?? NO_LIMITS, this.#budget),
      mustAdmit: limits === undefined,
      admitted: 0,
      exceeded: undefined,
      unusable: [],
      unusableCount: new Map(),
      repaired: [],
    });
  }

  removeFile(id: number): void {
    this.files.delete(id);
    this.flawed.delete(id);
    this.exceeding.delete(id);
  }

  /** What the plan takes of the budget. */
  get used(): Amounts {
    return this.#budget.used;
  }

  /** Gives back what the plan takes of the budget. The plan cannot be used afterwards. */
  close(): void {
    this.#budget.reset();
  }

  /**
   * Reads the keys of a file that no file before it has, as long as they are within budget.
   *
   * A file with an entry that does not fit is not admitted at all, unless it was admitted before: then only
   * its further entries are left out.
   *
   * @param from index of the first of these entries in the file; 0 for a file that is read anew
   * @returns the limit that was reached; undefined where all entries were admitted
   */
  *admit(id: number, from: number, keyId: Uint32Array): Steps<Exceeded | undefined> {
    const file = this.files.get(id)!;
    if (from > 0 && file.exceeded !== undefined) return file.exceeded;
    const before: Admitted = {
      used: file.budget.used,
      families: this.#families.length,
      keyIds: [],
      labelNames: [],
    };
    const isOwn = hasOwnSeries(file);
    let exceeded: Exceeded | undefined;
    let i = 0;
    for (; i < keyId.length; i++) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const key = keyId[i]!;
      // Nearly every key was read with an earlier file.
      const known = this.#familyOfKey[key] ?? FAMILY_UNREAD;
      if (known === FAMILY_NONE) continue;
      if (known !== FAMILY_UNREAD && (!isOwn || this.#families[known]!.losesPid)) continue;
      exceeded = this.#admitKey(key, file, before);
      if (exceeded !== undefined) break;
    }
    file.exceeded = exceeded;
    if (exceeded === undefined) this.exceeding.delete(id);
    else this.exceeding.add(id);
    if (exceeded === undefined || from > 0) file.admitted = from + i;
    else yield* this.#takeBack(file, before);
    return exceeded;
  }

  /**
   * Has the current files decide the type, help and mode of every family.
   *
   * @returns whether some family changed its rule: then every file's rows must be made anew
   */
  *define(survey: FamilySurvey): Steps<boolean> {
    this.#reusableRows = undefined;
    let mustReslot = false;
    const changed = new Set<number>();
    for (const [f, family] of this.#families.entries()) {
      if (f % ITEMS_PER_STEP === 0) yield;
      family.firstRank = survey.firstRank[f]!;
      family.firstEntry = survey.firstEntry[f]!;
      if (family.firstRank < 0) continue;
      const nameOf = (id: number) => this.files.get(id)?.name;
      const first = nameOf(survey.firstFile[f]!)!;
      const lastGauge = nameOf(survey.lastModeFile[f]!);
      const firstKey = survey.firstKey[f]!;
      family.conflict = conflictBetween(
        first,
        nameOf(survey.lastFile[f]!)!,
        nameOf(survey.firstModeFile[f]!),
        lastGauge,
      );
      if (family.isDefinedBy(first, firstKey, lastGauge)) continue;
      const key = this.#key(firstKey) as Key;
      if (family.define(first, firstKey, key, lastGauge, this.#seriesRules)) {
        changed.add(f);
        mustReslot = family.dropSeries() || mustReslot;
      }
    }
    if (changed.size === 0) return false;
    for (let key = 0; key < this.#keyCount; key++) {
      if (key % (ITEMS_PER_STEP * 16) === 0) yield;
      if (changed.has(this.#familyOfKey[key]!)) this.#slotOfKey[key] = SLOT_UNKNOWN;
    }
    return mustReslot;
  }

  /**
   * Makes the rows of a file: fills slot[at..] and operation[at..], one row for each key id. The columns
   * must not change until the next call: files of one program have the same keys, and the rows of such a file are copied
   * from those of the file before.
   *
   * @param from index of the first of these entries in the file; 0 makes the file's rows anew
   */
  *fillRows(
    id: number,
    from: number,
    keyId: Uint32Array,
    slot: Uint32Array,
    operation: Uint8Array,
    at: number,
  ): Steps<void> {
    const file = this.files.get(id)!;
    if (from === 0) {
      file.unusable.length = 0;
      file.unusableCount.clear();
      file.repaired.length = 0;
      this.flawed.delete(id);
    }
    const processId = file.name.type === 'gauge' ? file.name.processId : undefined;
    const isGauge = processId !== undefined;
    const rows = { isGauge, keyId, slot, operation, at };
    if (this.#reusableRows !== undefined && copyRows(this.#reusableRows, rows)) return;

    const isAsKnown =
      this.#repairedKeys.size === 0 && (file.exceeded === undefined || !hasOwnSeries(file));
    let isOwn = false;
    for (let i = 0; i < keyId.length; i++) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const key = keyId[i]!;
      const known = isAsKnown ? this.#sharedSlot(key, isGauge) : SLOT_NOWHERE;
      if (known !== SLOT_NOWHERE) {
        slot[at + i] = known;
        operation[at + i] = this.#series[known]!.operation;
        continue;
      }
      const familyId = this.#familyOfKey[key] ?? FAMILY_UNREAD;
      const isBeyond =
        file.exceeded !== undefined && from + i >= file.admitted && hasOwnSeries(file);
      if (familyId === FAMILY_UNREAD || isBeyond) {
        slot[at + i] = SLOT_NOWHERE;
        operation[at + i] = OPERATION.sum;
        continue;
      }
      const family = this.#families[familyId];
      isOwn ||= isGauge && family?.rule.dropsPid === false;
      // The reference takes timestamps from gauge files only: to it, others were never set.
      const isUnstamped =
        processId === undefined && family?.rule.operation === OPERATION.mostRecent;
      const found = isUnstamped ? SLOT_NOWHERE : this.#slotFor(family, key, processId);
      slot[at + i] = found;
      operation[at + i] = this.#series[found]?.operation ?? OPERATION.sum;
      if ((found === SLOT_NOWHERE && !isUnstamped) || this.#repairedKeys.has(key)) {
        isOwn = this.#noteFlaw(id, file, from + i, key, family) || isOwn;
      }
    }
    this.#reusableRows = isOwn ? undefined : rows;
  }

  /**
   * Orders the output.
   *
   * @param order all slots that have a row, first seen first (FileSet.order)
   * @returns the same object as last time when nothing changed
   */
  *layOut(order: Uint32Array): Steps<Layout> {
    // It would keep the columns of all files in memory.
    this.#reusableRows = undefined;
    const slotsOf = yield* this.#slotsByFamily(order);
    const families: LaidOutFamily[] = [];
    const intern = this.#intern.bind(this);
    const seriesAt = (slot: number) => this.#series[slot]!;
    for (const [i, f] of this.#familiesInOrder().entries()) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const family = this.#families[f]!;
      const laidOut = yield* layOutFamily(family, slotsOf(f), seriesAt, intern, this.#isServed);
      family.laidOut = laidOut;
      // A family of which nothing is served has no HELP and no TYPE, either.
      if (laidOut.series.length > 0 || laidOut.leftOut.length === 0) families.push(laidOut);
    }
    this.#keptKeys.clear();
    const last = this.#layout;
    const isAsLast = last?.slotCount === this.slotCount && areSame(families, last.families);
    this.#layout = isAsLast ? last : yield* layOutAll(families, this.slotCount);
    return this.#layout;
  }

  /** The slots of each family, in the order given. */
  *#slotsByFamily(order: Uint32Array): Steps<(family: number) => Uint32Array> {
    const begin = new Uint32Array(this.#families.length + 1);
    for (let i = 0; i < order.length; i++) {
      if (i % (ITEMS_PER_STEP * 16) === 0) yield;
      begin[this.#familyOfSlot[order[i]!]! + 1]! += 1;
    }
    for (let f = 0; f < this.#families.length; f++) begin[f + 1]! += begin[f]!;
    const next = begin.slice();
    const slot = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) {
      if (i % (ITEMS_PER_STEP * 16) === 0) yield;
      const family = this.#familyOfSlot[order[i]!]!;
      slot[next[family]!] = order[i]!;
      next[family]! += 1;
    }
    // Copies: an unchanged family keeps its slots, and must not keep those of all others in memory.
    return (family) => slot.slice(begin[family]!, begin[family + 1]!);
  }

  /** Indexes of the families that a file has, in output order. */
  #familiesInOrder(): number[] {
    const present: number[] = [];
    for (const [f, { firstRank }] of this.#families.entries()) if (firstRank >= 0) present.push(f);
    const compare = (a: number, b: number) => compareFirst(this.#families[a]!, this.#families[b]!);
    // They usually are in order, and sorting 100,000 takes 60 ms.
    const isInOrder = present.every((f, i) => i === 0 || compare(present[i - 1]!, f) <= 0);
    return isInOrder ? present : present.sort(compare);
  }

  /**
   * Reads a key that no file had before, or of which this file has a series of its own, and counts what it adds.
   *
   * @returns the limit that was reached; nothing is changed then
   */
  #admitKey(keyId: number, file: PlannedFile, before: Admitted): Exceeded | undefined {
    while (keyId >= this.#familyOfKey.length) {
      this.#familyOfKey = grown(this.#familyOfKey, FAMILY_UNREAD);
      this.#slotOfKey = grown(this.#slotOfKey, SLOT_UNKNOWN);
    }
    this.#keyCount = Math.max(this.#keyCount, keyId + 1);
    const known = this.#familyOfKey[keyId]!;
    const key = this.#key(keyId);
    if (isUnusable(key) || !selectsKey(this.#rules.prefixes, key)) {
      this.#familyOfKey[keyId] = FAMILY_NONE;
      this.#slotOfKey[keyId] = SLOT_NOWHERE;
      before.keyIds.push(keyId);
      return undefined;
    }

    const { budget } = file;
    const family = this.#familyByName.get(key.family);
    const families = family === undefined ? 1 : 0;
    const bytes = lineBytes(key);
    const isNew = ([name]: Label) => !this.#labelNames.has(name);
    const names = key.labels.some(isNew) ? key.labels.filter(isNew) : [];
    if (!file.mustAdmit) {
      const exceeded =
        budget.exceededBy('series', 1) ??
        budget.exceededBy('page-bytes', bytes) ??
        budget.exceededBy('families', families) ??
        budget.exceededBy('label-names', names.length);
      if (exceeded !== undefined) return exceeded;
    }
    budget.add('series', 1);
    budget.add('page-bytes', bytes);
    budget.add('families', families);
    budget.add('label-names', names.length);
    for (const [name] of names) {
      this.#labelNames.add(name);
      before.labelNames.push(name);
    }
    if (known === FAMILY_UNREAD) {
      if (key.repaired !== undefined) this.#repairedKeys.add(keyId);
      this.#familyOfKey[keyId] = family ?? this.#addFamily(key.family);
      before.keyIds.push(keyId);
    }
    return undefined;
  }

  #addFamily(name: string): number {
    const losesPid = this.#seriesRules.gaugeModes.has(name);
    const family = this.#families.push(new Family(name, losesPid)) - 1;
    this.#familyByName.add(name, family);
    return family;
  }

  /** Undoes the admission of a file that does not fit. */
  *#takeBack(
    { budget }: PlannedFile,
    { used, families, keyIds, labelNames }: Admitted,
  ): Steps<void> {
    budget.reset(used);
    for (const [i, keyId] of keyIds.entries()) {
      if (i % ITEMS_PER_STEP === 0) yield;
      this.#familyOfKey[keyId] = FAMILY_UNREAD;
      this.#slotOfKey[keyId] = SLOT_UNKNOWN;
      this.#repairedKeys.delete(keyId);
      this.#keptKeys.delete(keyId);
    }
    for (const name of labelNames) this.#labelNames.delete(name);
    while (this.#families.length > families) {
      yield;
      this.#familyByName.delete(this.#families.pop()!.name);
    }
  }

  #key(id: number): Key | UnusableKey {
    let key = this.#keptKeys.get(id);
    if (key === undefined) {
      key = this.#readKey(id);
      if (this.#keptKeys.size >= MAX_KEPT_KEYS) this.#keptKeys.clear();
      this.#keptKeys.set(id, key);
    }
    return key;
  }

  /**
   * @param family undefined for a key that is unusable or not selected
   * @param processId of a gauge file
   */
  #slotFor(family: Family | undefined, keyId: number, processId: string | undefined): number {
    if (processId !== undefined && family !== undefined && !family.rule.dropsPid) {
      const shape = this.#shapeOf(family, keyId);
      return shape === undefined ? SLOT_NOWHERE : this.#intern(family, shape, processId).slot;
    }

    // The same for all files, so remembered by key.
    const known = this.#slotOfKey[keyId]!;
    if (known !== SLOT_UNKNOWN) return known;
    const shape = this.#shapeOf(family!, keyId);
    const slot = shape === undefined ? SLOT_NOWHERE : this.#intern(family!, shape, undefined).slot;
    this.#slotOfKey[keyId] = slot;
    return slot;
  }

  /**
   * The slot of a key that an earlier file has, if it is the same for this file: what slotFor() and the checks around it
   * come to for nearly every entry.
   *
   * @returns SLOT_NOWHERE where that is still to be found
   */
  #sharedSlot(keyId: number, isGauge: boolean): number {
    const slot = this.#slotOfKey[keyId] ?? SLOT_UNKNOWN;
    if (slot <= SLOT_NOWHERE) return SLOT_NOWHERE;
    const { dropsPid, operation } = this.#families[this.#familyOfKey[keyId]!]!.rule;
    const isSame = isGauge ? dropsPid : operation !== OPERATION.mostRecent;
    return isSame ? slot : SLOT_NOWHERE;
  }

  #shapeOf({ name, rule }: Family, keyId: number): SeriesShape | undefined {
    return seriesShape(name, rule, this.#key(keyId) as Key);
  }

  #intern(family: Family, shape: SeriesShape, processId: string | undefined): Series {
    const kind = family.kindOf(shape, processId !== undefined, this.#rules.labels);
    const known = kind.find(processId, shape);
    if (known !== undefined) return known;
    const slot = this.#series.length;
    const series = kind.make(slot, processId, shape);
    this.#series.push(series);
    if (slot >= this.#familyOfSlot.length) {
      this.#familyOfSlot = grown(this.#familyOfSlot, FAMILY_NONE);
    }
    this.#familyOfSlot[slot] = this.#familyByName.get(family.name)!;
    return series;
  }

  /**
   * Records an entry that counts for nothing or was repaired.
   *
   * @returns whether it is one of these; an entry that is only not selected is not
   */
  #noteFlaw(
    id: number,
    file: PlannedFile,
    entry: number,
    keyId: number,
    family: Family | undefined,
  ): boolean {
    const key = this.#key(keyId);
    const isLeftOut = family === undefined && !isUnusable(key);
    if (isLeftOut) return false;
    this.flawed.add(id);
    if (!isUnusable(key) && key.repaired !== undefined) {
      if (file.repaired.length < MAX_REPORTED_ENTRIES) {
        file.repaired.push({ entry, found: key.repaired });
      }
      return true;
    }
    const { fault, found } = isUnusable(key) ? key : unusableBound(key);
    file.unusableCount.set(fault, (file.unusableCount.get(fault) ?? 0) + 1);
    if (file.unusable.length < MAX_REPORTED_ENTRIES) file.unusable.push({ entry, fault, found });
    return true;
  }
}

/** A slot is of one series for good: that is selected once, and not at each layout. */
function servedBy(rules: SeriesRules): IsServed | undefined {
  if (servesAll(rules)) return undefined;
  let isServedAt = new Int32Array(1024).fill(UNKNOWN);
  return (exposedName, series) => {
    const { slot } = series;
    while (slot >= isServedAt.length) isServedAt = grown(isServedAt, UNKNOWN);
    if (isServedAt[slot] === UNKNOWN) {
      isServedAt[slot] = Number(isServed(rules, exposedName, series));
    }
    return isServedAt[slot] === 1;
  };
}

const UNKNOWN = -1;

/** What the admission of a file added, and what the file took before, so that it can be undone. */
interface Admitted {
  readonly used: Amounts;
  /** Families from this number on. */
  readonly families: number;
  readonly keyIds: number[];
  readonly labelNames: string[];
}

function hasOwnSeries({ name: { type, mode = 'all' } }: PlannedFile): boolean {
  return type === 'gauge' && OWN_SERIES.test(mode);
}

function unusableBound({ labels }: Key): { fault: KeyFault; found: string } {
  const le = labels.find(([name]) => name === 'le')?.[1];
  return { fault: 'le', found: `le ${JSON.stringify(le)} is not a number` };
}

function lineBytes({ sampleName, labels }: Key): number {
  let bytes = Buffer.byteLength(sampleName) + NUMBER_BYTES;
  for (const [name, value] of labels) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + LABEL_BYTES;
  }
  return bytes;
}

function compareFirst(a: Family, b: Family): number {
  return a.firstRank - b.firstRank || a.firstEntry - b.firstEntry;
}

/**
 * What the files of a family disagree about. Files of one type, and gauge files of one mode, follow
 * one another in name order, so the first and the last tell.
 */
function conflictBetween(
  first: FileName,
  last: FileName,
  firstGauge: FileName | undefined,
  lastGauge: FileName | undefined,
): string | undefined {
  if (first.type !== last.type) {
    return `is a ${first.type} in some files and a ${last.type} in others; served as ${first.type}`;
  }
  if (firstGauge?.mode !== lastGauge?.mode) {
    return `has mode ${firstGauge?.mode} in some files and ${lastGauge?.mode} in others; served as ${lastGauge?.mode}`;
  }
  return undefined;
}

function areSame(a: readonly LaidOutFamily[], b: readonly LaidOutFamily[]): boolean {
  return a.length === b.length && a.every((family, i) => family === b[i]);
}

/** @returns whether the keys are the same, so that the rows were copied */
function copyRows(from: Rows, to: Rows): boolean {
  const { length } = from.keyId;
  if (from.isGauge !== to.isGauge || !bytesOf(from.keyId).equals(bytesOf(to.keyId))) return false;
  to.slot.set(from.slot.subarray(from.at, from.at + length), to.at);
  to.operation.set(from.operation.subarray(from.at, from.at + length), to.at);
  return true;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function grown(column: Int32Array<ArrayBuffer>, fill: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(column.length * 2).fill(fill);
  larger.set(column);
  return larger;
}
