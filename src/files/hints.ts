/**
 * Hints that something came or went, to index ahead of the next scrape. Nothing depends on them: every
 * scrape finds out by itself (directory.ts), and where the system has no watch left there are none.
 *
 * Two watches in all, however many files there are. chokidar follows the directory itself, by way of its
 * parent: it may not exist yet, vanish, or be made anew. A plain fs.watch on the directory tells of
 * new names; chokidar would take one watch a file. Stores into a mapping raise no event at all.
 */
import { type FSWatcher, statSync, watch as watchNames } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type FSWatcher as Chokidar, watch as watchPath } from 'chokidar';

/** Workers start in bursts, and each makes several files: one hint for all that comes within this. */
const GATHER_MS = 200;

export interface HintLog {
  warn(message: string, fields: Record<string, unknown>): void;
}

export class Hints {
  readonly #path: string;
  readonly #onHint: () => void;
  readonly #log: HintLog | undefined;
  readonly #itself: Chokidar;
  #names: FSWatcher | undefined;
  #watchedInode: bigint | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(path: string, onHint: () => void, log?: HintLog) {
    this.#path = resolve(path);
    this.#onHint = onHint;
    this.#log = log;
    const parent = dirname(this.#path);
    this.#itself = watchPath(parent, {
      depth: 0,
      ignored: (other) => other !== parent && other !== this.#path,
    });
    for (const event of ['addDir', 'unlinkDir'] as const) {
      this.#itself.on(event, (changed) => {
        if (changed === this.#path) this.#hint();
      });
    }
    this.#itself.on('error', (error) => this.#giveUp('watch on the directory itself', error));
    this.#watchNames();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#names?.close();
    await this.#itself.close();
  }

  #hint(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#watchNames();
      this.#onHint();
    }, GATHER_MS);
    this.#timer.unref();
  }

  /** Watches the directory that the path names now; another one of the same name needs a new watch. */
  #watchNames(): void {
    const inode = statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino;
    if (inode === this.#watchedInode) return;
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
    // Gone between the stat and the watch; its parent will tell when it is back.
    if (code === 'ENOENT') return;
    this.#log?.warn(`no ${what}; scrapes are exact without it`, { error: code ?? message });
  }
}
