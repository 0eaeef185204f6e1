/**
 * The entries of a file as columns. A directory may have a million entries: a view that looks at all of them loops over
 * a column, and an object is made only for an entry that is shown.
 */
import type { Key, UnusableKey } from '../format/key.js';
import type { List } from './list.js';

/** The keys of a reading, by id. Equal texts have one id. */
export interface Keys {
  /** Ids are less than this. */
  readonly size: number;
  /** May be a new object each time: compare ids, not objects. */
  read(id: number): Key | UnusableKey;
  /** Its bytes, valid until the next call; absent where they may not be seen. */
  text?(id: number): Uint8Array;
}

/** One entry as the file has it. */
export interface ReadEntry {
  /** Equal for all entries of a reading with the same key text. */
  readonly keyId: number;
  /** Parsed on demand. */
  readonly key: Key | UnusableKey;
  /** Byte at which the entry begins, and at which its value is. */
  readonly offset: number;
  readonly valueOffset: number;
  readonly value: number;
  /** Unix time; 0 if none was stored, and in files with 8-byte values. */
  readonly timestampSeconds: number;
}

/** In file order; row i of each column is about entry i. Entries are made on demand. */
export interface EntryColumns extends List<ReadEntry> {
  readonly keyId: Uint32Array;
  readonly value: Float64Array;
  /** Unix times, 0 where none was stored; empty if the file has none at all. */
  readonly timestampSeconds: Float64Array;
  /** Byte of the file at which the value is. A reading in memory may find it only when asked. */
  readonly valueOffset: Uint32Array;
}

/** The columns of several files, end to end. */
export interface JoinedColumns {
  readonly keyId: Uint32Array;
  readonly value: Float64Array;
  /** Of those files that have times. */
  readonly timestampSeconds: Float64Array;
  readonly valueOffset: Uint32Array;
}

/** Where the columns of one file are. */
export interface ColumnRange {
  readonly from: number;
  readonly to: number;
  /** In `timestampSeconds`; equal if the file has no times. */
  readonly timesFrom: number;
  readonly timesTo: number;
  /** 8 or 16; 0 while there is no entry. */
  readonly valueBytes: number;
}

/** Bytes before the first entry. native/core/file_format.h. */
const HEADER_BYTES = 8;

/** Part of the columns of several files. Its own columns are made when they are first used. */
export class FileEntries implements EntryColumns {
  readonly #keys: Keys;
  readonly #columns: JoinedColumns;
  readonly #range: ColumnRange;
  #keyId: Uint32Array | undefined;
  #value: Float64Array | undefined;
  #timestampSeconds: Float64Array | undefined;
  #valueOffset: Uint32Array | undefined;

  constructor(keys: Keys, columns: JoinedColumns, range: ColumnRange) {
    this.#keys = keys;
    this.#columns = columns;
    this.#range = range;
  }

  get length(): number {
    return this.#range.to - this.#range.from;
  }

  get keyId(): Uint32Array {
    this.#keyId ??= this.#columns.keyId.subarray(this.#range.from, this.#range.to);
    return this.#keyId;
  }

  get value(): Float64Array {
    this.#value ??= this.#columns.value.subarray(this.#range.from, this.#range.to);
    return this.#value;
  }

  get timestampSeconds(): Float64Array {
    const { timesFrom, timesTo } = this.#range;
    this.#timestampSeconds ??= this.#columns.timestampSeconds.subarray(timesFrom, timesTo);
    return this.#timestampSeconds;
  }

  get valueOffset(): Uint32Array {
    this.#valueOffset ??= this.#columns.valueOffset.subarray(this.#range.from, this.#range.to);
    return this.#valueOffset;
  }

  at(index: number): ReadEntry | undefined {
    return index >= 0 && index < this.length ? new FileEntry(this, index) : undefined;
  }

  *[Symbol.iterator](): IterableIterator<ReadEntry> {
    for (let i = 0; i < this.length; i++) yield new FileEntry(this, i);
  }

  keyAt(index: number): Key | UnusableKey {
    return this.#keys.read(this.keyId[index]!);
  }

  offsetAt(index: number): number {
    // An entry begins where the one before it ends.
    return index === 0 ? HEADER_BYTES : this.valueOffset[index - 1]! + this.#range.valueBytes;
  }
}

class FileEntry implements ReadEntry {
  readonly #file: FileEntries;
  readonly #index: number;

  constructor(file: FileEntries, index: number) {
    this.#file = file;
    this.#index = index;
  }

  get keyId(): number {
    return this.#file.keyId[this.#index]!;
  }

  get key(): Key | UnusableKey {
    return this.#file.keyAt(this.#index);
  }

  get offset(): number {
    return this.#file.offsetAt(this.#index);
  }

  get valueOffset(): number {
    return this.#file.valueOffset[this.#index]!;
  }

  get value(): number {
    return this.#file.value[this.#index]!;
  }

  get timestampSeconds(): number {
    return this.#file.timestampSeconds[this.#index] ?? 0;
  }
}

/** Of a file that was not read. */
export const NO_ENTRIES: EntryColumns = new FileEntries(
  { size: 0, read: () => ({ fault: 'utf8', found: 'no key' }) },
  {
    keyId: new Uint32Array(0),
    value: new Float64Array(0),
    timestampSeconds: new Float64Array(0),
    valueOffset: new Uint32Array(0),
  },
  { from: 0, to: 0, timesFrom: 0, timesTo: 0, valueBytes: 0 },
);
