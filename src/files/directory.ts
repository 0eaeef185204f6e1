/**
 * Whether the directory must be listed again: the exact check that every scrape begins with.
 *
 * A name that comes, goes or is replaced changes the directory's own times, so an unchanged directory
 * needs no listing. But the times advance in clock ticks: a change in the same tick as the last listing leaves
 * them as they were. A listing taken while the directory was that young is therefore not trusted
 * by the next check.
 *
 * Runs once per scrape; costs one stat. Source: `design.md` 3, "Exact at scrape time".
 */
import { type BigIntStats, promises as fs } from 'node:fs';

/** What the check reads of a directory; injectable, since a test cannot slow the kernel's clock down. */
export type StatDirectory = (path: string) => Promise<DirectoryTimes>;

export type DirectoryTimes = Pick<BigIntStats, 'dev' | 'ino' | 'mtimeNs' | 'ctimeNs'>;

const NS_PER_MS = 1_000_000n;

/** Two ticks of a kernel with HZ=100, the slowest there is, and some more. */
const TICK_NS = 25n * NS_PER_MS;

/** Some file systems keep whole seconds or even pairs of them. */
const COARSE_TICK_NS = 2_100n * NS_PER_MS;

export class Directory {
  readonly path: string;
  readonly #stat: StatDirectory;
  readonly #nowNs: () => bigint;
  #listed: DirectoryTimes | undefined;
  #pending: DirectoryTimes | undefined;
  #pendingTrusted = false;

  constructor(
    path: string,
    stat: StatDirectory = (directory) => fs.stat(directory, { bigint: true }),
    nowNs: () => bigint = () => BigInt(Date.now()) * NS_PER_MS,
  ) {
    this.path = path;
    this.#stat = stat;
    this.#nowNs = nowNs;
  }

  /**
   * Stats the directory. When it returns true, list, then call `listed()`.
   *
   * @throws the errno error of stat
   */
  async mustList(): Promise<boolean> {
    const now = await this.#stat(this.path);
    const last = this.#listed;
    if (last !== undefined && sameTimes(last, now)) return false;
    // Taken before the listing: what changes during it is younger still.
    this.#pending = now;
    this.#pendingTrusted = isOld(now, this.#nowNs());
    return true;
  }

  /** The listing that mustList() asked for is done. */
  listed(): void {
    this.#listed = this.#pendingTrusted ? this.#pending : undefined;
  }

  /** The directory could not be listed: nothing about it is known. */
  forget(): void {
    this.#listed = undefined;
  }
}

function sameTimes(a: DirectoryTimes, b: DirectoryTimes): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/** Whether a change made now would show in the times. A time in the future is never old. */
function isOld(times: DirectoryTimes, nowNs: bigint): boolean {
  // ctime too: rsync and cp -p set mtime back, nothing sets ctime.
  return [times.mtimeNs, times.ctimeNs].every((time) => {
    const isWholeSecond = time % (1_000n * NS_PER_MS) === 0n;
    return nowNs - time > (isWholeSecond ? COARSE_TICK_NS : TICK_NS);
  });
}
