/**
 * The keys of a reading: each text once, parsed on demand. The addon numbers them as it reads the files.
 *
 * A parsed key takes three times the memory of its text, and most views need it once. So only recently parsed keys
 * are kept; files of one program have the same few thousand keys.
 */
import { FileReader } from '../files/file-reading.js';
import { KeyReader } from '../files/key-reader.js';
import { type Key, parseKey, type UnusableKey } from '../format/key.js';
import type { Keys } from './entry-columns.js';

/** Bytes of the kept keys; a key may be 1 MiB long. */
const MAX_KEPT_LENGTH = 32 * 2 ** 20;

export class KeyTable implements Keys {
  /** Numbers the keys of all files that it reads. */
  readonly reader = new FileReader();
  readonly #texts = new KeyReader(this.reader, Infinity);
  readonly #kept = new Map<number, Key | UnusableKey>();
  #keptLength = 0;

  get size(): number {
    return this.reader.keyCount();
  }

  /** @returns the id of this text: an existing one, or the next */
  add(bytes: Uint8Array): number {
    return this.reader.addKey(bytes);
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
