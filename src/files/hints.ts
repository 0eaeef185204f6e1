/**
 * Hints that something came or went, to index before the next scrape. Nothing depends on them: every
 * scrape finds out by itself (directory.ts), and where the system has no watch left there are none.
 *
 * Two watches in all, however many files there are. chokidar follows the directory itself, by way of its
 * parent: it may not exist yet, vanish, or be made anew. A plain fs.watch on the directory tells of
 * new names; chokidar would take one watch a file. Stores into a mapping raise no event at all.
 *
 * A watch may hang as a file does, and would do it on Node's own four threads. So a directory is watched only
 * if it is on local file systems all the way (others raise no events anyhow), and its parent only if everything that
 * is mounted in the parent is local too: chokidar calls lstat on everything there.
 */
import { type FSWatcher, watch as watchNames } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type FSWatcher as Chokidar, watch as watchPath } from 'chokidar';
import { boundedIo } from '../bounded-io.js';
import type { Warnings } from '../log.js';
import { parseMounts } from './mounts.js';

/** Workers start in bursts, and each makes several files: one hint for all that comes within this. */
const GATHER_MS = 200;

export class Hints {
  readonly #path: string;
  readonly #onHint: () => void;
  readonly #log: Warnings | undefined;
  #itself: Chokidar | undefined;
  #names: FSWatcher | undefined;
  #watchedInode: bigint | undefined;
  #isLooking = false;
  #looksAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(path: string, onHint: () => void, log?: Warnings) {
    this.#path = resolve(path);
    this.#onHint = onHint;
    this.#log = log;
    this.look();
  }

  /** Watches what the path names now. To be called when the directory is there that was not, or another one is. */
  look(): void {
    this.#looksAgain = true;
    if (!this.#isLooking) void this.#lookWhileAsked();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#names?.close();
    await this.#itself?.close();
  }

  #hint(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.look();
      this.#onHint();
    }, GATHER_MS);
    this.#timer.unref();
  }

  async #lookWhileAsked(): Promise<void> {
    this.#isLooking = true;
    while (this.#looksAgain && !this.#isClosed) {
      this.#looksAgain = false;
      this.#watchNames(await localInode(this.#path));
      this.#watchItself(await isLocalWithAllMounts(dirname(this.#path)));
    }
    this.#isLooking = false;
  }

  #watchItself(isSafe: boolean): void {
    if (this.#isClosed) return;
    if (!isSafe) {
      void this.#itself?.close();
      this.#itself = undefined;
      return;
    }
    if (this.#itself !== undefined) return;
    const parent = dirname(this.#path);
    this.#itself = watchPath(parent, {
      depth: 0,
      ignoreInitial: true,
      // What a link leads to may be anywhere.
      followSymlinks: false,
      ignored: (other) => other !== parent && other !== this.#path,
    });
    this.#itself.on('all', (_, changed) => {
      if (changed === this.#path) this.#hint();
    });
    this.#itself.on('error', (error) => this.#giveUp('watch on the directory itself', error));
  }

  /** Watches the directory that the path names now; another one of the same name needs a new watch. */
  #watchNames(inode: bigint | undefined): void {
    if (inode === this.#watchedInode || this.#isClosed) return;
    this.#names?.close();
    this.#names = undefined;
    this.#watchedInode = inode;
    if (inode === undefined) return;
    try {
      this.#names = watchNames(this.#path, { persistent: false }, () => this.#hint());
      this.#names.on('error', (error) => this.#giveUp('watch for new files', error));
    } catch (error) {
      this.#giveUp('watch for new files', error);
    }
  }

  #giveUp(what: string, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    // Gone between the look and the watch; its parent will tell when it is back.
    if (code === 'ENOENT') return;
    this.#log?.warn(`no ${what}; scrapes are exact without it`, { error: code ?? message });
  }
}

/** Of a directory that can be watched without hanging; else undefined. */
async function localInode(path: string): Promise<bigint | undefined> {
  try {
    return (await boundedIo.isLocal(path)) ? (await boundedIo.stat(path)).ino : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a directory and all that is mounted right in it can be looked at without hanging. */
async function isLocalWithAllMounts(path: string): Promise<boolean> {
  try {
    if (!(await boundedIo.isLocal(path))) return false;
    const real = await boundedIo.realPath(path);
    const mounts = parseMounts(
      Buffer.from(await boundedIo.readFile('/proc/self/mountinfo')).toString(),
    );
    const inIt = mounts.filter(({ mountPoint }) => dirname(mountPoint) === real);
    const areLocal = await Promise.all(inIt.map(({ mountPoint }) => boundedIo.isLocal(mountPoint)));
    return areLocal.every(Boolean);
  } catch {
    return false;
  }
}
