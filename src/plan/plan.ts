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
import { isUnusable, type Key, type KeyFault, type UnusableKey } from '../format/key.js';
import { type AddedLabels, meets, NO_LABELS, withAdded } from './added-labels.js';
import { Family } from './family.js';
import { type LaidOutFamily, layOutFamily } from './layout.js';
import { OPERATION } from './operation.js';
import { EVERYTHING, type Prefixes, selectsKey } from './selection.js';
import { type Series, type SeriesShape, seriesOf, seriesShape } from './series.js';

/** The slot of entries that count for nothing: folded into, never printed. */
export const SLOT_NOWHERE = 0;

const FAMILY_NONE = -1;
const SLOT_UNKNOWN = -1;

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
  /** Left out, in entry order. */
  readonly unusable: UnusableEntry[];
  /** Served after mending, in entry order. */
  readonly repaired: { readonly entry: number; readonly found: string }[];
}

/** The output in order, and how its buckets accumulate. Immutable: a layout that stays keeps its object. */
export interface Layout {
  readonly families: readonly LaidOutFamily[];
  readonly seriesCount: number;
  /** As FileSet.setLayout takes them. */
  readonly slotCount: number;
  readonly bucketSlot: Uint32Array;
  readonly bucketEnd: Uint32Array;
  readonly countSlot: Uint32Array;
}

/** What the operator wants of it, whatever the files say. */
export interface PlanRules {
  readonly prefixes: Prefixes;
  readonly labels: AddedLabels;
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
  readonly files = new Map<number, PlannedFile>();
  /** Ids of the files with unusable or repaired entries. */
  readonly flawed = new Set<number>();
  readonly #keys: (Key | UnusableKey)[] = [];
  readonly #repairedKeys = new Set<number>();
  readonly #families: Family[] = [];
  readonly #familyByName = new Map<string, number>();
  /** Column over keys: index into #families, FAMILY_NONE for an unusable key. */
  #familyOfKey = new Int32Array(1024).fill(FAMILY_NONE);
  /** Column over keys: slot where the process id does not matter; SLOT_UNKNOWN until first needed. */
  #slotOfKey = new Int32Array(1024).fill(SLOT_UNKNOWN);
  /** By key; undefined until first needed, null where the bound is no number. */
  readonly #shapeOfKey: (SeriesShape | null | undefined)[] = [];
  /** The rows made last, where another file with the same keys would have the same. */
  #alike: Rows | undefined;
  /** By slot; slot 0 is SLOT_NOWHERE. */
  readonly #series: (Series | undefined)[] = [undefined];
  readonly #familyOfSlot: number[] = [FAMILY_NONE];
  #layout: Layout | undefined;

  constructor(rules: PlanRules = NO_RULES) {
    this.#rules = rules;
  }

  get keyCount(): number {
    return this.#keys.length;
  }

  get slotCount(): number {
    return this.#series.length;
  }

  get familyCount(): number {
    return this.#families.length;
  }

  /** Column over keys, as FileSet.survey takes it. */
  get familyOfKey(): Int32Array {
    return this.#familyOfKey.subarray(0, this.#keys.length);
  }

  /** Families that the files disagree about. */
  *conflicts(): IterableIterator<{ family: string; found: string }> {
    for (const { name, conflict, firstRank } of this.#families) {
      if (conflict !== undefined && firstRank >= 0) yield { family: name, found: conflict };
    }
  }

  /** Families with a label of the name that the source's label has. */
  *labelsInUse(): IterableIterator<{ family: string; found: string }> {
    const name = this.#rules.labels.source?.[0];
    for (const { name: family, hasSourceLabel, firstRank } of this.#families) {
      if (!hasSourceLabel || firstRank < 0) continue;
      yield { family, found: `has a label ${name} of its own, as the source's label is called` };
    }
  }

  addFile(id: number, name: FileName): void {
    this.files.set(id, { name, unusable: [], repaired: [] });
  }

  removeFile(id: number): void {
    this.files.delete(id);
    this.flawed.delete(id);
  }

  /** Takes the next key; ids are given in the order of these calls, from 0. */
  addKey(key: Key | UnusableKey): void {
    const id = this.#keys.push(key) - 1;
    if (id >= this.#familyOfKey.length) {
      this.#familyOfKey = grown(this.#familyOfKey, FAMILY_NONE);
      this.#slotOfKey = grown(this.#slotOfKey, SLOT_UNKNOWN);
    }
    if (isUnusable(key) || !selectsKey(this.#rules.prefixes, key)) {
      this.#slotOfKey[id] = SLOT_NOWHERE;
      return;
    }
    if (key.repaired !== undefined) this.#repairedKeys.add(id);
    let family = this.#familyByName.get(key.family);
    if (family === undefined) {
      family = this.#families.push(new Family(key.family)) - 1;
      this.#familyByName.set(key.family, family);
    }
    this.#families[family]!.keyIds.push(id);
    this.#familyOfKey[id] = family;
  }

  /**
   * Lets the files of now decide every family's type, help and mode.
   *
   * @returns whether some family changed its rule: then every file's rows must be made anew
   */
  define(survey: FamilySurvey): boolean {
    this.#alike = undefined;
    let mustReslot = false;
    for (const [f, family] of this.#families.entries()) {
      family.firstRank = survey.firstRank[f]!;
      family.firstEntry = survey.firstEntry[f]!;
      if (family.firstRank < 0) continue;
      const nameOf = (id: number) => this.files.get(id)?.name;
      const first = nameOf(survey.firstFile[f]!)!;
      const lastGauge = nameOf(survey.lastModeFile[f]!);
      family.conflict = conflictBetween(
        first,
        nameOf(survey.lastFile[f]!)!,
        nameOf(survey.firstModeFile[f]!),
        lastGauge,
      );
      if (family.define(first, this.#keys[survey.firstKey[f]!] as Key, lastGauge)) {
        for (const keyId of family.keyIds) {
          this.#slotOfKey[keyId] = SLOT_UNKNOWN;
          this.#shapeOfKey[keyId] = undefined;
        }
        mustReslot = family.dropSeries() || mustReslot;
      }
    }
    return mustReslot;
  }

  /**
   * Makes the rows of a file: fills slot[at..] and operation[at..], one row for each key id. The columns
   * must stay as they are until the next call: files of one program are alike, and copied from each other.
   *
   * @param from index of the first of these entries in the file; 0 makes the file's rows anew
   */
  fillRows(
    id: number,
    from: number,
    keyId: Uint32Array,
    slot: Uint32Array,
    operation: Uint8Array,
    at: number,
  ): void {
    const file = this.files.get(id)!;
    if (from === 0) {
      file.unusable.length = 0;
      file.repaired.length = 0;
      this.flawed.delete(id);
    }
    const processId = file.name.type === 'gauge' ? file.name.processId : undefined;
    const isGauge = processId !== undefined;
    const rows = { isGauge, keyId, slot, operation, at };
    if (this.#alike !== undefined && copyRows(this.#alike, rows)) return;

    let isOwn = false;
    for (let i = 0; i < keyId.length; i++) {
      const key = keyId[i]!;
      const family = this.#families[this.#familyOfKey[key]!];
      isOwn ||= isGauge && family?.rule.dropsPid === false;
      // The reference takes timestamps from gauge files only: to it, others were never set.
      const isUnstamped =
        processId === undefined && family?.rule.operation === OPERATION.mostRecent;
      const found = isUnstamped ? SLOT_NOWHERE : this.#slotFor(family, key, processId);
      slot[at + i] = found;
      operation[at + i] = this.#series[found]?.shape.operation ?? OPERATION.sum;
      if ((found === SLOT_NOWHERE && !isUnstamped) || this.#repairedKeys.has(key)) {
        const isLeftOut = family === undefined && !isUnusable(this.#keys[key]!);
        if (isLeftOut) continue;
        this.flawed.add(id);
        this.#note(file, from + i, key);
        isOwn = true;
      }
    }
    this.#alike = isOwn ? undefined : rows;
  }

  /**
   * Orders the output.
   *
   * @param order all slots that have a row, first seen first (FileSet.order)
   * @returns the same object as last time when nothing changed
   */
  layOut(order: Uint32Array): Layout {
    // Its columns are those of all files.
    this.#alike = undefined;
    const seen = new Map<number, number[]>();
    for (const slot of order) {
      const family = this.#familyOfSlot[slot]!;
      const slots = seen.get(family);
      if (slots === undefined) seen.set(family, [slot]);
      else slots.push(slot);
    }

    const present = [...this.#families.entries()].filter(([, family]) => family.firstRank >= 0);
    present.sort(([, a], [, b]) => a.firstRank - b.firstRank || a.firstEntry - b.firstEntry);
    const intern = this.#intern.bind(this);
    const families = present.map(([f, family]) => {
      const slots = Uint32Array.from(seen.get(f) ?? []);
      const series = Array.from(slots, (slot) => this.#series[slot]!);
      family.laidOut = layOutFamily(family, slots, series, intern);
      return family.laidOut;
    });
    const last = this.#layout;
    const isAsLast = last?.slotCount === this.slotCount && areSame(families, last.families);
    this.#layout = isAsLast ? last : layoutOf(families, this.slotCount);
    return this.#layout;
  }

  /**
   * @param family undefined for a key that is unusable or not selected
   * @param processId of a gauge file
   */
  #slotFor(family: Family | undefined, keyId: number, processId: string | undefined): number {
    if (processId !== undefined && family !== undefined && !family.rule.dropsPid) {
      const shape = this.#shapeFor(family, keyId);
      if (shape === undefined) return SLOT_NOWHERE;
      if (shape.labels.some(([name]) => name === 'pid')) family.mayRepeat = true;
      return this.#intern(family, shape, processId).slot;
    }

    // The same for all files, so remembered by key.
    const known = this.#slotOfKey[keyId]!;
    if (known !== SLOT_UNKNOWN) return known;
    const shape = this.#shapeFor(family!, keyId);
    const slot = shape === undefined ? SLOT_NOWHERE : this.#intern(family!, shape, undefined).slot;
    this.#slotOfKey[keyId] = slot;
    return slot;
  }

  #shapeFor(family: Family, keyId: number): SeriesShape | undefined {
    let shape = this.#shapeOfKey[keyId];
    if (shape === undefined) {
      shape = seriesShape(family.name, family.rule, this.#keys[keyId] as Key) ?? null;
      this.#shapeOfKey[keyId] = shape;
    }
    return shape ?? undefined;
  }

  #intern(family: Family, shape: SeriesShape, processId: string | undefined): Series {
    const known = family.seriesOf(processId).get(shape.identity);
    if (known !== undefined) return known;
    const series = this.#labelled(family, seriesOf(shape, this.#series.length, processId));
    this.#series.push(series);
    this.#familyOfSlot.push(this.#familyByName.get(family.name)!);
    family.seriesOf(processId).set(shape.identity, series);
    return series;
  }

  #labelled(family: Family, series: Series): Series {
    const { labels: added } = this.#rules;
    if (added.fixed.length === 0 && added.source === undefined) return series;
    if (meets(added, series.labels)) family.mayRepeat = true;
    if (series.labels.some(([name]) => name === added.source?.[0])) family.hasSourceLabel = true;
    return { ...series, labels: withAdded(added, series.labels) };
  }

  /** Records an entry that counts for nothing or was mended. */
  #note(file: PlannedFile, entry: number, keyId: number): void {
    const key = this.#keys[keyId]!;
    if (isUnusable(key)) {
      file.unusable.push({ entry, fault: key.fault, found: key.found });
    } else if (key.repaired !== undefined) {
      file.repaired.push({ entry, found: key.repaired });
    } else {
      const le = key.labels.find(([name]) => name === 'le')?.[1];
      file.unusable.push({ entry, fault: 'le', found: `le ${JSON.stringify(le)} is no number` });
    }
  }
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

function layoutOf(families: readonly LaidOutFamily[], slotCount: number): Layout {
  const histograms = families.flatMap((family) => family.histograms);
  let end = 0;
  return {
    families,
    seriesCount: families.reduce((sum, { series }) => sum + series.length, 0),
    slotCount,
    bucketSlot: Uint32Array.from(histograms.flatMap(({ buckets }) => buckets.map(slotOf))),
    bucketEnd: Uint32Array.from(histograms, ({ buckets }) => {
      end += buckets.length;
      return end;
    }),
    countSlot: Uint32Array.from(histograms, ({ count }) => slotOf(count)),
  };
}

function slotOf({ slot }: Series): number {
  return slot;
}

/** @returns whether the keys were the same, so that the rows are */
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
