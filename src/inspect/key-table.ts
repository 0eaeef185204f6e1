/**
 * The keys of a reading: each text once, parsed on demand. The addon numbers them as it reads the files.
 *
 * A parsed key takes three times the memory of its text, and most views need it once. So only recently parsed keys
 * are kept; files of one program have the same few thousand keys.
 */
import { FileReader } from '../files/file-reading.js';
import { KeyReader, type KeySource } from '../files/key-reader.js';
import { type Key, parseKey, type UnusableKey } from '../format/key.js';
import type { Keys } from './entry-columns.js';

/** Bytes of the kept keys; a key may be 1 MiB long. */
const MAX_KEPT_LENGTH = 32 * 2 ** 20;

/** Keys that something has by number, such as a recording. */
export class ParsedKeys implements Keys {
  readonly #texts: KeyReader;
  readonly #count: () => number;
  readonly #kept = new Map<number, Key | UnusableKey>();
  #keptLength = 0;

  /** @param count ids are less than this */
  constructor(source: KeySource, count: () => number) {
    this.#texts = new KeyReader(source, Infinity);
    this.#count = count;
  }

  get size(): number {
    return this.#count();
  }

  read(id: number): Key | UnusableKey {
    let key = this.#kept.get(id);
    if (key === undefined) {
      const text = this.#texts.text(id);
      key = parseKey(text);
      if (this.#keptLength > MAX_KEPT_LENGTH) {
        this.#kept.clear();
        this.#keptLength = 0;
      }
      this.#kept.set(id, key);
      this.#keptLength += text.length;
    }
    return key;
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
