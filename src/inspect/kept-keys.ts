/**
 * Parses keys when a view needs them, and keeps those parsed recently: a parsed key takes three times the memory of its
 * text, and most views need it once.
 */
import { type Key, parseKey, type UnusableKey } from '../format/key.js';

export class KeptKeys {
  readonly #textOf: (id: number) => Uint8Array;
  readonly #maxLength: number;
  readonly #kept = new Map<number, Key | UnusableKey>();
  #length = 0;

  /** @param maxLength bytes of the texts of the kept keys; a key may be 1 MiB long */
  constructor(textOf: (id: number) => Uint8Array, maxLength: number) {
    this.#textOf = textOf;
    this.#maxLength = maxLength;
  }

  read(id: number): Key | UnusableKey {
    let key = this.#kept.get(id);
    if (key === undefined) {
      const text = this.#textOf(id);
      key = parseKey(text);
      if (this.#length > this.#maxLength) {
        this.#kept.clear();
        this.#length = 0;
      }
      this.#kept.set(id, key);
      this.#length += text.length;
    }
    return key;
  }
}
