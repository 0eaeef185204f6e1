/** Plans a reading as a scrape of it would: the structure of its series. */
import type { FileName } from '../format/filename.js';
import {
  type Amounts,
  Budget,
  type Exceeded,
  type Limits,
  NO_LIMITS,
  QUANTITIES,
} from '../plan/budget.js';
import { Plan, type PlanRules, SLOT_NOWHERE } from '../plan/plan.js';
import { atOnce, type Steps } from '../steps.js';
import type { Keys } from './entry-columns.js';
import type { ReadFile } from './reading.js';
import { SeriesStructure } from './series-structure.js';

export type PlannedFile = ReadFile & { readonly fileName: FileName };

/** Whether a scrape would plan it: undamaged, and of a name that a client writes. */
export function isPlanned(file: ReadFile): file is PlannedFile {
  return file.fault === undefined && file.fileName !== undefined;
}

/** @param files all of them planned; in name order */
export function planReading(
  files: readonly ReadFile[],
  keys: Keys,
  rules?: PlanRules,
): SeriesStructure {
  return atOnce(planInSteps(files, keys, rules));
}

/** As planReading. */
export function* planInSteps(
  files: readonly ReadFile[],
  keys: Keys,
  rules?: PlanRules,
): Steps<SeriesStructure> {
  const plan = new Plan((id) => keys.read(id), rules, new Budget('source', NO_LIMITS));
  return (yield* planFiles(plan, files, keys)).structure;
}

/** A structure, and the files that are not in it, since they go beyond a limit. */
export interface PlannedWithin {
  readonly structure: SeriesStructure;
  readonly leftOut: ReadonlyMap<ReadFile, Exceeded>;
}

/** As planInSteps, within limits; but for those of entries and key bytes, which a file that was read has taken already. */
export function* planWithin(
  files: readonly PlannedFile[],
  keys: Keys,
  limits: Limits,
): Steps<PlannedWithin> {
  const budget = new Budget('source', limits.source, new Budget('all', limits.all));
  const plan = new Plan((id) => keys.read(id), undefined, budget);
  return yield* planFiles(plan, files, keys, limits.file);
}

function* planFiles(
  plan: Plan,
  files: readonly ReadFile[],
  keys: Keys,
  ofFile?: Amounts,
): Steps<PlannedWithin> {
  const fileNames: FileName[] = [];
  const keyIds: Uint32Array[] = [];
  const leftOut = new Map<ReadFile, Exceeded>();
  for (const file of files) {
    const rank = fileNames.length;
    const { keyId } = file.entries;
    plan.addFile(rank, file.fileName!, ofFile);
    const exceeded = yield* plan.admit(rank, 0, keyId);
    if (exceeded !== undefined) {
      plan.removeFile(rank);
      leftOut.set(file, exceeded);
      continue;
    }
    fileNames.push(file.fileName!);
    keyIds.push(keyId);
  }
  const survey = surveyOf(plan, fileNames, keyIds);
  yield* plan.define(survey);
  const { slot, slotsOf } = yield* fillSlots(plan, keyIds);
  const structure = new SeriesStructure({
    keys,
    layout: yield* plan.layOut(inOrder(slotsOf, plan.slotCount)),
    conflicts: new Map([...plan.conflicts()].map(({ family, found }) => [family, found])),
    familyOfKey: plan.familyOfKey,
    repairedKeys: plan.repairedKeys,
    survey,
    fileNames,
    keyIds,
    slotsOf,
    slot,
    used: { source: plan.used, file: most([...plan.files.values()].map((file) => file.budget)) },
  });
  return { structure, leftOut };
}

/** The slot of each entry, in one column and by rank. */
function* fillSlots(
  plan: Plan,
  keyIds: readonly Uint32Array[],
): Steps<{ readonly slot: Uint32Array; readonly slotsOf: readonly Uint32Array[] }> {
  const count = keyIds.reduce((sum, { length }) => sum + length, 0);
  const slot = new Uint32Array(count);
  const operations = new Uint8Array(count);
  let at = 0;
  const slotsOf: Uint32Array[] = [];
  for (const [rank, ids] of keyIds.entries()) {
    yield* plan.fillRows(rank, 0, ids, slot, operations, at);
    slotsOf.push(slot.subarray(at, at + ids.length));
    at += ids.length;
  }
  return { slot, slotsOf };
}

/** The most that one of them takes, of each quantity. */
function most(budgets: readonly Budget[]): Amounts {
  const amounts = Object.fromEntries(QUANTITIES.map((quantity) => [quantity, 0])) as Record<
    keyof Amounts,
    number
  >;
  for (const { used } of budgets) {
    for (const quantity of QUANTITIES) {
      if (used[quantity] > amounts[quantity]) amounts[quantity] = used[quantity];
    }
  }
  return amounts;
}

/** All slots with an entry, first seen first. */
function inOrder(slotsOf: readonly Uint32Array[], slotCount: number): Uint32Array {
  const isSeen = new Uint8Array(slotCount);
  isSeen[SLOT_NOWHERE] = 1;
  const order = new Uint32Array(slotCount);
  let count = 0;
  for (const slots of slotsOf) {
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      if (isSeen[slot]) continue;
      isSeen[slot] = 1;
      order[count++] = slot;
    }
  }
  return order.subarray(0, count);
}

/** As FileSet.survey does. */
function surveyOf(plan: Plan, fileNames: readonly FileName[], keyIds: readonly Uint32Array[]) {
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
  for (const [rank, keys] of keyIds.entries()) {
    const setsMode = fileNames[rank]!.type === 'gauge';
    for (let i = 0; i < keys.length; i++) {
      const family = familyOfKey[keys[i]!]!;
      if (family < 0) continue;
      if (survey.firstRank[family]! < 0) {
        survey.firstRank[family] = rank;
        survey.firstFile[family] = rank;
        survey.firstEntry[family] = i;
        survey.firstKey[family] = keys[i]!;
      }
      survey.lastFile[family] = rank;
      if (!setsMode) continue;
      if (survey.firstModeFile[family]! < 0) survey.firstModeFile[family] = rank;
      survey.lastModeFile[family] = rank;
    }
  }
  return survey;
}
