/**
 * What the series of an index take: their entries, the bytes of those in the files, and how many processes have them.
 *
 * Counted once for each structure (the slow clock), since it reads the place of every entry.
 */
import { isUnusable } from '../../format/key.js';
import { Memo } from '../../memo.js';
import type { Series } from '../../plan/series.js';
import type { Steps } from '../../steps.js';
import type { Parts, SeriesIndex } from '../series-index.js';
import type { SeriesStructure } from '../series-structure.js';
import { type SeriesTable, seriesTable } from './series-table.js';

export interface EntryCounts {
  /** By row of the table. A count that is made of buckets has no entries. */
  readonly entries: Uint32Array;
  readonly bytes: Float64Array;
  /** Buckets and count of a histogram have those of all its buckets. */
  readonly processes: Uint32Array;
  /** By family; includes the entries of series that are not printed, since another prints the same line. */
  readonly familyEntries: Uint32Array;
  readonly familyBytes: Float64Array;
  /** As the keys name it; undefined for a family without entries. */
  readonly familyInKeys: readonly (string | undefined)[];
}

const counts = new Memo<SeriesStructure, EntryCounts>();

export function entryCounts(index: SeriesIndex): Steps<EntryCounts> {
  return counts.getInSteps(index.structure, () => count(index));
}

function* count(index: SeriesIndex): Steps<EntryCounts> {
  const table = yield* seriesTable(index.layout);
  const rows = table.series.length;
  const entries = new Uint32Array(rows);
  const bytes = new Float64Array(rows);
  const processes = new Uint32Array(rows);
  const familyEntries = new Uint32Array(table.families.length);
  const familyBytes = new Float64Array(table.families.length);
  const familyInKeys = new Array<string | undefined>(table.families.length);
  const distinct = new DistinctProcesses(index.structure);
  const partsOf = (series: Series) => index.partsOf(series);

  for (let row = 0; row < rows; row++) {
    const parts = partsOf(table.series[row]!);
    const family = table.family[row]!;
    entries[row] = parts.length;
    bytes[row] = bytesOf(parts);
    familyEntries[family]! += parts.length;
    familyBytes[family]! += bytes[row]!;
    if (table.histogram[row]! < 0) processes[row] = distinct.count([parts]);
    familyInKeys[family] ??= nameInKeys(parts);
    yield;
  }
  for (const [family, { identical }] of table.families.entries()) {
    for (const series of identical) {
      const parts = partsOf(series);
      familyEntries[family]! += parts.length;
      familyBytes[family]! += bytesOf(parts);
      yield;
    }
  }
  yield* countHistograms(table, partsOf, distinct, processes);
  return { entries, bytes, processes, familyEntries, familyBytes, familyInKeys };
}

function* countHistograms(
  { histograms, histogram }: SeriesTable,
  partsOf: (series: Series) => Parts,
  distinct: DistinctProcesses,
  processes: Uint32Array,
): Steps<void> {
  const ofHistogram = new Uint32Array(histograms.length);
  for (const [i, { buckets }] of histograms.entries()) {
    ofHistogram[i] = distinct.count(buckets.map(partsOf));
    yield;
  }
  for (let row = 0; row < histogram.length; row++) {
    if (histogram[row]! >= 0) processes[row] = ofHistogram[histogram[row]!]!;
  }
}

function bytesOf(parts: Parts): number {
  let bytes = 0;
  for (let i = 0; i < parts.length; i++) {
    const { offset, valueOffset } = parts.entryAt(i);
    bytes += valueOffset + parts.fileAt(i).valueBytes - offset;
  }
  return bytes;
}

function nameInKeys(parts: Parts): string | undefined {
  if (parts.length === 0) return undefined;
  const { key } = parts.entryAt(0);
  return isUnusable(key) ? undefined : key.family;
}

class DistinctProcesses {
  /** By rank of the file. */
  readonly #idOfFile: Uint32Array;
  /** By id: the last count in which it was seen. */
  readonly #seenIn: Uint32Array;
  #counts = 0;

  constructor({ parts: { fileNames } }: SeriesStructure) {
    const idOf = new Map<string, number>();
    this.#idOfFile = Uint32Array.from(fileNames, ({ processId }) => {
      const id = idOf.get(processId) ?? idOf.size;
      idOf.set(processId, id);
      return id;
    });
    this.#seenIn = new Uint32Array(idOf.size);
  }

  count(lists: readonly Parts[]): number {
    const now = ++this.#counts;
    let found = 0;
    for (const parts of lists) {
      for (let i = 0; i < parts.length; i++) {
        const id = this.#idOfFile[parts.rankAt(i)]!;
        if (this.#seenIn[id] === now) continue;
        this.#seenIn[id] = now;
        found++;
      }
    }
    return found;
  }
}
