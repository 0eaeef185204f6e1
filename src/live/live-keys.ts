/** The keys of a plan, by id, from copies of their texts. */
import type { Key, UnusableKey } from '../format/key.js';
import type { Keys } from '../inspect/entry-columns.js';
import { KeptKeys } from '../inspect/kept-keys.js';
import type { KeyTexts } from '../scrape/directory/plan-state.js';

const MAX_KEPT_BYTES = 8 * 2 ** 20;

export class LiveKeys implements Keys {
  readonly size: number;
  readonly #blocks: readonly KeyTexts[];
  /** Id of the first key of each block. */
  readonly #firstId: Uint32Array;
  readonly #kept: KeptKeys;

  /**
   * @param blocks in the order of the ids
   * @param keptBytes of the texts of the keys that stay parsed; 0 for a reader that needs each key once
   */
  constructor(blocks: readonly KeyTexts[], keptBytes = MAX_KEPT_BYTES) {
    this.#kept = new KeptKeys((id) => this.text(id), keptBytes);
    this.#blocks = blocks;
    this.#firstId = new Uint32Array(blocks.length);
    let id = 0;
    for (const [i, { end }] of blocks.entries()) {
      this.#firstId[i] = id;
      id += end.length;
    }
    this.size = id;
  }

  read(id: number): Key | UnusableKey {
    return this.#kept.read(id);
  }

  text(id: number): Uint8Array {
    let from = 0;
    let to = this.#blocks.length;
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (this.#firstId[middle]! <= id) from = middle;
      else to = middle;
    }
    const { text, end } = this.#blocks[from]!;
    const i = id - this.#firstId[from]!;
    return text.subarray(i === 0 ? 0 : end[i - 1]!, end[i]!);
  }
}
