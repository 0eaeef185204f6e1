/**
 * Readings from a recording: at each moment that was recorded, the files with their entries are those of a reading of the
 * directory then. What a file takes on disk and its times are not recorded, nor files that were left out.
 */
import { basename } from 'node:path';
import { MetricFileError } from '../errors.js';
import type { RecordedInstant, Recording } from '../files/recording.js';
import { type FileName, parseFileName } from '../format/filename.js';
import { decodeMoment } from '../processes/recorded-writers.js';
import type { Writer } from '../processes/writer.js';
import { FileEntries, type JoinedColumns } from './entry-columns.js';
import type { Span } from './moment.js';
import { counted } from './quantity.js';
import { knownTime, pathOf } from './read-file.js';
import type { ReadFile, Reading } from './reading.js';
import { RecordedKeys } from './recorded-keys.js';

/** Bytes before the first entry, and of the length of a key. native/core/file_format.h. */
const HEADER_BYTES = 8;
const LENGTH_BYTES = 4;

export class RecordedPast {
  readonly path: string;
  readonly recording: Recording;
  /** Of all moments. */
  readonly timeSeconds: Float64Array;
  readonly span: Span;
  readonly keys: RecordedKeys;
  /** Whether nothing is added to it: that of a recorder is what there is by now. */
  readonly isWhole: boolean;

  /**
   * @param known keys of an earlier recording of the same recorder: they are taken over, unless they are numbered anew
   * @throws MetricFileError FILE_UNREADABLE if nothing of it can be read
   */
  constructor(
    path: string,
    recording: Recording,
    {
      isWhole = true,
      known,
    }: { readonly isWhole?: boolean; readonly known?: RecordedKeys | undefined } = {},
  ) {
    this.path = path;
    this.isWhole = isWhole;
    this.recording = recording;
    this.timeSeconds = recording.times();
    if (this.timeSeconds.length === 0) {
      throw new MetricFileError(
        'FILE_UNREADABLE',
        path,
        'a recording without a moment that can be read',
      );
    }
    this.span = spanOf(this.timeSeconds);
    const table = recording.keyTable();
    this.keys = known?.table === table ? known : new RecordedKeys(table);
    this.keys.addRecording(recording);
  }

  /** What must be known of the recording: one line each. */
  get notes(): string[] {
    const segments = this.recording.segments();
    const damaged = segments.filter(({ isDamaged }) => isDamaged).length;
    if (damaged === 0) return [];
    return [
      `${this.path}: ${damaged} of ${counted(segments.length, 'segment')} damaged; what can be read of it is answered`,
    ];
  }

  lastReading(): Promise<Reading> {
    return this.readingOf(this.span.toSeconds);
  }

  /**
   * Of the last moment at or before this time.
   *
   * @param keyId with these keys only: planning those of a few families takes a hundredth of the time
   */
  async readingOf(seconds: number, keyId?: Uint32Array): Promise<Reading> {
    const instant = await this.recording.at(seconds);
    if (instant === undefined) {
      throw new MetricFileError(
        'FILE_UNREADABLE',
        this.path,
        'that moment of the recording is damaged',
      );
    }
    const { fileName, identity, valueBytes, timestampSeconds } = instant;
    const { path: directory = this.path, writers = [] } = decodeMoment(instant.blob) ?? {};
    const columns = new RecordedColumns(instant, this.keys);
    const some = keyId && chosenRows(instant, keyId, this.keys.size);
    const shown = some === undefined ? columns : new PickedColumns(columns, some.rows);
    const { entryEnd } = some ?? instant;
    const hasTimes = timestampSeconds.length > 0;
    const files = fileName.map((name, i): ReadFile => {
      const from = i === 0 ? 0 : entryEnd[i - 1]!;
      const to = entryEnd[i]!;
      const times = hasTimes ? { timesFrom: from, timesTo: to } : { timesFrom: 0, timesTo: 0 };
      const range = { from, to, ...times, valueBytes: valueBytes[i]! };
      return new RecordedFile(pathOf(directory, name), {
        entries: new FileEntries(this.keys, shown, range),
        valueBytes: valueBytes[i]!,
        identity: identity[i]!,
        modifiedSeconds: some?.lastSetSeconds[i],
      });
    });
    return {
      path: this.path,
      takenAtSeconds: instant.timeSeconds,
      files,
      keys: this.keys,
      writers: new Map(writers.map((writer) => [writer.processId, writer])),
      bootSeconds: undefined,
      isRecorded: true,
    };
  }

  /** Who wrote at the last moment at or before this time. */
  async writersAt(seconds: number): Promise<readonly Writer[]> {
    const instant = await this.recording.at(seconds);
    return (instant && decodeMoment(instant.blob)?.writers) ?? [];
  }

  /** The same recording, for one that closes it when it is done: this one stays open. */
  shared(): RecordedPast {
    const { recording } = this;
    const unclosed: Recording = {
      segments: () => recording.segments(),
      times: () => recording.times(),
      at: (seconds) => recording.at(seconds),
      history: (keyId, from, to, points) => recording.history(keyId, from, to, points),
      increases: (seconds, classOfKey) => recording.increases(seconds, classOfKey),
      keyTable: () => recording.keyTable(),
      keyCount: () => recording.keyCount(),
      keyTexts: (from, count, bytes) => recording.keyTexts(from, count, bytes),
      save: (segment, from, texts) => recording.save(segment, from, texts),
      close: () => {},
    };
    return new RecordedPast(this.path, unclosed, { isWhole: this.isWhole, known: this.keys });
  }

  close(): void {
    this.keys.removeRecording(this.recording);
    this.recording.close();
  }
}

/** They ascend, unless the clock was set back. */
function spanOf(timeSeconds: Float64Array): Span {
  let [fromSeconds, toSeconds] = [timeSeconds[0]!, timeSeconds[0]!];
  for (const seconds of timeSeconds) {
    if (seconds < fromSeconds) fromSeconds = seconds;
    if (seconds > toSeconds) toSeconds = seconds;
  }
  return { fromSeconds, toSeconds };
}

/** The columns of an instant. Where the values are in the files is computed: each entry follows the one before it. */
class RecordedColumns implements JoinedColumns {
  readonly keyId: Uint32Array;
  readonly value: Float64Array;
  readonly timestampSeconds: Float64Array;
  readonly #instant: Pick<RecordedInstant, 'entryEnd' | 'valueBytes'>;
  readonly #keys: RecordedKeys;
  #valueOffset: Uint32Array | undefined;

  constructor(instant: RecordedInstant, keys: RecordedKeys) {
    this.keyId = instant.keyId;
    this.value = instant.value;
    this.timestampSeconds = instant.timestampSeconds;
    this.#instant = instant;
    this.#keys = keys;
  }

  get valueOffset(): Uint32Array {
    this.#valueOffset ??= this.#findOffsets();
    return this.#valueOffset;
  }

  #findOffsets(): Uint32Array {
    const { entryEnd, valueBytes } = this.#instant;
    const { length: keyLength } = this.#keys;
    const offsets = new Uint32Array(this.keyId.length);
    let i = 0;
    for (const [file, end] of entryEnd.entries()) {
      let at = HEADER_BYTES;
      for (; i < end; i++) {
        const keyEnd = at + LENGTH_BYTES + keyLength[this.keyId[i]!]!;
        // A key that ends on a boundary is followed by eight blanks.
        offsets[i] = keyEnd + 8 - (keyEnd % 8);
        at = offsets[i]! + valueBytes[file]!;
      }
    }
    return offsets;
  }
}

interface ChosenRows {
  readonly rows: Uint32Array;
  readonly entryEnd: Uint32Array;
  /** Of all entries of a file, since it says when the process wrote; undefined if it does not. */
  readonly lastSetSeconds: readonly (number | undefined)[];
}

function chosenRows(
  { keyId, entryEnd, timestampSeconds }: RecordedInstant,
  wanted: Uint32Array,
  keyCount: number,
): ChosenRows {
  const isWanted = new Uint8Array(keyCount);
  for (const id of wanted) isWanted[id] = 1;
  const rows = new Uint32Array(keyId.length);
  const chosenEnd = new Uint32Array(entryEnd.length);
  const lastSetSeconds: (number | undefined)[] = [];
  let count = 0;
  let i = 0;
  for (const [file, end] of entryEnd.entries()) {
    let last = 0;
    for (; i < end; i++) {
      if (timestampSeconds[i]! > last) last = timestampSeconds[i]!;
      if (isWanted[keyId[i]!]) rows[count++] = i;
    }
    chosenEnd[file] = count;
    lastSetSeconds.push(knownTime(last));
  }
  return { rows: rows.subarray(0, count), entryEnd: chosenEnd, lastSetSeconds };
}

/** Some rows of columns. */
class PickedColumns implements JoinedColumns {
  readonly keyId: Uint32Array;
  readonly value: Float64Array;
  readonly timestampSeconds: Float64Array;
  readonly #all: JoinedColumns;
  readonly #rows: Uint32Array;
  #valueOffset: Uint32Array | undefined;

  constructor(all: JoinedColumns, rows: Uint32Array) {
    const { keyId, value, timestampSeconds } = all;
    const hasTimes = timestampSeconds.length > 0;
    this.keyId = picked(keyId, rows, new Uint32Array(rows.length));
    this.value = picked(value, rows, new Float64Array(rows.length));
    this.timestampSeconds = hasTimes
      ? picked(timestampSeconds, rows, new Float64Array(rows.length))
      : timestampSeconds;
    this.#all = all;
    this.#rows = rows;
  }

  /** Made once: each share asks for its own. */
  get valueOffset(): Uint32Array {
    this.#valueOffset ??= picked(
      this.#all.valueOffset,
      this.#rows,
      new Uint32Array(this.#rows.length),
    );
    return this.#valueOffset;
  }
}

function picked<C extends Uint32Array | Float64Array>(all: C, rows: Uint32Array, some: C): C {
  for (let i = 0; i < rows.length; i++) some[i] = all[rows[i]!]!;
  return some;
}

type FileFacts = Pick<ReadFile, 'valueBytes' | 'identity' | 'modifiedSeconds'> & {
  readonly entries: FileEntries;
};

/** A file as it was recorded. */
export class RecordedFile implements ReadFile {
  readonly path: string;
  readonly name: string;
  readonly fileName: ReadFile['fileName'];
  readonly entries: FileEntries;
  readonly valueBytes: number;
  readonly identity: string;
  readonly fault = undefined;
  readonly diskBytes = 0;
  readonly modifiedSeconds: number | undefined;
  readonly changedSeconds = undefined;

  constructor(path: string, { entries, valueBytes, identity, modifiedSeconds }: FileFacts) {
    this.path = path;
    this.name = basename(path);
    this.fileName = recordedName(this.name);
    this.entries = entries;
    this.valueBytes = valueBytes;
    this.identity = identity;
    this.modifiedSeconds = modifiedSeconds;
  }

  get usedBytes(): number {
    const { length } = this.entries;
    return length === 0 ? HEADER_BYTES : this.entries.valueOffset[length - 1]! + this.valueBytes;
  }

  /** At least. */
  get sizeBytes(): number {
    return this.usedBytes;
  }
}

/** Those of removed files, which the daemon keeps in memory (recorded-structure.ts). */
const RETAINED = /^removed (counter|histogram|summary) files$/;

/** As parseFileName, and that of values that the daemon retained, which are of no process. */
export function recordedName(name: string): FileName | undefined {
  const [, type] = RETAINED.exec(name) ?? [];
  return type === undefined ? parseFileName(name) : { type: type as 'counter', processId: '' };
}
