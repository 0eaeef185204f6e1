/**
 * Pages that several answers share, and when nobody looks at them any more.
 *
 * Their memory goes back to the addon then. Left to the garbage collection, which is told of 8 MB more
 * at each scrape of 60,000 series, it walks the whole heap every eighth time (80 ms, in pieces).
 */
import { releaseBody } from '../../native.js';

export class SharedPages {
  readonly #users = new WeakMap<Buffer, number>();

  /** One more looks at it; it must not be released yet. */
  share(page: Buffer): Buffer {
    this.#users.set(page, (this.#users.get(page) ?? 0) + 1);
    return page;
  }

  /** One of them looks at it no more; after the last it is empty. Other buffers stay as they are. */
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
