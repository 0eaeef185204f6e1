/**
 * Hints that files came or went, so that they are indexed before the next scrape. Nothing depends on hints: every
 * scrape checks the directory itself (directory.ts), and where the system has no watch left there are no hints.
 *
 * Two watches in all, however many files there are. chokidar follows the directory itself, by way of its
 * parent: it may not exist yet, vanish, or be made anew. A plain fs.watch on the directory tells of
 * new names; chokidar would take one watch a file. Stores into a mapping raise no event at all.
 *
 * Setting up a watch may hang like any file operation, and would block one of Node's own four threads. So a directory
 * is watched only if every part of its path is on a local file system (others raise no events anyway), and its parent
 * only if everything mounted in the parent is local too: chokidar calls lstat on everything there.
 */
import { type FSWatcher, watch as watchNames } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { FSWatcher as Chokidar, watch } from 'chokidar';
import { boundedIo } from '../bounded-io.js';
import type { Warnings } from '../log.js';
import { parseMounts } from './mounts.js';

/** Workers start in bursts, and each makes several files: changes within this time give one hint. */
const GATHER_MS = 200;

export class Hints {
  readonly #path: string;
  readonly #onHint: () => void;
  readonly #log: Warnings | undefined;
  #itself: Chokidar | undefined;
  #names: FSWatcher | undefined;
  #watchedInode: bigint | undefined;
  #isChecking = false;
  #mustCheckAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(path: string, onHint: () => void, log?: Warnings) {
    this.#path = resolve(path);
    this.#onHint = onHint;
    this.#log = log;
    this.update();
  }

  /** Watches what the path names now. Call it when the directory has appeared, or was replaced. */
  update(): void {
    this.#mustCheckAgain = true;
    if (!this.#isChecking) void this.#checkWhileAsked();
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
      this.update();
      this.#onHint();
    }, GATHER_MS);
    this.#timer.unref();
  }

  async #checkWhileAsked(): Promise<void> {
    this.#isChecking = true;
    while (this.#mustCheckAgain && !this.#isClosed) {
      this.#mustCheckAgain = false;
      this.#watchNames(await localInode(this.#path));
      const isSafe = await isLocalWithAllMounts(dirname(this.#path));
      // Only a daemon watches, and it is not to be waited for before the first answer.
      const { watch: watchPath } = await import('chokidar');
      this.#watchItself(isSafe, watchPath);
    }
    this.#isChecking = false;
  }

  #watchItself(isSafe: boolean, watchPath: typeof watch): void {
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
      // The target of a link may be anywhere.
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
    // Removed between the check and the watch; the watch on its parent tells when it is back.
    if (code === 'ENOENT') return;
    this.#log?.warn(`no ${what}; scrapes are exact without it`, { error: code ?? message });
  }
}

/** The inode of a directory that can be watched without hanging; undefined for any other. */
async function localInode(path: string): Promise<bigint | undefined> {
  try {
    return (await boundedIo.isLocal(path)) ? (await boundedIo.stat(path)).ino : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a directory, and everything mounted directly in it, can be accessed without hanging. */
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
