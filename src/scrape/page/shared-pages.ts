/**
 * Reference counts of pages that several answers share.
 *
 * A page that is not used any more is freed by the addon. If the garbage collection freed it, 8 MB more of external
 * memory at each scrape of 60,000 series would cause a walk of the whole heap every eighth time (80 ms, in pieces).
 */
import { releaseBody } from '../../native.js';

export class SharedPages {
  readonly #users = new WeakMap<Buffer, number>();

  /** Adds a user of the page, which must not have been released. */
  share(page: Buffer): Buffer {
    this.#users.set(page, (this.#users.get(page) ?? 0) + 1);
    return page;
  }

  /** Removes a user; after the last one the page is emptied. Ignores buffers that are not shared. */
  release(page: Buffer): void {
    const users = this.#users.get(page);
    if (users === undefined) return;
    if (users > 1) {
      this.#users.set(page, users - 1);
    } else {
      this.#users.delete(page);
      releaseBody(page);
    }
  }
}
