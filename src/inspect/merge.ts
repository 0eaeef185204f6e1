/**
 * What a scrape would make of a reading: the same plan, with every value still in the hand of the process
 * that holds it.
 *
 * Which entry belongs to which series, and by what operation it joins, is the plan's (src/plan/). How values
 * join is native/core/fold.cc; `joinValues` says the same of a few values, and who decided, which a fold does not
 * keep. test/inspect/explain.test.ts holds both to the same numbers.
 */
import type { Key, UnusableKey } from '../format/key.js';
import type { Layout } from '../plan/layout.js';
import { OPERATION, type Operation } from '../plan/operation.js';
import { Plan, SLOT_NOWHERE } from '../plan/plan.js';
import { atOnce } from '../steps.js';
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
  /** Mode of the last gauge file that has the family; undefined for one that no gauge file has. */
  modeOf(family: string): string | undefined;
  /** The entries that go into each of these slots, files in name order. */
  contributions(slots: ReadonlySet<number>): ReadonlyMap<number, readonly Contribution[]>;
}

/** Damaged files are left out, as by a scrape. */
export function mergeReading(reading: Reading): Merged {
  const keys: (Key | UnusableKey)[] = [];
  const plan = new Plan((id) => keys[id]!);
  const files = reading.files.filter((file) => file.fault === undefined && file.fileName);
  const idOfKey = new Map<Key | UnusableKey, number>();
  const keyIds = files.map(({ entries }) => {
    const ids = new Uint32Array(entries.length);
    for (let i = 0; i < entries.length; i++) {
      const { key } = entries[i]!;
      let id = idOfKey.get(key);
      if (id === undefined) {
        id = keys.push(key) - 1;
        idOfKey.set(key, id);
      }
      ids[i] = id;
    }
    return ids;
  });
  for (const [id, { fileName }] of files.entries()) {
    plan.addFile(id, fileName!);
    atOnce(plan.admit(id, 0, keyIds[id]!));
  }
  const survey = surveyOf(plan, files, keyIds);
  atOnce(plan.define(survey));

  const slotsOf: Uint32Array[] = [];
  const seen = new Set<number>();
  for (const [id, keys] of keyIds.entries()) {
    const slots = new Uint32Array(keys.length);
    atOnce(plan.fillRows(id, 0, keys, slots, new Uint8Array(keys.length), 0));
    slotsOf.push(slots);
    for (const slot of slots) seen.add(slot);
  }
  seen.delete(SLOT_NOWHERE);
  const layout = atOnce(plan.layOut(Uint32Array.from(seen)));

  const modes = new Map<string, string | undefined>();
  for (const [key, id] of idOfKey) {
    const family = plan.familyOfKey[id]!;
    if (family < 0) continue;
    const last = survey.lastModeFile[family]!;
    modes.set((key as Key).family, last < 0 ? undefined : files[last]!.fileName!.mode);
  }
  return {
    layout,
    conflicts: new Map([...plan.conflicts()].map(({ family, found }) => [family, found])),
    modeOf: (family) => modes.get(family),
    contributions(slots) {
      const found = new Map<number, Contribution[]>();
      for (const slot of slots) found.set(slot, []);
      for (const [id, column] of slotsOf.entries()) {
        const file = files[id]!;
        for (let i = 0; i < column.length; i++) {
          found.get(column[i]!)?.push({ file, entry: file.entries[i]! });
        }
      }
      return found;
    },
  };
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

export interface Joined {
  /** Undefined where no value counts: the series is not printed. */
  readonly value: number | undefined;
  /** Index of the value that decided; undefined where all add up, or none counts. */
  readonly winner: number | undefined;
}

/** How values of one series join, and which one decided. Same rules as native/core/fold.cc. */
export function joinValues(
  operation: Operation,
  values: readonly { readonly value: number; readonly timestampSeconds: number }[],
): Joined {
  if (values.length === 0) return { value: undefined, winner: undefined };
  if (operation === OPERATION.sum) {
    return { value: values.reduce((sum, { value }) => sum + value, 0), winner: undefined };
  }
  let winner = operation === OPERATION.mostRecent ? undefined : 0;
  let latest = 0;
  for (const [i, { value, timestampSeconds }] of values.entries()) {
    const held = winner === undefined ? Number.NaN : values[winner]!.value;
    if (operation === OPERATION.mostRecent) {
      if (!(latest < timestampSeconds)) continue;
      latest = timestampSeconds;
      winner = i;
    } else if (
      operation === OPERATION.last ||
      (operation === OPERATION.min && value < held) ||
      (operation === OPERATION.max && value > held)
    ) {
      winner = i;
    }
  }
  return { value: winner === undefined ? undefined : values[winner]!.value, winner };
}
