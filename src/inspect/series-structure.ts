/**
 * What a scrape of a reading would print, but for the values: families and series, which entries go into each, and what
 * the files say of each family. The slow clock of the views.
 *
 * It is made of what a plan decides, and holds as long as files and keys stay the same: a daemon uses one with all
 * readings until its plan changes. Files are known by rank: their index among the files of the plan, in name order.
 */
import type { FileName, MetricType } from '../format/filename.js';
import { isUnusable, type Key } from '../format/key.js';
import type { Amounts } from '../plan/budget.js';
import type { Layout } from '../plan/layout.js';
import { type MergeRule, mergeRule } from '../plan/operation.js';
import { type FamilySurvey, SLOT_NOWHERE } from '../plan/plan.js';
import type { Series } from '../plan/series.js';
import type { Keys } from './entry-columns.js';

/** What a plan decided. Columns of files are in the order of their ranks. */
export interface PlannedParts {
  readonly keys: Keys;
  readonly layout: Layout;
  /** What the files disagree about, by family. */
  readonly conflicts: ReadonlyMap<string, string>;
  /** By key id; less than 0 for a key that counts for nothing. */
  readonly familyOfKey: Int32Array;
  readonly repairedKeys: ReadonlySet<number>;
  /** By family; files by rank. */
  readonly survey: Pick<FamilySurvey, 'firstFile' | 'firstKey' | 'lastModeFile'>;
  /** By rank. */
  readonly fileNames: readonly FileName[];
  /** Key and slot of each entry, by rank. */
  readonly keyIds: readonly Uint32Array[];
  readonly slotsOf: readonly Uint32Array[];
  /** The same slots in one column, file after file. */
  readonly slot: Uint32Array;
  /** What all files take of a budget without limits, and the most that one of them takes; absent if not counted. */
  readonly used?: { readonly source: Amounts; readonly file: Amounts };
}

/** An entry: the rank of its file, and its index there. */
export interface Place {
  readonly rank: number;
  readonly entry: number;
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
  /** What the files say, and the rank of the first file that says it. */
  readonly types: ReadonlyMap<string, number>;
  readonly modes: ReadonlyMap<string, number>;
  readonly helps: ReadonlyMap<string, number>;
  /** All series with an entry, first seen first, including those that print the same line. */
  readonly series: readonly Series[];
  /** Those left out because a later one prints the same line. */
  readonly identical: readonly Series[];
  /** Buckets whose bound is not a number; they count for nothing. */
  readonly unusable: readonly Place[];
}

const NO_SERIES: Pick<IndexedFamily, 'series' | 'identical'> = { series: [], identical: [] };

export class SeriesStructure {
  readonly parts: PlannedParts;
  #modes: ReadonlyMap<string, string> | undefined;
  #families: readonly IndexedFamily[] | undefined;
  #flawed: readonly Place[] | undefined;
  #places: Places | undefined;
  #names: KeyNames | undefined;

  constructor(parts: PlannedParts) {
    this.parts = parts;
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

  /** Entries whose key is unusable or was repaired, in file order. The plan has read all keys: none is parsed again. */
  get flawed(): readonly Place[] {
    this.#flawed ??= this.#findFlawed();
    return this.#flawed;
  }

  get names(): KeyNames {
    this.#names ??= new KeyNames(this.parts);
    return this.#names;
  }

  /** The entries of all series. */
  get places(): Places {
    this.#places ??= new Places(this.parts.slotsOf, slotsWithEntries(this.parts.layout));
    return this.#places;
  }

  /** The entries that go into these slots at least. */
  placesOf(slots: Iterable<number>): Places {
    return this.#places ?? new Places(this.parts.slotsOf, slots);
  }

  #findModes(): Map<string, string> {
    const { keys, survey, fileNames } = this.parts;
    const modes = new Map<string, string>();
    for (const [family, last] of survey.lastModeFile.entries()) {
      if (last < 0) continue;
      modes.set((keys.read(survey.firstKey[family]!) as Key).family, fileNames[last]!.mode!);
    }
    return modes;
  }

  #findFlawed(): Place[] {
    const { keyIds, familyOfKey, repairedKeys } = this.parts;
    const isFlawed = new Uint8Array(familyOfKey.length);
    for (const [id, family] of familyOfKey.entries()) if (family < 0) isFlawed[id] = 1;
    for (const id of repairedKeys) isFlawed[id] = 1;
    const flawed: Place[] = [];
    if (!isFlawed.includes(1)) return flawed;
    for (const [rank, ids] of keyIds.entries()) {
      for (let entry = 0; entry < ids.length; entry++) {
        if (isFlawed[ids[entry]!]) flawed.push({ rank, entry });
      }
    }
    return flawed;
  }

  #indexFamilies(): IndexedFamily[] {
    const { keys, survey, fileNames } = this.parts;
    const { firstFile, firstKey, lastModeFile } = survey;
    const series = this.#seriesByFamily();
    const said = this.#said();
    const families: IndexedFamily[] = [];
    for (const [id, first] of firstFile.entries()) {
      if (first < 0) continue;
      const { family: name, help } = keys.read(firstKey[id]!) as Key;
      const { type } = fileNames[first]!;
      const mode = fileNames[lastModeFile[id]!]?.mode;
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
    const { layout, survey, keyIds, slotsOf, familyOfKey } = this.parts;
    const familyOfSlot = new Int32Array(layout.slotCount);
    for (const [rank, slots] of slotsOf.entries()) {
      const ids = keyIds[rank]!;
      for (let i = 0; i < slots.length; i++) familyOfSlot[slots[i]!] = familyOfKey[ids[i]!]!;
    }
    const byFamily = Array.from(survey.firstFile, () => NO_SERIES);
    const bySlot = new Array<Series | undefined>(layout.slotCount);
    for (const { seenSlot, series, identical } of layout.families) {
      if (seenSlot.length === 0) continue;
      for (const laidOut of series) bySlot[laidOut.slot] = laidOut;
      for (const laidOut of identical) bySlot[laidOut.slot] = laidOut;
      byFamily[familyOfSlot[seenSlot[0]!]!] = {
        series: Array.from(seenSlot, (slot) => bySlot[slot]!),
        identical,
      };
    }
    return byFamily;
  }

  /** By family. */
  #said() {
    const { keys, survey, fileNames, keyIds, slotsOf, familyOfKey } = this.parts;
    const said = Array.from(survey.firstFile, () => ({
      types: new Map<string, number>(),
      modes: new Map<string, number>(),
      helps: new Map<string, number>(),
      nowhere: [] as Place[],
    }));
    const isHelpKnown = new Uint8Array(keys.size);
    /** The rank of the last file that was asked for its type and mode, by family. */
    const asked = new Int32Array(said.length).fill(-1);
    for (const [rank, { type, mode }] of fileNames.entries()) {
      const ids = keyIds[rank]!;
      const slots = slotsOf[rank]!;
      for (let entry = 0; entry < ids.length; entry++) {
        const keyId = ids[entry]!;
        const id = familyOfKey[keyId]!;
        if (id < 0) continue;
        const family = said[id]!;
        if (asked[id] !== rank) {
          asked[id] = rank;
          if (!family.types.has(type)) family.types.set(type, rank);
          if (mode !== undefined && !family.modes.has(mode)) family.modes.set(mode, rank);
        }
        if (slots[entry] === SLOT_NOWHERE) family.nowhere.push({ rank, entry });
        if (isHelpKnown[keyId]) continue;
        isHelpKnown[keyId] = 1;
        const key = keys.read(keyId);
        if (!isUnusable(key) && !family.helps.has(key.help)) family.helps.set(key.help, rank);
      }
    }
    return said;
  }
}

/** The names in keys that count. Reading 100,000 keys takes 100 ms, and most selectors are about a name. */
export class KeyNames {
  readonly #names: Pick<Key, 'family' | 'sampleName'>[] = [];
  /** By key id: an index into #names, from 1; 0 for a key that counts for nothing. */
  readonly #ofKey: Uint32Array;

  constructor({ keys, familyOfKey }: PlannedParts) {
    this.#ofKey = new Uint32Array(familyOfKey.length);
    const known = new Map<string, Map<string, number>>();
    for (const [id, isOf] of familyOfKey.entries()) {
      if (isOf < 0) continue;
      const { family, sampleName } = keys.read(id) as Key;
      let ofFamily = known.get(family);
      if (ofFamily === undefined) {
        ofFamily = new Map();
        known.set(family, ofFamily);
      }
      let name = ofFamily.get(sampleName);
      if (name === undefined) {
        name = this.#names.push({ family, sampleName });
        ofFamily.set(sampleName, name);
      }
      this.#ofKey[id] = name;
    }
  }

  /** Undefined for a key that the plan left out, or did not read. */
  of(keyId: number): Pick<Key, 'family' | 'sampleName'> | undefined {
    return this.#names[(this.#ofKey[keyId] ?? 0) - 1];
  }
}

export function* slotsWithEntries({ families }: Layout): IterableIterator<number> {
  for (const { seenSlot } of families) yield* seenSlot;
}

/** The places of the entries of some slots. */
export class Places {
  /** By slot, from 1; 0 for a slot that is not selected. */
  readonly #orderOf: Uint32Array;
  /** Those of order o are at begin[o - 1] to begin[o], in file order. */
  readonly #begin: Uint32Array;
  /** By place. */
  readonly rank: Uint32Array;
  readonly entry: Uint32Array;

  /** @param slotsOf slot of each entry, by rank */
  constructor(slotsOf: readonly Uint32Array[], wanted: Iterable<number>) {
    const slots = Uint32Array.from(new Set(wanted));
    const last = slots.reduce((max, slot) => Math.max(max, slot), 0);
    this.#orderOf = new Uint32Array(last + 1);
    for (const [i, slot] of slots.entries()) this.#orderOf[slot] = i + 1;

    const orderOf = this.#orderOf;
    const begin = new Uint32Array(slots.length + 1);
    for (const column of slotsOf) {
      for (let i = 0; i < column.length; i++) {
        const order = orderOf[column[i]!] ?? 0;
        if (order > 0) begin[order]! += 1;
      }
    }
    for (let order = 1; order <= slots.length; order++) begin[order]! += begin[order - 1]!;
    const count = begin[slots.length]!;
    const ranks = new Uint32Array(count);
    const entries = new Uint32Array(count);
    const next = begin.slice();
    for (const [rank, column] of slotsOf.entries()) {
      for (let i = 0; i < column.length; i++) {
        const order = orderOf[column[i]!] ?? 0;
        if (order === 0) continue;
        const at = next[order - 1]!;
        next[order - 1] = at + 1;
        ranks[at] = rank;
        entries[at] = i;
      }
    }
    this.#begin = begin;
    this.rank = ranks;
    this.entry = entries;
  }

  /** The places of a slot are those from `from` to before `to`, in file order; none for a slot that was not selected. */
  of(slot: number): { readonly from: number; readonly to: number } {
    const order = this.#orderOf[slot] ?? 0;
    if (order === 0) return { from: 0, to: 0 };
    return { from: this.#begin[order - 1]!, to: this.#begin[order]! };
  }
}
