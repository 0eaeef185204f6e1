/** The structure of the series of a served directory, from the plan of its scrapes. Made once for each state of the plan. */
import { SeriesStructure } from '../inspect/series-structure.js';
import { Memo } from '../memo.js';
import type { PlanState } from '../scrape/directory/plan-state.js';
import { LiveKeys } from './live-keys.js';

const structures = new Memo<PlanState, SeriesStructure>();
const ranks = new Memo<PlanState, ReadonlyMap<number, number>>();

/** The rank of each file with entries, by id. */
export function rankOf(state: PlanState): ReadonlyMap<number, number> {
  return ranks.get(state, ({ rows }) => new Map(Array.from(rows.fileId, (id, rank) => [id, rank])));
}

/** Files by rank are those of `rows`. */
export function structureOf(state: PlanState): SeriesStructure {
  return structures.get(state, makeStructure);
}

function makeStructure(state: PlanState): SeriesStructure {
  const { rows, layout, familyOfKey, repairedKeys, conflicts, survey, fileNames } = state;
  const rankById = rankOf(state);
  // A file that was found damaged after the survey has no rank.
  const toRanks = (ids: Int32Array) => ids.map((id) => rankById.get(id) ?? -1);
  return new SeriesStructure({
    keys: new LiveKeys(state.keyTexts),
    layout,
    conflicts,
    familyOfKey,
    repairedKeys,
    survey: {
      firstFile: toRanks(survey.firstFile),
      firstKey: survey.firstKey,
      lastModeFile: toRanks(survey.lastModeFile),
    },
    fileNames: Array.from(rows.fileId, (id) => fileNames.get(id)!),
    keyIds: cut(rows.keyId, rows.entryEnd),
    slotsOf: cut(rows.slot, rows.entryEnd),
    slot: rows.slot,
  });
}

/** The part of each file. */
function cut(column: Uint32Array, ends: Uint32Array): Uint32Array[] {
  return Array.from(ends, (end, i) => column.subarray(i === 0 ? 0 : ends[i - 1]!, end));
}
