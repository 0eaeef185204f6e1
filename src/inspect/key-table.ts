/**
 * The keys of a reading: each text once, parsed on demand.
 *
 * A parsed key takes three times the memory of its text, and most views need it once. So only recently parsed keys
 * are kept; files of one program have the same few thousand keys.
 */
import { type Key, parseKey, type UnusableKey } from '../format/key.js';

/** Characters of the kept keys; a key may be 1 MiB long. */
const MAX_KEPT_LENGTH = 32 * 2 ** 20;

export class KeyTable {
  readonly #idOf = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #kept = new Map<number, Key | UnusableKey>();
  #keptLength = 0;

  /** Ids are less than this. */
  get size(): number {
    return this.#texts.length;
  }

  /** @returns the id of this text: an existing one, or the next */
  add(bytes: Uint8Array): number {
    // One character for each byte: enough to identify a key, and faster than decoding.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let id = this.#idOf.get(text);
    if (id === undefined) {
      id = this.#texts.push(text) - 1;
      this.#idOf.set(text, id);
    }
    return id;
  }

  /** May be a new object each time: compare ids, not objects. */
  read(id: number): Key | UnusableKey {
    let key = this.#kept.get(id);
    if (key === undefined) {
      const text = this.#texts[id]!;
      key = parseKey(Buffer.from(text, 'latin1'));
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
