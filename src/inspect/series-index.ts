/**
 * The families and series that a scrape of a reading would have, by the same plan, but with the value of each
 * process; and what the files say of each family.
 *
 * src/plan/ decides to which series an entry belongs, and by which operation it joins; plan/join.ts joins the values.
 */
import type { MetricType } from '../format/filename.js';
import { isUnusable, type Key } from '../format/key.js';
import type { Layout } from '../plan/layout.js';
import { type MergeRule, mergeRule } from '../plan/operation.js';
import { type FamilySurvey, Plan, SLOT_NOWHERE } from '../plan/plan.js';
import type { Series } from '../plan/series.js';
import { atOnce } from '../steps.js';
import type { KeyTable } from './key-table.js';
import type { ReadEntry, ReadFile, Reading } from './reading.js';

/** One entry's part in a series. */
export interface Contribution {
  readonly file: ReadFile;
  readonly entry: ReadEntry;
}

/** A family as the files have it. */
export interface IndexedFamily {
  /** As named in the keys; the output may rename it. */
  readonly name: string;
  /** Of the first file that has the family. */
  readonly type: MetricType;
  /** Of the last gauge file that has the family. */
  readonly mode: string | undefined;
  /** Of the first entry. */
  readonly help: string;
  readonly rule: MergeRule;
  /** What the files say, and the first file that says it. */
  readonly types: ReadonlyMap<string, ReadFile>;
  readonly modes: ReadonlyMap<string, ReadFile>;
  readonly helps: ReadonlyMap<string, ReadFile>;
  /** All series with an entry, first seen first, including those that print the same line. */
  readonly series: readonly Series[];
  /** Those left out because a later one prints the same line. */
  readonly identical: readonly Series[];
  /** Buckets whose bound is not a number; they count for nothing. */
  readonly unusable: readonly Contribution[];
}

const NO_SERIES: Pick<IndexedFamily, 'series' | 'identical'> = { series: [], identical: [] };

/** Damaged files are left out, as in a scrape. */
export class SeriesIndex {
  readonly layout: Layout;
  /** What the files disagree about, by family. */
  readonly conflicts: ReadonlyMap<string, string>;
  readonly #keys: KeyTable;
  readonly #files: readonly ReadFile[];
  readonly #keyIds: readonly Uint32Array[];
  readonly #slotsOf: readonly Uint32Array[];
  readonly #familyOfKey: Int32Array;
  readonly #repairedKeys: ReadonlySet<number>;
  readonly #survey: FamilySurvey;
  #modes: ReadonlyMap<string, string> | undefined;
  #families: readonly IndexedFamily[] | undefined;
  #contributions: Contributions | undefined;

  constructor({ files: all, keys }: Pick<Reading, 'files' | 'keys'>) {
    const plan = new Plan((id) => keys.read(id));
    const files = all.filter((file) => file.fault === undefined && file.fileName);
    const keyIds = files.map(({ entries }) => Uint32Array.from(entries, ({ keyId }) => keyId));
    for (const [id, { fileName }] of files.entries()) {
      plan.addFile(id, fileName!);
      atOnce(plan.admit(id, 0, keyIds[id]!));
    }
    const survey = surveyOf(plan, files, keyIds);
    atOnce(plan.define(survey));

    const slotsOf = keyIds.map((ids, id) => {
      const slots = new Uint32Array(ids.length);
      atOnce(plan.fillRows(id, 0, ids, slots, new Uint8Array(ids.length), 0));
      return slots;
    });
    this.layout = atOnce(plan.layOut(inOrder(slotsOf, plan.slotCount)));
    this.conflicts = new Map([...plan.conflicts()].map(({ family, found }) => [family, found]));
    this.#keys = keys;
    this.#files = files;
    this.#keyIds = keyIds;
    this.#slotsOf = slotsOf;
    this.#familyOfKey = plan.familyOfKey;
    this.#repairedKeys = plan.repairedKeys;
    this.#survey = survey;
  }

  /** Mode of the last gauge file that has the family, by family; none for one that no gauge file has. */
  get modes(): ReadonlyMap<string, string> {
    this.#modes ??= this.#findModes();
    return this.#modes;
  }

  /** First seen first. */
  get families(): readonly IndexedFamily[] {
    this.#families ??= this.#indexFamilies();
    return this.#families;
  }

  /** The entries that go into each of these slots. */
  contributions(slots: Iterable<number>): Contributions {
    return new Contributions(this.#files, this.#slotsOf, slots);
  }

  /** The entries of a series, in the order in which they are merged. */
  partsOf({ slot }: Series): Contribution[] {
    this.#contributions ??= this.contributions(slotsWithEntries(this.layout));
    return this.#contributions.of(slot);
  }

  /** Whether a key of an undamaged metric file is unusable, or was repaired. The plan has read it: it is not parsed again. */
  isFlawed(keyId: number): boolean {
    return this.#familyOfKey[keyId]! < 0 || this.#repairedKeys.has(keyId);
  }

  #findModes(): Map<string, string> {
    const { firstKey, lastModeFile } = this.#survey;
    const modes = new Map<string, string>();
    for (const [family, last] of lastModeFile.entries()) {
      if (last >= 0) modes.set(this.#nameOf(firstKey[family]!), this.#files[last]!.fileName!.mode!);
    }
    return modes;
  }

  #nameOf(keyId: number): string {
    return (this.#keys.read(keyId) as Key).family;
  }

  #indexFamilies(): IndexedFamily[] {
    const { firstFile, firstKey, lastModeFile } = this.#survey;
    const series = this.#seriesByFamily();
    const said = this.#said();
    const families: IndexedFamily[] = [];
    for (const [id, first] of firstFile.entries()) {
      if (first < 0) continue;
      const { family: name, help } = this.#keys.read(firstKey[id]!) as Key;
      const { type } = this.#files[first]!.fileName!;
      const mode = this.#files[lastModeFile[id]!]?.fileName?.mode;
      const rule = mergeRule(type, mode);
      const { nowhere, ...ways } = said[id]!;
      // In other families it means never set.
      const unusable = rule.hasBuckets ? nowhere : [];
      families.push({ name, type, mode, help, rule, ...ways, ...series[id]!, unusable });
    }
    return families;
  }

  /** By family. */
  #seriesByFamily(): Pick<IndexedFamily, 'series' | 'identical'>[] {
    const { firstFile } = this.#survey;
    const familyOfSlot = new Int32Array(this.layout.slotCount);
    for (const [file, slots] of this.#slotsOf.entries()) {
      const keyIds = this.#keyIds[file]!;
      for (let i = 0; i < slots.length; i++) {
        familyOfSlot[slots[i]!] = this.#familyOfKey[keyIds[i]!]!;
      }
    }
    const byFamily = Array.from(firstFile, () => NO_SERIES);
    for (const { seenSlot, series, identical } of this.layout.families) {
      if (seenSlot.length === 0) continue;
      const bySlot = new Map<number, Series>();
      for (const laidOut of series) bySlot.set(laidOut.slot, laidOut);
      for (const laidOut of identical) bySlot.set(laidOut.slot, laidOut);
      byFamily[familyOfSlot[seenSlot[0]!]!] = {
        series: Array.from(seenSlot, (slot) => bySlot.get(slot)!),
        identical,
      };
    }
    return byFamily;
  }

  /** By family. */
  #said() {
    const said = Array.from(this.#survey.firstFile, () => ({
      types: new Map<string, ReadFile>(),
      modes: new Map<string, ReadFile>(),
      helps: new Map<string, ReadFile>(),
      nowhere: [] as Contribution[],
    }));
    const isHelpKnown = new Uint8Array(this.#keys.size);
    for (const [id, file] of this.#files.entries()) {
      const { type, mode } = file.fileName!;
      const keyIds = this.#keyIds[id]!;
      const slots = this.#slotsOf[id]!;
      for (let i = 0; i < keyIds.length; i++) {
        const keyId = keyIds[i]!;
        const family = said[this.#familyOfKey[keyId]!];
        if (family === undefined) continue;
        if (!family.types.has(type)) family.types.set(type, file);
        if (mode !== undefined && !family.modes.has(mode)) family.modes.set(mode, file);
        if (slots[i] === SLOT_NOWHERE) family.nowhere.push({ file, entry: file.entries.at(i)! });
        if (isHelpKnown[keyId]) continue;
        isHelpKnown[keyId] = 1;
        const key = this.#keys.read(keyId);
        if (!isUnusable(key) && !family.helps.has(key.help)) family.helps.set(key.help, file);
      }
    }
    return said;
  }
}

export function entriesOf(contributions: readonly Contribution[]): ReadEntry[] {
  return contributions.map(({ entry }) => entry);
}

export function* slotsWithEntries({ families }: Layout): IterableIterator<number> {
  for (const { seenSlot } of families) yield* seenSlot;
}

/** All slots with an entry, first seen first. */
function inOrder(slotsOf: readonly Uint32Array[], slotCount: number): Uint32Array {
  const isSeen = new Uint8Array(slotCount);
  isSeen[SLOT_NOWHERE] = 1;
  const order = new Uint32Array(slotCount);
  let count = 0;
  for (const slots of slotsOf) {
    for (const slot of slots) {
      if (isSeen[slot]) continue;
      isSeen[slot] = 1;
      order[count++] = slot;
    }
  }
  return order.subarray(0, count);
}

/** The places of the entries of some slots; entries are read on demand. */
export class Contributions {
  readonly #files: readonly ReadFile[];
  /** By slot, from 1; 0 for a slot that is not selected. */
  readonly #rankOf: Uint32Array;
  /** Those of rank r are at begin[r - 1] to begin[r], in file order. */
  readonly #begin: Uint32Array;
  readonly #file: Uint32Array;
  readonly #entry: Uint32Array;

  /** @param slotsOf slot of each entry, by file */
  constructor(
    files: readonly ReadFile[],
    slotsOf: readonly Uint32Array[],
    wanted: Iterable<number>,
  ) {
    this.#files = files;
    const slots = Uint32Array.from(new Set(wanted));
    const last = slots.reduce((max, slot) => Math.max(max, slot), 0);
    this.#rankOf = new Uint32Array(last + 1);
    for (const [i, slot] of slots.entries()) this.#rankOf[slot] = i + 1;

    this.#begin = new Uint32Array(slots.length + 1);
    for (const column of slotsOf) {
      for (const slot of column) {
        const rank = this.#rankOf[slot] ?? 0;
        if (rank > 0) this.#begin[rank]! += 1;
      }
    }
    for (let rank = 1; rank <= slots.length; rank++) this.#begin[rank]! += this.#begin[rank - 1]!;
    const count = this.#begin[slots.length]!;
    this.#file = new Uint32Array(count);
    this.#entry = new Uint32Array(count);
    const next = this.#begin.slice();
    for (const [id, column] of slotsOf.entries()) {
      for (let i = 0; i < column.length; i++) {
        const rank = this.#rankOf[column[i]!] ?? 0;
        if (rank === 0) continue;
        const at = next[rank - 1]!;
        next[rank - 1] = at + 1;
        this.#file[at] = id;
        this.#entry[at] = i;
      }
    }
  }

  /** Files in name order; none for a slot that was not selected. */
  of(slot: number): Contribution[] {
    const rank = this.#rankOf[slot] ?? 0;
    const found: Contribution[] = [];
    if (rank === 0) return found;
    for (let at = this.#begin[rank - 1]!; at < this.#begin[rank]!; at++) {
      const file = this.#files[this.#file[at]!]!;
      found.push({ file, entry: file.entries.at(this.#entry[at]!)! });
    }
    return found;
  }
}

/** As FileSet.survey does: files in name order, a file's id being its rank. */
function surveyOf(plan: Plan, files: readonly ReadFile[], keyIds: readonly Uint32Array[]) {
  const none = () => new Int32Array(plan.familyCount).fill(-1);
  const survey = {
    firstRank: none(),
    firstFile: none(),
    firstEntry: none(),
    firstKey: none(),
    lastFile: none(),
    firstModeFile: none(),
    lastModeFile: none(),
  };
  const { familyOfKey } = plan;
  for (const [id, keys] of keyIds.entries()) {
    const setsMode = files[id]!.fileName!.type === 'gauge';
    for (let i = 0; i < keys.length; i++) {
      const family = familyOfKey[keys[i]!]!;
      if (family < 0) continue;
      if (survey.firstRank[family]! < 0) {
        survey.firstRank[family] = id;
        survey.firstFile[family] = id;
        survey.firstEntry[family] = i;
        survey.firstKey[family] = keys[i]!;
      }
      survey.lastFile[family] = id;
      if (!setsMode) continue;
      if (survey.firstModeFile[family]! < 0) survey.firstModeFile[family] = id;
      survey.lastModeFile[family] = id;
    }
  }
  return survey;
}
