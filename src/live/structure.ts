/** The structure of the series of a served directory, from the plan of its scrapes. Made once for each state of the plan. */
import { SeriesStructure } from '../inspect/series-structure.js';
import { Memo } from '../memo.js';
import type { PlanState } from '../scrape/directory/plan-state.js';
import { LiveKeys } from './live-keys.js';

const structures = new Memo<PlanState, SeriesStructure>();

/** Files by rank are those of `rows`. */
export function structureOf(state: PlanState): SeriesStructure {
  return structures.get(state, makeStructure);
}

function makeStructure(state: PlanState): SeriesStructure {
  const { rows, layout, familyOfKey, repairedKeys, conflicts, survey, fileNames } = state;
  const rankOf = new Map(Array.from(rows.fileId, (id, rank) => [id, rank]));
  // A file that was found damaged after the survey has no rank.
  const ranks = (ids: Int32Array) => ids.map((id) => rankOf.get(id) ?? -1);
  return new SeriesStructure({
    keys: new LiveKeys(state.keyTexts),
    layout,
    conflicts,
    familyOfKey,
    repairedKeys,
    survey: {
      firstFile: ranks(survey.firstFile),
      firstKey: survey.firstKey,
      lastModeFile: ranks(survey.lastModeFile),
    },
    fileNames: Array.from(rows.fileId, (id) => fileNames.get(id)!),
    keyIds: cut(rows.keyId, rows.entryEnd),
    slotsOf: cut(rows.slot, rows.entryEnd),
  });
}

/** The part of each file. */
function cut(column: Uint32Array, ends: Uint32Array): Uint32Array[] {
  return Array.from(ends, (end, i) => column.subarray(i === 0 ? 0 : ends[i - 1]!, end));
}
