/**
 * Whether the directory must be listed again: the exact check that every scrape begins with.
 *
 * A name that comes, goes or is replaced changes the directory's own times, so an unchanged directory
 * needs no listing. But the times advance in clock ticks: a change in the same tick as the last listing leaves
 * them as they were. So the next check does not trust a listing that was taken within a tick of the last change.
 *
 * Costs one stat per scrape, which the addon makes (FileSet.refreshAsListed).
 */
import type { DirectoryTimes } from '../native.js';

const NS_PER_MS = 1_000_000n;

/** Two ticks of a kernel with HZ=100, the slowest there is, and some more. */
const TICK_NS = 25n * NS_PER_MS;

/** Some file systems keep whole seconds or even pairs of them. */
const COARSE_TICK_NS = 2_100n * NS_PER_MS;

export class Directory {
  readonly path: string;
  readonly #nowNs: () => bigint;
  #listed: DirectoryTimes | undefined;

  constructor(path: string, nowNs: () => bigint = () => BigInt(Date.now()) * NS_PER_MS) {
    this.path = path;
    this.#nowNs = nowNs;
  }

  /** While it has these times it needs no listing; undefined when it must be listed in any case. */
  get listed(): DirectoryTimes | undefined {
    return this.#listed;
  }

  /**
   * Begins a listing. Nothing is known of the directory until the returned function is called, at the end of the listing.
   *
   * @param now times taken before the listing: a change during it gives later ones
   */
  list(now: DirectoryTimes): () => void {
    this.#listed = undefined;
    const isTrusted = isOld(now, this.#nowNs());
    return () => {
      if (isTrusted) this.#listed = now;
    };
  }

  /** The directory's stat failed: nothing is known of it. */
  forget(): void {
    this.#listed = undefined;
  }
}

/** Whether a change made now would show in the times. A time in the future is never old. */
function isOld(times: DirectoryTimes, nowNs: bigint): boolean {
  // ctime too: rsync and cp -p set mtime back, nothing sets ctime.
  return [times.mtimeNs, times.ctimeNs].every((time) => {
    const isWholeSecond = time % (1_000n * NS_PER_MS) === 0n;
    return nowNs - time > (isWholeSecond ? COARSE_TICK_NS : TICK_NS);
  });
}
