/**
 * Hints that something came or went, to index ahead of the next scrape. Nothing depends on them: every
 * scrape finds out by itself (directory.ts), and where the system has no watch left there are none.
 *
 * Two watches in all, however many files there are: one on the directory tells of new names, one on its parent
 * that it appeared, vanished or was made anew. Stores into a mapping raise no event at all.
 *
 * Both are plain fs.watch. chokidar would also look at all that lies beside the directory, on Node's own threads:
 * one mount there that hangs, and the process has a thread less. And only directories are watched that are on
 * local file systems all the way, since to set a watch is to follow the path; others raise no events anyhow.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { boundedIo } from '../bounded-io.js';

/** Workers start in bursts, and each makes several files: one hint for all that comes within this. */
const GATHER_MS = 200;

export interface HintLog {
  warn(message: string, fields: Record<string, unknown>): void;
}

/** A watch, and which directory it is on: another one of the same name needs a new watch. */
interface Watched {
  readonly inode: bigint;
  readonly watcher: FSWatcher | undefined;
}

export class Hints {
  readonly #path: string;
  readonly #onHint: () => void;
  readonly #log: HintLog | undefined;
  #itself: Watched | undefined;
  #parent: Watched | undefined;
  #isLooking = false;
  #looksAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(path: string, onHint: () => void, log?: HintLog) {
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

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#itself?.watcher?.close();
    this.#parent?.watcher?.close();
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
      await this.#watchBoth();
    }
    this.#isLooking = false;
  }

  async #watchBoth(): Promise<void> {
    const parent = dirname(this.#path);
    const [parentInode, inode] = await Promise.all([localInode(parent), localInode(this.#path)]);
    if (this.#isClosed) return;
    const name = basename(this.#path);
    const what = 'watch on the directory itself';
    this.#parent = this.#watch(parent, parentInode, this.#parent, what, (changed) => {
      if (changed === null || changed === name) this.#hint();
    });
    this.#itself = this.#watch(this.#path, inode, this.#itself, 'watch for new files', () =>
      this.#hint(),
    );
  }

  #watch(
    path: string,
    inode: bigint | undefined,
    before: Watched | undefined,
    what: string,
    onChange: (name: string | null) => void,
  ): Watched | undefined {
    if (inode === before?.inode) return before;
    before?.watcher?.close();
    if (inode === undefined) return undefined;
    let watcher: FSWatcher | undefined;
    try {
      watcher = watch(path, { persistent: false }, (_, name) => onChange(name));
      watcher.on('error', (error) => this.#giveUp(what, error));
    } catch (error) {
      this.#giveUp(what, error);
    }
    return { inode, watcher };
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
