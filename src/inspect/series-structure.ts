/**
 * What a scrape of a reading would print, but for the values: families and series, which entries go into each, and what
 * the files say of each family. The slow clock of the views.
 *
 * It is made of what a plan decides, and holds as long as files and keys stay the same: a daemon uses one with all
 * readings until its plan changes. Files are known by rank: their index among the files of the plan, in name order.
 */
import type { FileName, MetricType } from '../format/filename.js';
import type { Key } from '../format/key.js';
import type { Amounts } from '../plan/budget.js';
import type { Layout } from '../plan/layout.js';
import { type MergeRule, mergeRule } from '../plan/operation.js';
import { type FamilySurvey, SLOT_NOWHERE } from '../plan/plan.js';
import type { Series } from '../plan/series.js';
import { atOnce, ENTRIES_PER_STEP, ITEMS_PER_STEP, type Steps } from '../steps.js';
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

/** What the files say of a family. */
interface Said {
  readonly types: Map<string, number>;
  readonly modes: Map<string, number>;
  readonly helps: Map<string, number>;
  readonly nowhere: Place[];
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
    this.#families ??= atOnce(this.#indexFamilies());
    return this.#families;
  }

  /** Entries whose key is unusable or was repaired, in file order. The plan has read all keys: none is parsed again. */
  get flawed(): readonly Place[] {
    this.#flawed ??= atOnce(this.#findFlawed());
    return this.#flawed;
  }

  get names(): KeyNames {
    this.#names ??= atOnce(keyNames(this.parts));
    return this.#names;
  }

  /** The entries of all series. */
  get places(): Places {
    this.#places ??= atOnce(this.#placeAll());
    return this.#places;
  }

  /** The entries that go into these slots at least. */
  placesOf(slots: Iterable<number>): Places {
    const distinct = () => Uint32Array.from(new Set(slots));
    return this.#places ?? atOnce(placesOf(this.parts.slotsOf, distinct()));
  }

  /** Makes all that is otherwise made when it is first asked for, which takes 100 ms for a million entries. */
  *prepare(): Steps<void> {
    this.#places ??= yield* this.#placeAll();
    this.#names ??= yield* keyNames(this.parts);
    this.#families ??= yield* this.#indexFamilies();
    this.#flawed ??= yield* this.#findFlawed();
  }

  #placeAll(): Steps<Places> {
    const { slotsOf, layout } = this.parts;
    return placesOf(slotsOf, slotsWithEntries(layout));
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

  *#findFlawed(): Steps<Place[]> {
    const { keyIds, familyOfKey, repairedKeys } = this.parts;
    const isFlawed = new Uint8Array(familyOfKey.length);
    for (const [id, family] of familyOfKey.entries()) if (family < 0) isFlawed[id] = 1;
    for (const id of repairedKeys) isFlawed[id] = 1;
    const flawed: Place[] = [];
    if (!isFlawed.includes(1)) return flawed;
    for (const [rank, ids] of keyIds.entries()) {
      yield;
      for (let entry = 0; entry < ids.length; entry++) {
        if (entry % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
        if (isFlawed[ids[entry]!]) flawed.push({ rank, entry });
      }
    }
    return flawed;
  }

  *#indexFamilies(): Steps<IndexedFamily[]> {
    const { keys, survey, fileNames } = this.parts;
    const { firstFile, firstKey, lastModeFile } = survey;
    const series = yield* this.#seriesByFamily();
    const said = yield* this.#said();
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
  *#seriesByFamily(): Steps<Pick<IndexedFamily, 'series' | 'identical'>[]> {
    const { layout, survey, keyIds, slotsOf, familyOfKey } = this.parts;
    const familyOfSlot = new Int32Array(layout.slotCount);
    for (const [rank, slots] of slotsOf.entries()) {
      yield;
      const ids = keyIds[rank]!;
      for (let i = 0; i < slots.length; i++) {
        if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
        familyOfSlot[slots[i]!] = familyOfKey[ids[i]!]!;
      }
    }
    const byFamily = Array.from(survey.firstFile, () => NO_SERIES);
    const bySlot = new Array<Series | undefined>(layout.slotCount);
    for (const { seenSlot, series, leftOut, identical } of layout.families) {
      if (seenSlot.length === 0) continue;
      yield;
      for (const laidOut of series) bySlot[laidOut.slot] = laidOut;
      for (const laidOut of leftOut) bySlot[laidOut.slot] = laidOut;
      for (const laidOut of identical) bySlot[laidOut.slot] = laidOut;
      byFamily[familyOfSlot[seenSlot[0]!]!] = {
        series: Array.from(seenSlot, (slot) => bySlot[slot]!),
        identical,
      };
    }
    return byFamily;
  }

  /** By family. */
  *#said(): Steps<Said[]> {
    const { keys, survey, fileNames, keyIds, slotsOf, familyOfKey } = this.parts;
    this.#names ??= yield* keyNames(this.parts);
    const names = this.#names;
    const said = Array.from(
      survey.firstFile,
      (): Said => ({ types: new Map(), modes: new Map(), helps: new Map(), nowhere: [] }),
    );
    const isHelpKnown = new Uint8Array(keys.size);
    /** The rank of the last file that was asked for its type and mode, by family. */
    const asked = new Int32Array(said.length).fill(-1);
    for (const [rank, { type, mode }] of fileNames.entries()) {
      yield;
      const ids = keyIds[rank]!;
      const slots = slotsOf[rank]!;
      for (let entry = 0; entry < ids.length; entry++) {
        if (entry % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
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
        const help = names.of(keyId)?.help;
        if (help !== undefined && !family.helps.has(help)) family.helps.set(help, rank);
      }
    }
    return said;
  }
}

type Names = Pick<Key, 'family' | 'sampleName' | 'help'>;

/** Names and help of keys that count. Reading 100,000 keys takes 100 ms, and most selectors are about a name. */
export class KeyNames {
  readonly #names: readonly Names[];
  /** By key id: an index into #names, from 1; 0 for a key that counts for nothing. */
  readonly #ofKey: Uint32Array;

  constructor(names: readonly Names[], ofKey: Uint32Array) {
    this.#names = names;
    this.#ofKey = ofKey;
  }

  /** Undefined for a key that the plan left out, or did not read. */
  of(keyId: number): Names | undefined {
    return this.#names[(this.#ofKey[keyId] ?? 0) - 1];
  }
}

function* keyNames({ keys, familyOfKey }: PlannedParts): Steps<KeyNames> {
  const names: Names[] = [];
  const ofKey = new Uint32Array(familyOfKey.length);
  const known = new Map<string, Map<string, Map<string, number>>>();
  for (const [id, isOf] of familyOfKey.entries()) {
    if (id % ITEMS_PER_STEP === 0) yield;
    if (isOf < 0) continue;
    const { family, sampleName, help } = keys.read(id) as Key;
    const ofFamily = entryOf(known, family, () => new Map<string, Map<string, number>>());
    const ofSample = entryOf(ofFamily, sampleName, () => new Map<string, number>());
    const name = entryOf(ofSample, help, () => names.push({ family, sampleName, help }));
    ofKey[id] = name;
  }
  return new KeyNames(names, ofKey);
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Each once, family after family. */
export function slotsWithEntries({ families }: Layout): Uint32Array {
  const slots = new Uint32Array(families.reduce((sum, { seenSlot }) => sum + seenSlot.length, 0));
  let at = 0;
  for (const { seenSlot } of families) {
    slots.set(seenSlot, at);
    at += seenSlot.length;
  }
  return slots;
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

  constructor(orderOf: Uint32Array, begin: Uint32Array, rank: Uint32Array, entry: Uint32Array) {
    this.#orderOf = orderOf;
    this.#begin = begin;
    this.rank = rank;
    this.entry = entry;
  }

  /** The places of a slot are those from `from` to before `to`, in file order; none for a slot that was not selected. */
  of(slot: number): { readonly from: number; readonly to: number } {
    const order = this.#orderOf[slot] ?? 0;
    if (order === 0) return { from: 0, to: 0 };
    return { from: this.#begin[order - 1]!, to: this.#begin[order]! };
  }
}

/**
 * @param slotsOf slot of each entry, by rank
 * @param slots each once
 */
function* placesOf(slotsOf: readonly Uint32Array[], slots: Uint32Array): Steps<Places> {
  let last = 0;
  for (let i = 0; i < slots.length; i++) if (slots[i]! > last) last = slots[i]!;
  const orderOf = new Uint32Array(last + 1);
  for (let i = 0; i < slots.length; i++) orderOf[slots[i]!] = i + 1;

  const begin = new Uint32Array(slots.length + 1);
  for (const column of slotsOf) {
    yield;
    for (let i = 0; i < column.length; i++) {
      if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
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
    yield;
    for (let i = 0; i < column.length; i++) {
      if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
      const order = orderOf[column[i]!] ?? 0;
      if (order === 0) continue;
      const at = next[order - 1]!;
      next[order - 1] = at + 1;
      ranks[at] = rank;
      entries[at] = i;
    }
  }
  return new Places(orderOf, begin, ranks, entries);
}
