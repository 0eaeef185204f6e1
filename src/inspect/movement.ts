/**
 * What changed from one reading to another, as `top` counts it: per process, per group of series (top-groups.ts), and the
 * gauges whose merged value is another one.
 *
 * The addon compares the values of all entries. Readings of one served directory have them in columns. Of others, such as
 * those of a single file, columns are made, and files are the same if name and inode are.
 */
import {
  type ColumnChanges,
  compareColumns,
  type EntryValues,
  INCREASE_CLASS,
  INCREASE_CLASSES,
  releaseColumns,
} from '../files/column-changes.js';
import { isArchiveId } from '../format/filename.js';
import { Memo } from '../memo.js';
import { joinColumns } from '../plan/join.js';
import type { Series } from '../plan/series.js';
import type { ReadFile, Reading } from './reading.js';
import { indexOf, type SeriesIndex } from './series-index.js';
import type { SeriesStructure } from './series-structure.js';
import { type TopGroups, topGroups } from './top-groups.js';

/** Columns are in the order of the groups. */
export interface Movement {
  /** Between the readings. */
  readonly seconds: number;
  /** Of the later one. */
  readonly groups: TopGroups;
  readonly byProcess: ReadonlyMap<string, ProcessMovement>;
  /** Groups that increased; by how much, and in how many files. */
  readonly group: Uint32Array;
  readonly increase: Float64Array;
  readonly files: Uint32Array;
  /** In output order. */
  readonly gauges: readonly MovedGauge[];
}

export interface ProcessMovement {
  /** Of counters. */
  increments: number;
  /** Of histograms and summaries. */
  observations: number;
  /** Groups that changed. */
  moving: number;
}

export interface MovedGauge {
  readonly series: Series;
  /** As a scrape prints it. */
  readonly value: number;
  /** Undefined if it had none. */
  readonly before: number | undefined;
}

/** What both readings are made from must stay until this resolves. */
export async function movementBetween(before: Reading, now: Reading): Promise<Movement> {
  const index = indexOf(now);
  const earlier = indexOf(before);
  const { structure } = index;
  const groups = topGroups(structure);
  const values = comparable(before, now) ?? columnsOf(plannedFiles(before), plannedFiles(now));
  const changes = await compareColumns(
    values.before,
    values.now,
    slotsOfWriters(structure).subarray(0, values.now.value.length),
    groups.classOfSlot,
    groups.groupOfSlot,
    groups.seriesOf.length,
  );
  try {
    return {
      seconds: now.takenAtSeconds - before.takenAtSeconds,
      groups,
      byProcess: movementOfProcesses(changes, index),
      ...increasedGroups(changes),
      gauges: movedGauges(earlier, index, groups),
    };
  } finally {
    releaseColumns(changes);
  }
}

const slotsOf = new Memo<SeriesStructure, Uint32Array>();

/**
 * The slot of each entry, and slot 0, which counts for nothing, of those in archives: nothing writes them, and one that is
 * new only has what the files of dead processes had.
 */
function slotsOfWriters(structure: SeriesStructure): Uint32Array {
  const { fileNames, keyIds, slot } = structure.parts;
  if (!fileNames.some(({ processId }) => isArchiveId(processId))) return slot;
  return slotsOf.get(structure, () => {
    const writers = slot.slice();
    let at = 0;
    for (const [rank, { processId }] of fileNames.entries()) {
      const end = at + keyIds[rank]!.length;
      if (isArchiveId(processId)) writers.fill(0, at, end);
      at = end;
    }
    return writers;
  });
}

interface Comparable {
  readonly before: EntryValues;
  readonly now: EntryValues;
}

/** Undefined if ids of files do not mean the same in both. */
function comparable({ values: before }: Reading, { values: now }: Reading): Comparable | undefined {
  return before !== undefined && before.origin === now?.origin ? { before, now } : undefined;
}

/** Without those that are not on disk: what they have came from files that were removed. */
function plannedFiles(reading: Reading): readonly ReadFile[] {
  const { files } = indexOf(reading);
  return reading.values === undefined ? files : files.slice(0, reading.values.fileId.length);
}

function columnsOf(before: readonly ReadFile[], now: readonly ReadFile[]): Comparable {
  const known = new Map(before.map((file, i) => [identityOf(file), i]));
  const fileId = new Uint32Array(now.length);
  const generation = new Uint32Array(now.length);
  for (const [i, file] of now.entries()) {
    const same = known.get(identityOf(file));
    fileId[i] = same ?? before.length + i;
    // A file that was truncated and written anew has other entries.
    if (same !== undefined && !hasSamePlaces(before[same]!, file)) generation[i] = 1;
  }
  return {
    before: {
      fileId: Uint32Array.from(before.keys()),
      generation: new Uint32Array(before.length),
      ...endToEnd(before),
    },
    now: { fileId, generation, ...endToEnd(now) },
  };
}

const identityOf = ({ identity, name }: ReadFile) => `${identity} ${name}`;

/** A file only grows at its end. */
function hasSamePlaces({ entries: before }: ReadFile, { entries: now }: ReadFile): boolean {
  const both = Math.min(before.length, now.length);
  for (let i = 0; i < both; i++) if (before.valueOffset[i] !== now.valueOffset[i]) return false;
  return true;
}

function endToEnd(files: readonly ReadFile[]): Pick<EntryValues, 'entryEnd' | 'value'> {
  const entryEnd = new Uint32Array(files.length);
  let end = 0;
  for (const [i, { entries }] of files.entries()) {
    end += entries.length;
    entryEnd[i] = end;
  }
  const value = new Float64Array(end);
  for (const [i, { entries }] of files.entries()) value.set(entries.value, entryEnd[i - 1] ?? 0);
  return { entryEnd, value };
}

function movementOfProcesses(
  { fileGroups, fileIncrease }: ColumnChanges,
  { structure: { parts } }: SeriesIndex,
): Map<string, ProcessMovement> {
  const byProcess = new Map<string, ProcessMovement>();
  for (let rank = 0; rank < fileGroups.length; rank++) {
    const { processId, type } = parts.fileNames[rank]!;
    if (fileGroups[rank] === 0 || type === 'gauge') continue;
    let known = byProcess.get(processId);
    if (known === undefined) {
      known = { increments: 0, observations: 0, moving: 0 };
      byProcess.set(processId, known);
    }
    known.increments += fileIncrease[rank * INCREASE_CLASSES + INCREASE_CLASS.increments]!;
    known.observations += fileIncrease[rank * INCREASE_CLASSES + INCREASE_CLASS.observations]!;
    known.moving += fileGroups[rank]!;
  }
  return byProcess;
}

function increasedGroups({
  groupIncrease,
  groupFiles,
}: ColumnChanges): Pick<Movement, 'group' | 'increase' | 'files'> {
  let count = 0;
  for (let g = 0; g < groupIncrease.length; g++) if (groupIncrease[g]! > 0) count++;
  const group = new Uint32Array(count);
  const increase = new Float64Array(count);
  const files = new Uint32Array(count);
  let at = 0;
  for (let g = 0; g < groupIncrease.length; g++) {
    if (!(groupIncrease[g]! > 0)) continue;
    group[at] = g;
    increase[at] = groupIncrease[g]!;
    files[at] = groupFiles[g]!;
    at++;
  }
  return { group, increase, files };
}

function movedGauges(before: SeriesIndex, now: SeriesIndex, groups: TopGroups): MovedGauge[] {
  const isSame = before.structure === now.structure;
  const groupsBefore = topGroups(before.structure);
  const last = printedIn(before, groupsBefore.gauges);
  const current = printedIn(now, groups.gauges);
  const moved: MovedGauge[] = [];
  for (const series of groups.gauges) {
    const value = current(series.slot);
    if (value === undefined) continue;
    const slot = isSame ? series.slot : groupsBefore.slotOfLater(groups, series);
    const was = slot === undefined ? undefined : last(slot);
    if (!Object.is(was, value)) moved.push({ series, value, before: was });
  }
  return moved;
}

/** The value of a gauge by slot, as a scrape prints it; undefined if it does not. */
function printedIn(
  index: SeriesIndex,
  gauges: readonly Series[],
): (slot: number) => number | undefined {
  if (index.printedValue !== undefined) return index.printedValue;
  const printed = new Map<number, number>();
  for (const series of gauges) {
    const { value } = joinColumns(series.operation, index.partsOf(series));
    if (value !== undefined) printed.set(series.slot, value);
  }
  return (slot) => printed.get(slot);
}
