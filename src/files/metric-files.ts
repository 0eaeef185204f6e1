/**
 * What is on disk now: the metric files of one directory, brought up to date before each scrape, and
 * what is wrong with any of them.
 *
 * The addon lists, maps and reads. This module decides which names are metric files, and which error code a fault has.
 */
import { basename, join } from 'node:path';
import { MetricFileError } from '../errors.js';
import { compareCodePoints } from '../format/code-point.js';
import { type FileName, isStamped, type MetricType, parseFileName } from '../format/filename.js';
import {
  type AsListed,
  type Collected,
  type DirectoryTimes,
  FAULT,
  FILE_FLAG,
  FILE_STATE,
  type FileChanges,
  FileSet,
  type ListingChange,
  type PrintRequest,
  type Refreshed,
  retainedFlag,
} from '../native.js';
import { Directory } from './directory.js';
import { DIRECTORY_SECONDS, directoryError } from './directory-error.js';
import { CODE_OF_FAULT, CREATION_GRACE_SECONDS } from './fault-code.js';
import type { MetricFile } from './metric-file.js';
import { RunningCounts } from './running-counts.js';

/** Files that became others to the plan: as removed, and to be read anew. */
export interface SetAside {
  readonly aside: readonly number[];
  readonly back: readonly number[];
}

/** Why a file is over budget: what it has too much of, and that as a phrase. */
export interface Excess {
  readonly quantity: string;
  readonly found: string;
}

/** A file of the directory, also one that is not read. */
export interface ListedFile {
  readonly id: number;
  readonly path: string;
  /** Undefined for a name no client writes. */
  readonly name: FileName | undefined;
  readonly fault: MetricFileError | undefined;
}

/** What a refresh found. The columns of Refreshed, and the files that came and went before it. */
export interface FilesRefreshed {
  readonly added: readonly number[];
  readonly removed: readonly number[];
  readonly refreshed: Refreshed;
  /** Nothing came, went or changed, and this is what was to be printed. */
  readonly collected?: Collected | undefined;
}

const DIRECTORY_TIMEOUT_MS = DIRECTORY_SECONDS * 1000;

/** The types whose values are only ever added. In the order of their retained files. */
const RETAINED_TYPES: readonly MetricType[] = ['counter', 'histogram', 'summary'];

export class MetricFiles {
  readonly directory: Directory;
  readonly set: FileSet;
  /** The retained files by id, which hold the values of removed files, in memory only. None where nothing is retained. */
  readonly retainedFiles: ReadonlyMap<number, FileName>;
  readonly #files = new Map<number, MetricFile>();
  /** Paths of the files whose name no client writes, by id. They are never opened. */
  readonly #unrecognised = new Map<number, string>();
  /** Listed and not read. */
  readonly #aside = new Map<number, MetricFile>();
  /** Listed and not read: they are over budget. */
  readonly #overBudget = new Map<number, { readonly file: MetricFile } & Excess>();
  /** Ids of the files with a fault. */
  readonly #faulty = new Set<number>();
  readonly #counts = new RunningCounts();
  #areNamesGone = false;

  /** @param retainRemoved whether values of counters, histograms and summaries count after their file is removed */
  constructor(path: string, mapLimit: number, retainRemoved: boolean) {
    this.directory = new Directory(path);
    const types = retainRemoved ? RETAINED_TYPES : [];
    this.retainedFiles = new Map(types.map((type, id) => [id, { type, processId: '' }]));
    this.set = new FileSet(path, { mapLimit, retainedFiles: types.length });
  }

  /** Those that are read, by id; ids are never used twice. */
  get files(): ReadonlyMap<number, MetricFile> {
    return this.#files;
  }

  /** Counts of those files. */
  get counts(): Pick<RunningCounts, 'filesOfType' | 'heldPaths' | 'entries'> {
    return this.#counts;
  }

  /** Those, and the metric files that are listed and not read. */
  *listed(): IterableIterator<[id: number, file: MetricFile]> {
    yield* this.#files;
    yield* this.#aside;
    for (const [id, { file }] of this.#overBudget) yield [id, file];
  }

  /** Files that are over budget: left out, or only the part by which they grew. */
  *overBudget(): IterableIterator<{ readonly path: string; readonly quantity: string }> {
    for (const { file, quantity } of this.#overBudget.values()) yield { path: file.path, quantity };
    for (const id of this.#faulty) {
      const { path, fault } = this.#files.get(id)!;
      const quantity = QUANTITY_OF_FAULT[fault!.fault];
      if (quantity !== undefined) yield { path, quantity };
    }
  }

  /** Files that leaveOut() left out. */
  overBudgetIds(): IterableIterator<number> {
    return this.#overBudget.keys();
  }

  /**
   * Whether a file could not be opened that the last refresh listed first. Its name may be gone by now, while its values are in
   * another file.
   */
  get areNamesGone(): boolean {
    return this.#areNamesGone;
  }

  /** Leaves out a file that is read and does not fit into the plan. */
  leaveOut(id: number, excess: Excess): void {
    const file = this.#files.get(id)!;
    this.#counts.remove(file);
    this.#files.delete(id);
    this.#faulty.delete(id);
    const unread = { ...file, state: FILE_STATE.empty, entryCount: 0, fault: undefined };
    this.#overBudget.set(id, { file: unread, ...excess });
    this.set.release(Uint32Array.of(id));
  }

  /** Takes back all files that leaveOut() left out: the next refresh reads them. @returns their ids */
  takeBack(): number[] {
    const ids = [...this.#overBudget.keys()];
    for (const id of ids) {
      const { file } = this.#overBudget.get(id)!;
      this.#files.set(id, file);
      this.#counts.add(file);
    }
    this.#overBudget.clear();
    if (ids.length > 0) this.#accept(ids);
    return ids;
  }

  /**
   * Leaves these files out, and takes back the others that were: to the plan they are removed and added.
   * A file with a fault stays: it gives nothing that could be left out, and its fault must be reported.
   */
  setAside(wanted: ReadonlySet<number>): SetAside {
    const back = [...this.#aside.keys()].filter((id) => !wanted.has(id));
    const leaving = [...wanted].filter((id) => {
      const file = this.#files.get(id);
      return file !== undefined && (file.fault === undefined || file.state === FILE_STATE.good);
    });
    for (const id of leaving) {
      move(id, this.#files, this.#aside);
      this.#counts.remove(this.#aside.get(id)!);
    }
    for (const id of back) {
      move(id, this.#aside, this.#files);
      this.#counts.add(this.#files.get(id)!);
    }
    if (leaving.length > 0) this.set.release(Uint32Array.from(leaving));
    if (back.length > 0) this.#accept(back);
    return { aside: leaving, back };
  }

  /**
   * Lists the directory where it must be listed, and reads what is new in every file.
   *
   * @param toPrint what to collect in the same call if nothing is new
   * @throws MetricFileError DIRECTORY_UNREADABLE; nothing changes then
   */
  async refresh(toPrint?: PrintRequest): Promise<FilesRefreshed> {
    const { path } = this.directory;
    this.#areNamesGone = false;
    let asListed: AsListed;
    try {
      asListed = await this.#inTime(this.set.refreshAsListed(this.directory.listed, toPrint));
    } catch (error) {
      this.directory.forget();
      throw await directoryError(path, error as NodeJS.ErrnoException);
    }
    const { collected, refreshed, now } = asListed;
    if (collected !== undefined) return { ...UNCHANGED, collected };
    if (refreshed !== undefined) {
      this.note(refreshed);
      return { ...UNCHANGED, refreshed };
    }
    const { added, removed } = await this.#list(now!);
    const read = await this.set.refresh();
    this.note(read);
    this.#areNamesGone = added.some((id) => this.#files.get(id)?.fault?.fault === FAULT.ioError);
    return { added, removed, refreshed: read };
  }

  /** A value set before the minimum timestamp of its file, seconds, does not count. Files that are not named have none. */
  setMinTimestamps(seconds: ReadonlyMap<number, number>): void {
    const ids = [...this.#files.keys()];
    const timestamps = ids.map((id) => seconds.get(id) ?? 0);
    this.set.setMinTimestamps(Uint32Array.from(ids), Float64Array.from(timestamps));
  }

  /** Records the states and faults that the addon reports, also those found while gathering. */
  note(changes: FileChanges): void {
    const faults = new Map(changes.faults.map((fault) => [fault.id, fault]));
    for (const [i, id] of changes.id.entries()) {
      const file = this.#files.get(id);
      if (file === undefined) continue;
      this.#counts.remove(file);
      file.state = changes.state[i]!;
      file.entryCount = changes.entryCount[i]!;
      file.fault = faults.get(id);
      this.#counts.add(file);
      if (file.fault === undefined) this.#faulty.delete(id);
      else this.#faulty.add(id);
    }
  }

  /** Gives keys new ids; the next refresh reports every file with entries anew. */
  compactKeys(): void {
    this.set.compactKeys();
  }

  /** Whether some empty file is in its creation grace period: problems() will change when that ends. */
  hasFileInGracePeriod(nowSeconds: number): boolean {
    for (const id of this.#faulty)
      if (isInGracePeriod(this.#files.get(id)!, nowSeconds)) return true;
    return false;
  }

  /** Files that are left out or held, and why; none that is in its creation grace period. */
  *problems(nowSeconds: number): IterableIterator<MetricFileError> {
    for (const path of this.#unrecognised.values()) yield unrecognised(path);
    for (const excess of this.#overBudget.values()) yield overBudget(excess);
    for (const id of this.#faulty) {
      const error = faultOf(this.#files.get(id)!, nowSeconds);
      if (error !== undefined) yield error;
    }
  }

  /** All files of the directory with these problems, in name order. */
  withFaults(nowSeconds: number): ListedFile[] {
    const files: ListedFile[] = [];
    const add = (id: number, { path, name }: MetricFile, fault: MetricFileError | undefined) =>
      files.push({ id, path, name, fault });
    for (const [id, file] of this.#files) add(id, file, faultOf(file, nowSeconds));
    for (const [id, file] of this.#aside) add(id, file, undefined);
    for (const [id, excess] of this.#overBudget) add(id, excess.file, overBudget(excess));
    for (const [id, path] of this.#unrecognised) {
      files.push({ id, path, name: undefined, fault: unrecognised(path) });
    }
    return files.sort((a, b) => compareCodePoints(a.path, b.path));
  }

  close(): void {
    this.set.close();
  }

  /** @param now the directory's times */
  async #list(now: DirectoryTimes): Promise<Pick<FilesRefreshed, 'added' | 'removed'>> {
    const { path } = this.directory;
    let change: ListingChange;
    try {
      const listed = this.directory.list(now);
      change = await this.#inTime(this.set.list());
      listed();
    } catch (error) {
      this.directory.forget();
      throw await directoryError(path, error as NodeJS.ErrnoException);
    }

    const removed: number[] = [];
    for (const id of change.removedId) {
      const file = this.#files.get(id);
      if (file !== undefined) {
        this.#counts.remove(file);
        this.#files.delete(id);
        removed.push(id);
      }
      this.#aside.delete(id);
      this.#overBudget.delete(id);
      this.#faulty.delete(id);
      this.#unrecognised.delete(id);
    }
    const added: number[] = [];
    for (const [i, id] of change.addedId.entries()) {
      const filePath = join(path, change.addedName[i]!);
      const name = parseFileName(basename(filePath));
      if (name === undefined) {
        this.#unrecognised.set(id, filePath);
        continue;
      }
      const state = FILE_STATE.empty;
      const file = { path: filePath, name, state, entryCount: 0, fault: undefined };
      this.#files.set(id, file);
      this.#counts.add(file);
      added.push(id);
    }
    this.#accept(added);
    return { added, removed };
  }

  /** Abandons a call that waits too long for the directory. Its result is discarded then. */
  async #inTime<T>(call: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout;
    const watch = (ms: number) => {
      timer = setTimeout(() => {
        const leftMs = this.set.abandon(DIRECTORY_TIMEOUT_MS);
        if (leftMs > 0) watch(leftMs);
      }, ms);
    };
    watch(DIRECTORY_TIMEOUT_MS);
    try {
      return await call;
    } finally {
      clearTimeout(timer!);
    }
  }

  #accept(ids: readonly number[]): void {
    const flags = ids.map((id) => this.#flagsOf(this.#files.get(id)!.name));
    this.set.accept(Uint32Array.from(ids), Uint8Array.from(flags));
  }

  #flagsOf(name: FileName): number {
    if (name.type === 'gauge') {
      return FILE_FLAG.setsMode | (isStamped(name) ? FILE_FLAG.isStamped : 0);
    }
    const retained = RETAINED_TYPES.indexOf(name.type);
    return FILE_FLAG.keepLastGood | (this.retainedFiles.has(retained) ? retainedFlag(retained) : 0);
  }
}

const QUANTITY_OF_FAULT: Readonly<Record<number, string>> = {
  [FAULT.tooManyEntries]: 'entries',
  [FAULT.tooManyKeyBytes]: 'key-bytes',
};

const NO_CHANGES: Refreshed = {
  id: new Uint32Array(0),
  state: new Uint8Array(0),
  entryFrom: new Uint32Array(0),
  entryCount: new Uint32Array(0),
  faults: [],
  keyId: new Uint32Array(0),
};

/** What is still served of a file with a fault. */
const WHAT_IS_SERVED: Readonly<Record<number, string>> = {
  [FILE_STATE.good]: ' (its entries so far are served)',
  [FILE_STATE.held]: ' (its last good values are held)',
};

const UNCHANGED: FilesRefreshed = { added: [], removed: [], refreshed: NO_CHANGES };

function unrecognised(path: string): MetricFileError {
  return new MetricFileError('FILE_FOREIGN', path, 'no client writes a file of this name');
}

function overBudget({ file, found }: { readonly file: MetricFile } & Excess): MetricFileError {
  return new MetricFileError('BUDGET_EXCEEDED', file.path, found);
}

/** Undefined also while the file is in its creation grace period. */
function faultOf(file: MetricFile, nowSeconds: number): MetricFileError | undefined {
  if (file.fault === undefined || isInGracePeriod(file, nowSeconds)) return undefined;
  const { fault, found, offset } = file.fault;
  const held = WHAT_IS_SERVED[file.state] ?? '';
  return new MetricFileError(CODE_OF_FAULT[fault]!, file.path, found + held, {
    offset: offset < 0 ? undefined : offset,
  });
}

/** REQUIRES: `from` has it. */
function move<V>(id: number, from: Map<number, V>, to: Map<number, V>): void {
  to.set(id, from.get(id)!);
  from.delete(id);
}

function isInGracePeriod({ state, fault }: MetricFile, nowSeconds: number): boolean {
  return (
    state === FILE_STATE.empty &&
    fault !== undefined &&
    nowSeconds - fault.changedSeconds <= CREATION_GRACE_SECONDS
  );
}
