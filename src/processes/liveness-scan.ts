/**
 * A scan for the processes that write a directory, file by file: what `--dead-processes` and `--process-metrics` use.
 *
 * Scans follow one another every few seconds, and remember: what a file is called in the maps, and whose writers
 * could be seen (find-writers.ts). Reading /proc blocks, so scans run in a thread of their own (proc-thread.ts). The
 * liveness of a file whose file system does not answer is unknown.
 *
 * Files are removed as mark_process_dead does, but only after two scans, and a third one just before, found their
 * process dead. The owner of a directory, or of one above it, can replace it at any moment: so a scan holds the
 * directory open, and a file is removed only from the directory in which it was judged, and only while it is the
 * regular file that was judged.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { boundedIo } from '../bounded-io.js';
import { countsOnlyAlive, parseFileName } from '../format/filename.js';
import { forEachConcurrently } from './concurrently.js';
import { findWriters, newMemory, type WrittenFile } from './find-writers.js';
import { HeldDirectory } from './held-directory.js';
import type { Proc } from './proc.js';
import type { Liveness, Writer } from './writer.js';

/** A file to scan; an id is never reused. */
export interface ScannedFile {
  readonly id: number;
  readonly name: string;
}

export interface LivingWriter {
  readonly processId: string;
  readonly pid: number;
  readonly role: string | undefined;
  readonly startSeconds: number | undefined;
}

export interface LivenessScanResult {
  /** Of the scanned files, by index. A file that its living process does not use is dead. */
  readonly liveness: readonly Liveness[];
  /** When the living writer of each file started; 0 if none is known. */
  readonly startSeconds: Float64Array;
  readonly writers: readonly LivingWriter[];
  /** Process ids that are certainly dead. */
  readonly dead: readonly string[];
  readonly removed: readonly string[];
  readonly notRemoved: readonly { readonly name: string; readonly error: string }[];
  /** How long it took. */
  readonly seconds: number;
}

/** A client opens a file, makes it 64 KiB large, and then maps it: for a moment no process does. */
const CREATION_SECONDS = 2;

interface KnownFile extends WrittenFile {
  readonly name: string;
  readonly path: string;
  /** Identity of the directory it was seen in. */
  readonly directory: string;
  readonly changedSeconds: number;
}

/** The scans of one directory. */
export class LivenessScan {
  readonly #path: string;
  readonly #proc: Proc;
  readonly #nowSeconds: () => number;
  readonly #memory = newMemory();
  /** By id. */
  readonly #known = new Map<number, KnownFile>();
  /** Files that the last scan would have removed, by identity and directory. */
  #condemned = new Set<string>();
  /** Identities that could not be removed: tried once. */
  readonly #stuck = new Set<string>();

  constructor(path: string, proc: Proc, nowSeconds = () => Date.now() / 1000) {
    this.#path = path;
    this.#proc = proc;
    this.#nowSeconds = nowSeconds;
  }

  /** @param removeLive remove the live gauges of dead processes */
  async scan(files: readonly ScannedFile[], removeLive: boolean): Promise<LivenessScanResult> {
    // A directory that does not answer must not block this thread, which scans all directories.
    const isThere = await boundedIo.stat(this.#path).then(
      () => true,
      () => false,
    );
    const directory = isThere ? HeldDirectory.open(this.#path) : undefined;
    try {
      return await this.#scanIn(directory, files, removeLive);
    } finally {
      directory?.close();
    }
  }

  async #scanIn(
    directory: HeldDirectory | undefined,
    files: readonly ScannedFile[],
    removeLive: boolean,
  ): Promise<LivenessScanResult> {
    const began = performance.now();
    const known = await this.#identify(directory, files);
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
    const outcome =
      removeLive && directory !== undefined
        ? await this.#remove(directory, known, liveness)
        : NOTHING_REMOVED;
    return {
      liveness,
      startSeconds,
      writers: [...writers.values()].flatMap(livingWriter),
      dead: dead.map(({ processId }) => processId),
      ...outcome,
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** Calls stat once for each file: another file of that name has another id. */
  async #identify(
    directory: HeldDirectory | undefined,
    files: readonly ScannedFile[],
  ): Promise<readonly KnownFile[]> {
    const gone = new Set(this.#known.keys());
    const known: KnownFile[] = [];
    await forEachConcurrently([...files.entries()], async ([i, { id, name }]) => {
      gone.delete(id);
      const file = await this.#identifyOne(directory, name, this.#known.get(id));
      known[i] = file;
      // If stat fails now, it may succeed later.
      if (file.identity !== '') this.#known.set(id, file);
    });
    for (const id of gone) this.#known.delete(id);
    return known;
  }

  /**
   * Where the directory was exchanged for another one that has the same file, as a compaction does, it is judged anew there;
   * being linked makes it no younger.
   */
  async #identifyOne(
    directory: HeldDirectory | undefined,
    name: ScannedFile['name'],
    before: KnownFile | undefined,
  ): Promise<KnownFile> {
    if (before !== undefined && before.directory === directory?.identity) return before;
    const now = await statFile(directory, name);
    if (before === undefined) return now ?? unseenFile(this.#path, name);
    return now?.identity === before.identity ? { ...before, directory: now.directory } : before;
  }

  #youngIds(files: readonly KnownFile[]): ReadonlySet<string> {
    const young = files.filter((file) => this.#isYoung(file));
    return new Set(young.map(({ processId }) => processId));
  }

  #isYoung({ changedSeconds }: KnownFile): boolean {
    return this.#nowSeconds() - changedSeconds < CREATION_SECONDS;
  }

  /** Removes what the last scan condemned too, if a new one still does. */
  async #remove(
    directory: HeldDirectory,
    files: readonly KnownFile[],
    liveness: readonly Liveness[],
  ): Promise<Pick<LivenessScanResult, 'removed' | 'notRemoved'>> {
    const isCandidate = ({ name, identity }: KnownFile, i: number) => {
      const parsed = parseFileName(name);
      return (
        liveness[i] === 'dead' &&
        parsed !== undefined &&
        countsOnlyAlive(parsed) &&
        !this.#stuck.has(identity)
      );
    };
    const candidates = files.filter(isCandidate);
    const place = ({ directory: of, identity }: KnownFile) => `${of} ${identity}`;
    const condemned = candidates.filter((file) => this.#condemned.has(place(file)));
    this.#condemned = new Set(candidates.map(place));
    if (condemned.length === 0) return NOTHING_REMOVED;

    const writers = await findWriters(files, this.#proc, this.#memory);
    const removed: string[] = [];
    const notRemoved: LivenessScanResult['notRemoved'][number][] = [];
    for (const file of condemned) {
      // The process that has the id now may open the files of an earlier one at any moment.
      if (writers.get(file.processId)?.liveness !== 'dead') continue;
      const { name } = file;
      try {
        if (removeFrom(directory, file)) removed.push(name);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // Another process removed it first.
        if (code === 'ENOENT') continue;
        this.#stuck.add(file.identity);
        notRemoved.push({ name, error: code ?? message });
      }
    }
    return { removed, notRemoved };
  }
}

/** @returns false if the file, or the directory, is not the one that was judged */
function removeFrom(directory: HeldDirectory, file: KnownFile): boolean {
  if (directory.identity !== file.directory) return false;
  const entry = directory.entry(file.name);
  const status = lstatSync(entry, { bigint: true });
  if (!status.isFile() || identityInMaps(status) !== file.identity) return false;
  unlinkSync(entry);
  return true;
}

const NOTHING_REMOVED = { removed: [], notRemoved: [] } as const;

function livingWriter({ processId, liveness, pid, role, startSeconds }: Writer): LivingWriter[] {
  return liveness === 'alive' && pid !== undefined ? [{ processId, pid, role, startSeconds }] : [];
}

async function statFile(
  directory: HeldDirectory | undefined,
  name: string,
): Promise<KnownFile | undefined> {
  if (directory === undefined) return undefined;
  const path = `${directory.path}/${name}`;
  try {
    const stats = await boundedIo.stat(directory.entry(name), path);
    const { changedSeconds } = stats;
    return {
      name,
      path,
      directory: directory.identity,
      processId: processIdOf(name),
      identity: identityInMaps(stats),
      changedSeconds,
    };
  } catch {
    return undefined;
  }
}

function unseenFile(directory: string, name: string): KnownFile {
  const path = `${directory}/${name}`;
  return {
    name,
    path,
    directory: '',
    processId: processIdOf(name),
    identity: '',
    changedSeconds: 0,
  };
}

function processIdOf(name: string): string {
  return parseFileName(name)?.processId ?? '';
}

/** As /proc/PID/maps prints device and inode. Source: linux/kdev_t.h, new_decode_dev. */
function identityInMaps({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const hex = (number: bigint) => number.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${ino}`;
}
