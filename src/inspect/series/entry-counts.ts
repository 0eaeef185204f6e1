/**
 * What the series of an index take: their entries, the bytes of those in the files, and how many processes have them.
 *
 * Counted once for each index (the slow clock), since it reads the place of every entry.
 */
import { isUnusable } from '../../format/key.js';
import { Memo } from '../../memo.js';
import type { Series } from '../../plan/series.js';
import type { Steps } from '../../steps.js';
import type { ReadFile } from '../reading.js';
import type { Contribution, SeriesIndex } from '../series-index.js';
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

const counts = new Memo<SeriesIndex, EntryCounts>();

export function entryCounts(index: SeriesIndex): Steps<EntryCounts> {
  return counts.getInSteps(index, count);
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
  const distinct = new DistinctProcesses();
  const partsOf = (series: Series) => index.partsOf(series);

  for (let row = 0; row < rows; row++) {
    const parts = partsOf(table.series[row]!);
    const family = table.family[row]!;
    entries[row] = parts.length;
    bytes[row] = bytesOf(parts);
    familyEntries[family]! += parts.length;
    familyBytes[family]! += bytes[row]!;
    if (table.histogram[row]! < 0) processes[row] = distinct.count(parts);
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
  partsOf: (series: Series) => readonly Contribution[],
  distinct: DistinctProcesses,
  processes: Uint32Array,
): Steps<void> {
  const ofHistogram = new Uint32Array(histograms.length);
  for (const [i, { buckets }] of histograms.entries()) {
    ofHistogram[i] = distinct.count(buckets.flatMap(partsOf));
    yield;
  }
  for (let row = 0; row < histogram.length; row++) {
    if (histogram[row]! >= 0) processes[row] = ofHistogram[histogram[row]!]!;
  }
}

function bytesOf(parts: readonly Contribution[]): number {
  let bytes = 0;
  for (const { file, entry } of parts) bytes += entry.valueOffset + file.valueBytes - entry.offset;
  return bytes;
}

function nameInKeys([first]: readonly Contribution[]): string | undefined {
  const key = first?.entry.key;
  return key === undefined || isUnusable(key) ? undefined : key.family;
}

class DistinctProcesses {
  readonly #idOfFile = new Map<ReadFile, number>();
  readonly #idOfProcess = new Map<string, number>();
  /** By id: the last count in which it was seen. */
  readonly #seenIn: number[] = [];
  #counts = 0;

  count(parts: readonly Contribution[]): number {
    const now = ++this.#counts;
    let found = 0;
    for (const { file } of parts) {
      const id = this.#idOf(file);
      if (this.#seenIn[id] === now) continue;
      this.#seenIn[id] = now;
      found++;
    }
    return found;
  }

  #idOf(file: ReadFile): number {
    let id = this.#idOfFile.get(file);
    if (id === undefined) {
      const { processId } = file.fileName!;
      id = this.#idOfProcess.get(processId) ?? this.#idOfProcess.size;
      this.#idOfProcess.set(processId, id);
      this.#idOfFile.set(file, id);
    }
    return id;
  }
}
