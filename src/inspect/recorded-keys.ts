/**
 * The keys of a recording, parsed on demand, and what is known of all of them: their lengths, and which names they have.
 *
 * A recorder is opened again and again, and each recording has the keys of the one before, and maybe more. So one object
 * serves them all, as long as the recorder does not number its keys anew: parsing 100,000 keys takes half a second.
 */
import type { Recording } from '../files/recording.js';
import {
  isUnusable,
  type Key,
  type NamesOfKey,
  parseKey,
  type UnusableKey,
} from '../format/key.js';
import { madeOnce } from '../memo.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import type { Keys } from './entry-columns.js';
import { ParsedKeys } from './key-table.js';

/** Keys whose lengths are read at once. */
const KEYS_PER_BLOCK = 65_536;
const BLOCK_BYTES = 4 * 2 ** 20;

/** Of a key that is unusable. */
const NO_NAMES = 0;

/** Some tens of microseconds. */
const IDS_PER_STEP = 16_384;

export class RecordedKeys implements Keys {
  /** As Recording.keyTable. */
  readonly table: number;
  readonly #keys: ParsedKeys;
  /** All that are open: a key is read from any of them. */
  readonly #recordings = new Set<Recording>();
  #length = new Uint32Array();
  readonly #names = new DistinctNames();
  /** By key id: a number of #names. */
  #namesOf = new Uint32Array();
  #namedKeys = 0;

  constructor(table: number) {
    this.table = table;
    this.#keys = new ParsedKeys(
      { keyTexts: (fromId, count, bytes) => this.#recording.keyTexts(fromId, count, bytes) },
      () => this.#recording.keyCount(),
    );
  }

  /** REQUIRES: its key table is this one. */
  addRecording(recording: Recording): void {
    this.#recordings.add(recording);
  }

  /** Before it is closed. */
  removeRecording(recording: Recording): void {
    this.#recordings.delete(recording);
  }

  get size(): number {
    return this.#keys.size;
  }

  read(id: number): Key | UnusableKey {
    return this.#keys.read(id);
  }

  text(id: number): Uint8Array {
    return this.#keys.text(id);
  }

  /** Bytes of each key, by id. */
  get length(): Uint32Array {
    const { size } = this;
    if (this.#length.length < size) {
      const known = this.#length;
      this.#length = new Uint32Array(size);
      this.#length.set(known);
      readLengths(this.#recording, this.#length, known.length);
    }
    return this.#length;
  }

  /** The ids of all keys from this one on with names that are wanted, ascending. */
  *withNames(isWanted: (names: NamesOfKey) => boolean, fromId: number): Steps<Uint32Array> {
    const { size } = this;
    yield* this.#nameKeys(size);
    const wanted = new Uint8Array(this.#names.count);
    for (const [number, names] of this.#names.list.entries()) {
      if (number % ITEMS_PER_STEP === 0) yield;
      if (names !== undefined && isWanted(names)) wanted[number] = 1;
    }
    const namesOf = this.#namesOf;
    const ids = new Uint32Array(size - fromId);
    let count = 0;
    for (let id = fromId; id < size; id++) {
      if (id % IDS_PER_STEP === 0) yield;
      if (wanted[namesOf[id]!]) ids[count++] = id;
    }
    return ids.slice(0, count);
  }

  /** They are not kept: most views need no more of them than their names. */
  *#nameKeys(size: number): Steps<void> {
    if (this.#namesOf.length < size) {
      const known = this.#namesOf;
      this.#namesOf = new Uint32Array(size);
      this.#namesOf.set(known);
    }
    // Another one may do it meanwhile.
    while (this.#namedKeys < size) {
      const id = this.#namedKeys;
      this.#namesOf[id] = this.#names.numberOf(parseKey(this.text(id)));
      this.#namedKeys = id + 1;
      if (id % ITEMS_PER_STEP === 0) yield;
    }
  }

  get #recording(): Recording {
    for (const recording of this.#recordings) return recording;
    throw new Error('the recording is closed');
  }
}

function readLengths(recording: Recording, lengths: Uint32Array, fromId: number): void {
  let id = fromId;
  while (id < lengths.length) {
    const { end } = recording.keyTexts(id, KEYS_PER_BLOCK, BLOCK_BYTES);
    if (end.length === 0) return;
    let from = 0;
    for (const to of end) {
      lengths[id++] = to - from;
      from = to;
    }
  }
}

class DistinctNames {
  /** By number. */
  readonly list: (NamesOfKey | undefined)[] = [undefined];
  /** By family and sample name; twice, for those whose family has lost a suffix and others. */
  readonly #numbers = [new Map<string, Map<string, number>>(), new Map()] as const;

  get count(): number {
    return this.list.length;
  }

  numberOf(key: Key | UnusableKey): number {
    if (isUnusable(key)) return NO_NAMES;
    const { family, sampleName, totalRemoved } = key;
    const numbers = this.#numbers[totalRemoved ? 1 : 0];
    const ofFamily = madeOnce(numbers, family, () => new Map<string, number>());
    return madeOnce(
      ofFamily,
      sampleName,
      () => this.list.push({ family, sampleName, ...(totalRemoved && { totalRemoved }) }) - 1,
    );
  }
}
