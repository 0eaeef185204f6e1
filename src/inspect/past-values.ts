/**
 * The entries of some keys over time, planned as a scrape would plan them: of all files that have been there meanwhile, also
 * of those that were removed. A file that took the place of another one of its name is a file of its own.
 *
 * A scrape at a moment joins the entries that were there then. The plan is that of all files, so a family whose type or
 * mode was another one at some moment has the later one here.
 */
import type { RecordedHistory } from '../files/recording.js';
import { compareCodePoints } from '../format/code-point.js';
import { familyOf, type Key, type NamesOfKey } from '../format/key.js';
import { type Joined, joinValues } from '../plan/join.js';
import type { Layout } from '../plan/layout.js';
import { OPERATION } from '../plan/operation.js';
import type { PlanRules } from '../plan/plan.js';
import type { Series } from '../plan/series.js';
import { atOnce, ITEMS_PER_STEP, type Steps } from '../steps.js';
import { FileEntries, type Keys } from './entry-columns.js';
import { type PlannedFile, planInSteps } from './plan-reading.js';
import type { RecordedKeys } from './recorded-keys.js';
import { RecordedFile, type RecordedPast, recordedName } from './recorded-reading.js';
import type { Selector } from './selector.js';
import type { SeriesStructure } from './series-structure.js';

/** Values that are read at once: a column of them is 64 MiB. The addon refuses four times as many. */
const MAX_VALUES = 8 * 2 ** 20;

/** As a busy host has of one type. */
const MANY_FILES = 128;

/** What is read of a recording, with its keys. */
export type Recorded = Pick<RecordedPast, 'path' | 'recording' | 'timeSeconds'> & {
  readonly keys: Keys;
};

/** An entry over time. */
export interface PastEntry {
  readonly file: PlannedFile;
  /** In the columns of a RecordedHistory. */
  readonly row: number;
}

type Planned = Pick<Recorded, 'path' | 'keys'>;

interface RowsOfHistory {
  readonly history: RecordedHistory;
  /** The row of each entry, by rank. */
  readonly rowsOf: readonly (readonly number[])[];
}

export class PastValues {
  readonly structure: SeriesStructure;
  readonly files: readonly PlannedFile[];
  readonly timeSeconds: Float64Array;
  readonly #history: RecordedHistory;
  /** The row of each entry, by rank. */
  readonly #rowsOf: readonly (readonly number[])[];

  private constructor(parts: Pick<PastValues, 'structure' | 'files'> & RowsOfHistory) {
    this.structure = parts.structure;
    this.files = parts.files;
    this.timeSeconds = parts.history.timeSeconds;
    this.#history = parts.history;
    this.#rowsOf = parts.rowsOf;
  }

  /** @param isWanted of these files only */
  static of(past: Planned, history: RecordedHistory, options: PlanOptions = {}): PastValues {
    return atOnce(PastValues.inSteps(past, history, options));
  }

  /** As of(). */
  static *inSteps(
    past: Planned,
    history: RecordedHistory,
    { rules, isWanted = () => true }: PlanOptions = {},
  ): Steps<PastValues> {
    const rows = rowsByFile(history);
    const files: PlannedFile[] = [];
    const rowsOf: (readonly number[])[] = [];
    for (const i of inMergeOrder(history.fileName)) {
      const own = rows[i]!;
      const file = new RecordedFile(`${past.path}/${history.fileName[i]!}`, {
        entries: entriesOf(past, history, own),
        valueBytes: 16,
        identity: history.identity[i]!,
        modifiedSeconds: undefined,
      });
      const { fileName } = file;
      if (fileName === undefined || own.length === 0) continue;
      const planned = Object.assign(file, { fileName });
      if (!isWanted(planned)) continue;
      files.push(planned);
      rowsOf.push(own);
    }
    const structure = yield* planInSteps(files, past.keys, rules);
    return new PastValues({ structure, files, history, rowsOf });
  }

  get layout(): Layout {
    return this.structure.parts.layout;
  }

  /** The entries of a slot, in the order in which they are merged. */
  entriesOf(slot: number): PastEntry[] {
    const { places } = this.structure;
    const { from, to } = places.of(slot);
    return Array.from({ length: to - from }, (_, i) => {
      const rank = places.rank[from + i]!;
      return { file: this.files[rank]!, row: this.#rowsOf[rank]![places.entry[from + i]!]! };
    });
  }

  /** Whether the entry was there at this index of timeSeconds. */
  isPresent({ row }: PastEntry, at: number): boolean {
    return this.#history.isPresent[row * this.timeSeconds.length + at] === 1;
  }

  /** When it was there last, seconds; 0 for never. */
  lastPresent(entry: PastEntry): number {
    for (let at = this.timeSeconds.length - 1; at >= 0; at--) {
      if (this.isPresent(entry, at)) return this.timeSeconds[at]!;
    }
    return 0;
  }

  /** 0 where it was not there. */
  valueAt({ row }: PastEntry, at: number): number {
    return this.#history.value[row * this.timeSeconds.length + at]!;
  }

  /** As a scrape would join the entries of a series then; the winner is one of them. */
  joinedAt(
    { operation }: Series,
    entries: readonly PastEntry[],
    at: number,
  ): { readonly value: Joined['value']; readonly winner: PastEntry | undefined } {
    const { timestampSeconds } = this.#history;
    // Most series of one process have one entry.
    const [only] = entries;
    if (entries.length === 1 && operation !== OPERATION.mostRecent) {
      if (!this.isPresent(only!, at)) return { value: undefined, winner: undefined };
      const isSum = operation === OPERATION.sum;
      // As a sum does, which makes 0 of -0.
      const value = isSum ? 0 + this.valueAt(only!, at) : this.valueAt(only!, at);
      return { value, winner: isSum ? undefined : only };
    }
    const there = entries.filter((entry) => this.isPresent(entry, at));
    const { value, winner } = joinValues(
      operation,
      there.map((entry) => ({
        value: this.valueAt(entry, at),
        timestampSeconds: timestampSeconds[entry.row * this.timeSeconds.length + at] ?? 0,
      })),
    );
    return { value, winner: winner === undefined ? undefined : there[winner] };
  }
}

export interface PlanOptions {
  readonly rules?: PlanRules | undefined;
  readonly isWanted?: (file: PlannedFile) => boolean;
}

export interface HistoryQuery {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly maxValues?: number | undefined;
}

/**
 * Reads keys over time; of fewer moments where there would be too many values.
 *
 * @param keyId all that go into the series that are of interest
 */
export async function readHistory(
  past: RecordedPast,
  keyId: Uint32Array,
  { fromSeconds, toSeconds, maxValues = MAX_VALUES }: HistoryQuery,
): Promise<RecordedHistory> {
  const rows = await rowsOf(past, keyId, toSeconds, maxValues);
  const points = Math.max(2, Math.floor(maxValues / Math.max(1, rows)));
  return past.recording.history(keyId, fromSeconds, toSeconds, points);
}

/** About how many files have these keys, all told. */
async function rowsOf(
  past: RecordedPast,
  keyId: Uint32Array,
  atSeconds: number,
  maxValues: number,
): Promise<number> {
  // Reading a moment takes a while, and a few keys are few rows in any case.
  const atMost = keyId.length * MANY_FILES;
  if (atMost * past.timeSeconds.length <= maxValues) return atMost;
  const lastSeconds = past.timeSeconds.findLast((seconds) => seconds <= atSeconds) ?? atSeconds;
  const { keyId: rows } = await past.recording.history(keyId, lastSeconds, lastSeconds, 1);
  return Math.max(keyId.length, 2 * rows.length);
}

/** Keys of all families that have a series which the selector may select. */
export function selectedKeys(
  keys: RecordedKeys,
  selector: Selector,
  fromId = 0,
): Steps<Uint32Array> {
  return keys.withNames((names) => maySelect(selector, names), fromId);
}

/**
 * Of these, the keys of series that the selector may select by their labels, too. Of a large family these are few.
 *
 * A plan adds the label pid to what a key has, and a histogram is selected as a whole.
 */
export function* narrowedKeys(
  keys: RecordedKeys,
  keyId: Uint32Array,
  selector: Selector,
): Steps<Uint32Array> {
  const ids: number[] = [];
  for (const [i, id] of keyId.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const key = keys.read(id) as Key;
    if (selector.selectsLabels(key.labels, NOT_OF_KEYS)) ids.push(id);
  }
  return Uint32Array.from(ids);
}

const NOT_OF_KEYS: readonly string[] = ['pid', 'le'];

function maySelect(selector: Selector, key: NamesOfKey): boolean {
  return [familyOf(key, 'counter'), familyOf(key, 'gauge')].some((family) =>
    [key.sampleName, `${family}_bucket`, `${family}_count`].some((sampleName) =>
      selector.selectsNames({ family, sampleName }),
    ),
  );
}

/**
 * By file. A daemon that was restarted numbers files anew: what has the name and the identity of an earlier one is that one,
 * and its values are put into the rows of that.
 */
function rowsByFile(history: RecordedHistory): number[][] {
  const { fileName, identity, file, keyId } = history;
  const rows = fileName.map((): number[] => []);
  for (const [row, of] of file.entries()) rows[of]!.push(row);
  const firstOf = new Map<string, number>();
  for (const [of, name] of fileName.entries()) {
    const isKnown = identity[of] !== '' || recordedName(name)?.processId === '';
    const known = isKnown ? JSON.stringify([name, identity[of]]) : `${of}`;
    const first = firstOf.get(known);
    if (first === undefined) {
      firstOf.set(known, of);
      continue;
    }
    const rowOf = new Map(rows[first]!.map((row) => [keyId[row]!, row]));
    for (const row of rows[of]!) {
      const earlier = rowOf.get(keyId[row]!);
      if (earlier === undefined) rows[first]!.push(row);
      else moveValues(history, row, earlier);
    }
    rows[of] = [];
  }
  return rows;
}

function moveValues(history: RecordedHistory, from: number, to: number): void {
  const { isPresent, value, timestampSeconds, timeSeconds } = history;
  const ticks = timeSeconds.length;
  for (let at = 0; at < ticks; at++) {
    if (isPresent[from * ticks + at] !== 1) continue;
    isPresent[to * ticks + at] = 1;
    value[to * ticks + at] = value[from * ticks + at]!;
    if (timestampSeconds.length === 0) continue;
    timestampSeconds[to * ticks + at] = timestampSeconds[from * ticks + at]!;
  }
}

/** By name, as a scrape lists them; values that were retained come last. */
function inMergeOrder(fileName: readonly string[]): number[] {
  const isRetained = fileName.map((name) => recordedName(name)?.processId === '');
  return [...fileName.keys()].sort((a, b) => {
    const retained = Number(isRetained[a]) - Number(isRetained[b]);
    return retained || compareCodePoints(fileName[a]!, fileName[b]!) || a - b;
  });
}

/** Their values are those of the history. */
function entriesOf(
  { keys }: Planned,
  { keyId }: RecordedHistory,
  rows: readonly number[],
): FileEntries {
  const none = new Float64Array(0);
  const columns = {
    keyId: Uint32Array.from(rows, (row) => keyId[row]!),
    value: none,
    timestampSeconds: none,
    valueOffset: new Uint32Array(0),
  };
  return new FileEntries(keys, columns, {
    from: 0,
    to: rows.length,
    timesFrom: 0,
    timesTo: 0,
    valueBytes: 16,
  });
}
