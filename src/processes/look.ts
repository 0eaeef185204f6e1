/**
 * One look at who writes a directory, file by file: what `--dead-processes` and `--process-metrics` go by.
 *
 * Looks follow one another every few seconds, and remember: what a file is called in the maps, and whose writers
 * could be seen (find-writers.ts). Everything here blocks; it runs in a thread of its own (proc-thread.ts).
 *
 * Removing follows mark_process_dead, but only what two looks and a third one just before call dead.
 */
import { lstatSync, realpathSync, statSync, unlinkSync } from 'node:fs';
import { countsOnlyAlive, parseFileName } from '../format/filename.js';
import { findWriters, newMemory, type WrittenFile } from './find-writers.js';
import type { Proc } from './proc.js';
import type { Liveness, Writer } from './writer.js';

/** What a look is told of a file; ids are never used twice. */
export interface LookedAtFile {
  readonly id: number;
  readonly name: string;
}

export interface LivingWriter {
  readonly processId: string;
  readonly pid: number;
  readonly role: string | undefined;
  readonly startSeconds: number | undefined;
}

export interface Look {
  /** Of the files asked about, by index. A file that a living process left aside is dead. */
  readonly liveness: readonly Liveness[];
  /** When the living writer of each file began; 0 where none is known. */
  readonly startSeconds: Float64Array;
  readonly writers: readonly LivingWriter[];
  /** Process ids that are certainly dead. */
  readonly dead: readonly string[];
  readonly removed: readonly string[];
  readonly notRemoved: readonly { readonly name: string; readonly error: string }[];
  /** How long it took. */
  readonly seconds: number;
}

/** A client opens a file, makes it 64 KiB large, and then maps it: for a moment nobody does. */
const CREATION_SECONDS = 2;

interface KnownFile extends WrittenFile {
  readonly path: string;
  readonly changedSeconds: number;
}

/** The looks at one directory. */
export class Looks {
  readonly #path: string;
  readonly #proc: Proc;
  readonly #nowSeconds: () => number;
  readonly #memory = newMemory();
  /** By id. */
  readonly #known = new Map<number, KnownFile>();
  /** Identities that the last look would have removed. */
  #condemned = new Set<string>();
  /** Identities that could not be removed: tried once. */
  readonly #stuck = new Set<string>();

  constructor(path: string, proc: Proc, nowSeconds = () => Date.now() / 1000) {
    this.#path = path;
    this.#proc = proc;
    this.#nowSeconds = nowSeconds;
  }

  /** @param removeLive remove the live gauges of dead processes */
  async look(files: readonly LookedAtFile[], removeLive: boolean): Promise<Look> {
    const began = performance.now();
    const known = this.#identify(files);
    const writers = await findWriters(known, this.#proc, this.#memory);
    const young = this.#youngIds(known);

    const livenessOf = (file: KnownFile): Liveness => {
      const writer = writers.get(file.processId)!;
      if (file.identity === '') return 'unknown';
      if (writer.abandoned?.includes(file.identity))
        return this.#isYoung(file) ? 'unknown' : 'dead';
      return writer.liveness === 'dead' && young.has(file.processId) ? 'unknown' : writer.liveness;
    };
    const liveness = known.map(livenessOf);
    const startSeconds = Float64Array.from(known, ({ processId }, i) =>
      liveness[i] === 'alive' ? (writers.get(processId)!.startSeconds ?? 0) : 0,
    );
    const dead = [...writers.values()].filter(
      (writer) => writer.liveness === 'dead' && !young.has(writer.processId),
    );
    const outcome = removeLive ? await this.#remove(known, liveness) : NOTHING_REMOVED;
    return {
      liveness,
      startSeconds,
      writers: [...writers.values()].flatMap(livingWriter),
      dead: dead.map(({ processId }) => processId),
      ...outcome,
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** Each file is stated once: another one of its name has another id. */
  #identify(files: readonly LookedAtFile[]): KnownFile[] {
    const directory = realPath(this.#path);
    const gone = new Set(this.#known.keys());
    const known = files.map(({ id, name }) => {
      gone.delete(id);
      const before = this.#known.get(id);
      if (before !== undefined) return before;
      const file = stateFile(`${directory}/${name}`, parseFileName(name)?.processId ?? '');
      // One that cannot be stated now may be later.
      if (file.identity !== '') this.#known.set(id, file);
      return file;
    });
    for (const id of gone) this.#known.delete(id);
    return known;
  }

  #youngIds(files: readonly KnownFile[]): ReadonlySet<string> {
    const young = files.filter((file) => this.#isYoung(file));
    return new Set(young.map(({ processId }) => processId));
  }

  #isYoung({ changedSeconds }: KnownFile): boolean {
    return this.#nowSeconds() - changedSeconds < CREATION_SECONDS;
  }

  /** Removes what the last look condemned too, if a fresh one still does. */
  async #remove(
    files: readonly KnownFile[],
    liveness: readonly Liveness[],
  ): Promise<Pick<Look, 'removed' | 'notRemoved'>> {
    const isCandidate = ({ path, identity }: KnownFile, i: number) => {
      const name = parseFileName(path.slice(path.lastIndexOf('/') + 1));
      return (
        liveness[i] === 'dead' &&
        name !== undefined &&
        countsOnlyAlive(name) &&
        !this.#stuck.has(identity)
      );
    };
    const candidates = files.filter(isCandidate);
    const condemned = candidates.filter(({ identity }) => this.#condemned.has(identity));
    this.#condemned = new Set(candidates.map(({ identity }) => identity));
    if (condemned.length === 0) return NOTHING_REMOVED;

    const writers = await findWriters(files, this.#proc, this.#memory);
    const removed: string[] = [];
    const notRemoved: Look['notRemoved'][number][] = [];
    for (const { processId, identity, path } of condemned) {
      // A process that has the id now may open what an earlier one left at any moment.
      if (writers.get(processId)?.liveness !== 'dead') continue;
      const name = path.slice(path.lastIndexOf('/') + 1);
      try {
        if (identityOf(lstatSync(path, { bigint: true })) !== identity) continue;
        unlinkSync(path);
        removed.push(name);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // Somebody else was faster.
        if (code === 'ENOENT') continue;
        this.#stuck.add(identity);
        notRemoved.push({ name, error: code ?? message });
      }
    }
    return { removed, notRemoved };
  }
}

const NOTHING_REMOVED = { removed: [], notRemoved: [] } as const;

function livingWriter({ processId, liveness, pid, role, startSeconds }: Writer): LivingWriter[] {
  return liveness === 'alive' && pid !== undefined ? [{ processId, pid, role, startSeconds }] : [];
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function stateFile(path: string, processId: string): KnownFile {
  try {
    const status = statSync(path, { bigint: true });
    const changedSeconds = Number(status.ctimeNs) / 1e9;
    return { path, processId, identity: identityOf(status), changedSeconds };
  } catch {
    return { path, processId, identity: '', changedSeconds: 0 };
  }
}

/** As /proc/PID/maps prints device and inode. Source: linux/kdev_t.h, new_decode_dev. */
function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const hex = (number: bigint) => number.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${ino}`;
}
