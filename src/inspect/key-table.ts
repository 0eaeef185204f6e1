/**
 * The keys of a reading: each text once, parsed on demand. The addon numbers them as it reads the files.
 */
import { FileReader } from '../files/file-reading.js';
import { KeyReader, type KeySource } from '../files/key-reader.js';
import type { Key, UnusableKey } from '../format/key.js';
import type { Keys } from './entry-columns.js';
import { KeptKeys } from './kept-keys.js';

/** Files of one program have the same few thousand keys. */
const MAX_KEPT_LENGTH = 32 * 2 ** 20;

/** Keys that something has by number, such as a recording. */
export class ParsedKeys implements Keys {
  readonly #kept: KeptKeys;
  readonly #texts: KeyReader;
  readonly #count: () => number;

  /** @param count ids are less than this */
  constructor(source: KeySource, count: () => number) {
    this.#texts = new KeyReader(source, Infinity);
    this.#kept = new KeptKeys((id) => this.text(id), MAX_KEPT_LENGTH);
    this.#count = count;
  }

  get size(): number {
    return this.#count();
  }

  read(id: number): Key | UnusableKey {
    return this.#kept.read(id);
  }

  text(id: number): Uint8Array {
    return this.#texts.text(id);
  }
}

export class KeyTable extends ParsedKeys {
  /** Numbers the keys of all files that it reads. */
  readonly reader: FileReader;

  constructor() {
    const reader = new FileReader();
    super(reader, () => reader.keyCount());
    this.reader = reader;
  }

  /** @returns the id of this text: an existing one, or the next */
  add(bytes: Uint8Array): number {
    return this.reader.addKey(bytes);
  }
}
