/**
 * What a scrape would make of a reading: the same plan, with every value still in the hand of the process
 * that holds it.
 *
 * Which entry belongs to which series, and by what operation it joins, is the plan's (src/plan/). How values
 * join is plan/join.ts.
 */
import type { Key } from '../format/key.js';
import type { Layout } from '../plan/layout.js';
import { type FamilySurvey, Plan, SLOT_NOWHERE } from '../plan/plan.js';
import { atOnce } from '../steps.js';
import type { KeyTable } from './key-table.js';
import type { ReadEntry, ReadFile, Reading } from './reading.js';

/** One entry's part in a series. */
export interface Contribution {
  readonly file: ReadFile;
  readonly entry: ReadEntry;
}

export interface Merged {
  readonly layout: Layout;
  /** What the files of a family disagree about, by family. */
  readonly conflicts: ReadonlyMap<string, string>;
  /** Mode of the last gauge file that has the family, by family; none for one that no gauge file has. */
  readonly modes: ReadonlyMap<string, string>;
  /** The entries that go into each of these slots. */
  contributions(slots: Iterable<number>): Contributions;
}

/** Damaged files are left out, as by a scrape. */
export function mergeReading({ files: all, keys }: Reading): Merged {
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
  const layout = atOnce(plan.layOut(inOrder(slotsOf, plan.slotCount)));
  return {
    layout,
    conflicts: new Map([...plan.conflicts()].map(({ family, found }) => [family, found])),
    modes: modesOf(plan, survey, files, keys),
    contributions: (slots) => new Contributions(files, slotsOf, slots),
  };
}

/** All slots that have an entry, first seen first. */
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

function modesOf(
  { familyCount, familyOfKey }: Plan,
  { lastModeFile }: FamilySurvey,
  files: readonly ReadFile[],
  keys: KeyTable,
): Map<string, string> {
  const modes = new Map<string, string>();
  const isKnown = new Uint8Array(familyCount);
  for (const [id, family] of familyOfKey.entries()) {
    if (family < 0 || isKnown[family]) continue;
    isKnown[family] = 1;
    const last = lastModeFile[family]!;
    if (last >= 0) modes.set((keys.read(id) as Key).family, files[last]!.fileName!.mode!);
  }
  return modes;
}

/** The entries of some slots, by slot: where they are, until they are asked for. */
export class Contributions {
  readonly #files: readonly ReadFile[];
  /** By slot, from 1; 0 for one that is not wanted. */
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
    const last = slots.reduce((most, slot) => Math.max(most, slot), 0);
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

  /** Files in name order; none for a slot that was not asked for. */
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
