/**
 * Reads keys by their id, when the plan asks for them. Keys are asked for in about the order of their ids, so
 * their texts come from the addon in blocks.
 */
import { type Key, parseKey, type UnusableKey } from '../format/key.js';
import type { FileSet, KeyTexts } from '../native.js';

/** What has keys by number. */
export type KeySource = Pick<FileSet, 'keyTexts'>;

const KEYS_PER_BLOCK = 256;

/** One key may be 1 MiB; a block of such keys is one key. */
const BLOCK_BYTES = 65_536;

export class KeyReader {
  readonly #source: KeySource;
  readonly #maxLabels: number;
  #firstId = 0;
  #block: KeyTexts = { text: new Uint8Array(0), end: new Uint32Array(0) };

  /**
   * Invalid after compactKeys, which gives keys new ids.
   *
   * @param maxLabels a key with more labels is unusable
   */
  constructor(source: KeySource, maxLabels: number) {
    this.#source = source;
    this.#maxLabels = maxLabels;
  }

  /** REQUIRES: no asynchronous call on the file set, if it is one, is under way. */
  read(id: number): Key | UnusableKey {
    return parseKey(this.text(id), this.#maxLabels);
  }

  /** REQUIRES: as read(). */
  text(id: number): Uint8Array {
    if (id < this.#firstId || id >= this.#firstId + this.#block.end.length) {
      this.#firstId = id;
      this.#block = this.#source.keyTexts(id, KEYS_PER_BLOCK, BLOCK_BYTES);
    }
    const { text, end } = this.#block;
    const i = id - this.#firstId;
    return text.subarray(i === 0 ? 0 : end[i - 1]!, end[i]!);
  }
}
