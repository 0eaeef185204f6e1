/**
 * Loads the native addon and types its functions: the whole surface between TypeScript and C++.
 *
 * C++ owns bytes: the directory listing, mapped files, the walk over entries, interned keys, gather,
 * fold, accumulate, render. It knows no metric type, no mode and no label: it is given numbers. Only src/files
 * and src/scrape import this module.
 *
 * Every number that the two sides share is defined here and in the header that its comment names.
 */
import { onLastResort } from './last-resort.js';
import { loadAddon } from './load-addon.js';
import { NATIVE_DIRECTORY } from './program.js';

/** What a file is after a refresh. native/core/metric_file.h. */
export const FILE_STATE = {
  /** Read in full. */
  good: 0,
  /** 0 to 3 bytes, or `used` is 0: a moment of creation, or what a killed writer left. No entries. */
  empty: 1,
  /** It was good and cannot be read now: its entries keep their last good values. */
  held: 2,
  /** It cannot be read, and nothing of it is kept. No entries. */
  bad: 3,
} as const;

/** Why a file is not good. native/core/fault.h. */
export const FAULT = {
  none: 0,
  /** Fewer than 4 bytes, or all zeros. */
  empty: 1,
  /** `used` is negative, below 8, not a multiple of 8, or beyond the file. */
  usedOutOfRange: 2,
  /** A key length that is not positive or runs past `used`. */
  keyOutOfRange: 3,
  /** A value (and timestamp) that runs past `used` or the file. */
  valueOutOfRange: 4,
  /** Entries that were read before are no longer there: truncated, overwritten or regrown in place. */
  changedInPlace: 5,
  /** The page was gone when it was read (SIGBUS): truncated under the mapping, or an I/O error. */
  readFault: 6,
  /** open, stat, mmap or read failed; `found` says the errno. */
  ioError: 7,
  /** Not a regular file. */
  notRegular: 8,
  /** It is sound, and has more entries than ReadLimits allow. */
  tooManyEntries: 9,
  /** It is sound, and has longer keys than ReadLimits allow. */
  tooManyKeyBytes: 10,
  /** A link where link, target and directory do not have one owner. */
  linkToOtherOwner: 11,
} as const;

/** The flags of a file for `accept`. native/core/metric_file.h. */
export const FILE_FLAG = {
  /** Held rather than dropped when it turns bad. */
  keepLastGood: 1,
  /** Counts when `survey` looks for the last file of a family. */
  setsMode: 2,
  /** Its values have 16 bytes, whatever else its bytes allow. */
  isStamped: 4,
} as const;

/** A further flag: when the file is removed, its values are added to this retained file (FileSetOptions). */
export const retainedFlag = (retained: number): number => (retained + 1) << 3;

/** What changed in the directory since the last listing. Ids are never used twice. */
export interface ListingChange {
  readonly addedId: Uint32Array;
  /** Base names, bytes that are not UTF-8 as U+FFFD; all end in `.db` and none begins with a dot. */
  readonly addedName: string[];
  /** A replaced file (another inode) is removed under its old id and added under a new one. */
  readonly removedId: Uint32Array;
}

/** What is wrong with a file. */
export interface FileFault {
  readonly id: number;
  /** One of FAULT. */
  readonly fault: number;
  /** First wrong byte from the start of the file, -1 where no byte is to blame. */
  readonly offset: number;
  /** What was found, as a phrase: `key length 1879048192 runs past used 65240`. */
  readonly found: string;
  /** ctime of the file, seconds; 0 when stat failed. */
  readonly changedSeconds: number;
}

/** The files whose state or entries changed, as columns: row i is about file id[i]. */
export interface FileChanges {
  readonly id: Uint32Array;
  /** One of FILE_STATE. */
  readonly state: Uint8Array;
  /** Entries from here on are new; 0 when the file was read again and all earlier ones are void. */
  readonly entryFrom: Uint32Array;
  /** Entries the file has now. */
  readonly entryCount: Uint32Array;
  /** One for each row that is not good, or of which further entries are over budget. */
  readonly faults: readonly FileFault[];
}

/** From stat(2). When names came, went or were replaced, at least one of these differs. */
export interface DirectoryTimes {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface Refreshed extends FileChanges {
  /** Key ids of the new entries, in entry order, file after file in the order of `id`. */
  readonly keyId: Uint32Array;
}

/** How much a set may read in. Beyond that, files or the parts by which they grew are left out. native/core/read_budget.h. */
export interface ReadLimits {
  readonly fileEntries: number;
  readonly fileKeyBytes: number;
  /** Of all files. */
  readonly entries: number;
  /** Of the distinct keys of all files. */
  readonly keyBytes: number;
}

/** Texts of keys, end to end; `end` of each, bytes. */
export interface KeyTexts {
  readonly text: Uint8Array;
  readonly end: Uint32Array;
}

/** Exactly one of these is present. */
export interface AsListed {
  /** Nothing changed. */
  readonly collected?: Collected;
  /** What changed, if anything did or nothing was to be printed. */
  readonly refreshed?: Refreshed;
  /** The directory is not as it was listed. */
  readonly now?: DirectoryTimes;
}

export interface FileSetCounts {
  /** Files that are read with pread: the mapping budget is used up, or their file system is not local. */
  readonly unmappedFiles: number;
  /** SIGBUS caught and failed reads since the start. */
  readonly readFaults: number;
  /** Files whose values went to their retained file, since the start. */
  readonly filesRetained: number;
  /** Of the file system the directory is on; -1 when unknown. */
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Bytes of all distinct keys. */
  readonly keyBytes: number;
}

/** Where each family begins and which file decides its mode. Row f is about family f. */
export interface Survey {
  /** Rank (in name order) of the first file with an entry of the family, -1 when none has one. */
  readonly firstRank: Int32Array;
  readonly firstFile: Int32Array;
  readonly firstEntry: Int32Array;
  readonly firstKey: Int32Array;
  /** Id of the last file in name order that has the family, -1 when none. */
  readonly lastFile: Int32Array;
  /** Ids of the first and the last such file among those with the flag setsMode, -1 when none. */
  readonly firstModeFile: Int32Array;
  readonly lastModeFile: Int32Array;
  /** Distinct keys that at least one file has. */
  readonly liveKeys: number;
}

/**
 * One family in one dialect, ready to be printed: `text` is the header, then for each line every byte
 * before its number. Line i is text[lineEnd[i-1], lineEnd[i]) (the first begins at headerEnd), then
 * the number of slot[i], then a newline; it is left out while its slot has no value.
 */
export type Template = object & { readonly __template: unique symbol };

/** An exposition to be printed: its templates, in turn. */
export type Page = object & { readonly __page: unique symbol };

/** What a scrape prints. native/core/file_set.h. */
export interface PrintRequest {
  readonly pages: readonly Page[];
  /** Bytes of room after each body. */
  readonly tail: number;
  /** Fold only the slots that are printed; the others have no value then. For pages that select. */
  readonly onlyWhatIsPrinted?: boolean;
  /** Return where each template ends. */
  readonly partEnds?: boolean;
}

export interface Collected {
  /** One exposition per page asked for; `tail` bytes of room follow each in its ArrayBuffer. */
  readonly bodies: Buffer[];
  /** For each body the end of each of its templates, bytes; absent unless asked for. */
  readonly partEnds?: Uint32Array[];
  /** Files found bad while gathering; absent where none was. */
  readonly changes?: FileChanges;
}

/**
 * The files of one directory. Asynchronous calls run off the main thread, one at a time: any call, synchronous or not,
 * throws while another one is under way.
 *
 * No file delays a call for more than a few seconds, whatever file system it is on; `list` and
 * `refreshAsListed` wait for the directory itself until `abandon` is called.
 */
export interface FileSet {
  /** Lists the directory and compares with the last listing. Rejects with an errno `code`; nothing changes then. */
  list(): Promise<ListingChange>;
  /** Names which listed files are to be read; flags[i] (FILE_FLAG bits) belongs to id[i]. Others are never opened. */
  accept(id: Uint32Array, flags: Uint8Array): void;
  /** Takes accept back: the files stay listed, and nothing read of them is kept. */
  release(id: Uint32Array): void;
  /** To an entry that folds by mostRecent a value set before seconds[i] was never set, in file id[i]. */
  setMinTimestamps(id: Uint32Array, seconds: Float64Array): void;
  /**
   * Brings every accepted file up to date: opens new ones, follows growth, notices files that were
   * truncated, regrown or overwritten in place, and calls stat for whatever is not mapped.
   */
  refresh(): Promise<Refreshed>;
  /**
   * If the directory's times are not those of `listed`, only returns them. Otherwise refreshes, and if something is to be
   * printed and nothing changed, collects in the same pass over the files. Rejects with an errno `code`; nothing changes
   * then.
   */
  refreshAsListed(listed: DirectoryTimes | undefined, toPrint?: PrintRequest): Promise<AsListed>;
  /**
   * Rejects the call under way with ETIMEDOUT if one operation on the directory has taken this long. Until that operation
   * returns, further calls that need the directory are rejected at once. An abandoned call changes nothing.
   *
   * @returns milliseconds after which to call this again; 0 where the call does not wait for the directory
   */
  abandon(timeoutMs: number): number;
  counts(): FileSetCounts;
  /**
   * @param entries that all files have now
   * @param retry files that were refused are tried again by the next refresh
   */
  setLimits(limits: ReadLimits, entries: number, retry: boolean): void;
  /** Texts of the keys from this id on: up to `count`, and no more once there are `maxBytes`. */
  keyTexts(fromId: number, count: number, maxBytes: number): KeyTexts;
  /** Key ids of a file's entries. */
  keyIds(id: number): Uint32Array;
  /** Byte of the file at which an entry begins (its length word). */
  entryOffset(id: number, entry: number): number;
  /** familyOfKey[k] < 0: the key counts for nothing. */
  survey(familyOfKey: Int32Array, familyCount: number): Promise<Survey>;
  /**
   * Rows from[i].. of file id[i] become slot and operation, count[i] of them, concatenated in `slot`
   * and `operation` (OPERATION of src/plan/operation.ts). Rows without a slot yet count for nothing.
   */
  setRows(
    id: Uint32Array,
    from: Uint32Array,
    count: Uint32Array,
    slot: Uint32Array,
    operation: Uint8Array,
  ): void;
  /** All slots that have a row, in the order of the first one (files by name, then entries); never slot 0. */
  order(slotCount: number): Promise<Uint32Array>;
  /**
   * How buckets become cumulative: group g holds the slots bucketSlot[bucketEnd[g-1]..bucketEnd[g]) in
   * ascending bounds; each gets the running total from 0, and countSlot[g] the last one, where any
   * bucket has a value.
   */
  setLayout(
    slotCount: number,
    bucketSlot: Uint32Array,
    bucketEnd: Uint32Array,
    countSlot: Uint32Array,
  ): void;
  /** Gathers and folds all files in name order, accumulates, and prints. */
  collect(request: PrintRequest): Promise<Collected>;
  /** When the value of each slot was set, seconds since 1970; 0 where none was set, and where mostRecent does not fold it. */
  slotTimes(slot: Uint32Array): Float64Array;
  /**
   * Drops the keys that no file has any more; the others get new ids, from 0. The next refresh reports
   * every file with entries anew; held values are kept. Until then rows are invalid.
   */
  compactKeys(): void;
  /** Unmaps everything. The set cannot be used afterwards. */
  close(): void;
}

export interface FileSetOptions {
  /** Mappings this set may hold; files beyond are read with pread, as those not on a local file system are. */
  readonly mapLimit: number;
  /**
   * How many retained files there are, with ids from 0. They are in memory only: when a file is removed or replaced, its
   * last values are added to its retained file, key by key. They are reported like other files, but never listed, nor
   * accepted.
   */
  readonly retainedFiles: number;
}

/** The entries of some files in columns, file after file. */
export interface InspectedEntries {
  readonly keyId: Uint32Array;
  /** Byte of the file. An entry begins where the one before it ends. */
  readonly valueOffset: Uint32Array;
  readonly value: Float64Array;
  /** Of those files that have times. */
  readonly timestampSeconds: Float64Array;
}

/** What was read of some files, in columns: row i is about file i. native/core/inspect_files.h. */
export interface InspectedFiles {
  /** One of FAULT; the entries are those before it. */
  readonly fault: Uint8Array;
  /** First wrong byte from the start of the file, -1 where no byte is to blame. */
  readonly faultOffset: Float64Array;
  /** What was found, as a phrase; empty for no fault. */
  readonly found: readonly string[];
  /** These are 0 when stat failed, and for bytes at hand. */
  readonly sizeBytes: Float64Array;
  readonly diskBytes: Float64Array;
  readonly modifiedSeconds: Float64Array;
  readonly changedSeconds: Float64Array;
  /** `fd:01:4711`, device and inode as in /proc/PID/maps; empty when stat failed, and for bytes at hand. */
  readonly identity: readonly string[];
  /** As the header says, right or not; -1 where there is no header. */
  readonly usedBytes: Float64Array;
  /** 8 or 16; 0 while there is no entry. */
  readonly valueBytes: Uint8Array;
  /** Up to 4,096 bytes around the fault; with keepBytes all bytes that count, from 0. Undefined where there are none. */
  readonly excerpt: readonly (Uint8Array | undefined)[];
  readonly excerptOffset: Float64Array;
  /** Where the file's entries end. */
  readonly entryEnd: Uint32Array;
  /** Where its times end; a file that has none has no rows there. */
  readonly timeEnd: Uint32Array;
  readonly entries: InspectedEntries;
  /** Rows of the files that were not read since they are not plain files. */
  readonly left: Uint32Array;
}

/** Reads files once, whole, and numbers their keys: equal texts have one id, from 0. */
export interface FileReader {
  /**
   * Reads files off the main thread, one after the other; any number of calls at once. Never rejects: what cannot be
   * read has a fault. Opens regular files only. May stay pending for ever, but does not delay the exit.
   *
   * @param paths a character for each byte, since a name need not be UTF-8
   * @param isStamped of each: its values have 16 bytes, as its name says
   * @param keepBytes `excerpt` is all of the file that counts, and no entries are returned
   * @param directory that the paths are names in, likewise; then a link must belong to the directory's owner
   * @param onlyPlain leaves files that are no plain files of the directory: the others cannot hang if it is on a local
   *   file system
   */
  readFiles(
    paths: readonly string[],
    isStamped: Uint8Array,
    keepBytes: boolean,
    directory?: string,
    onlyPlain?: boolean,
  ): Promise<InspectedFiles>;
  /** The same for the first bytes of files of these sizes; the bytes after them do not count. */
  readBytes(
    bytes: readonly Uint8Array[],
    sizeBytes: Float64Array,
    isStamped: Uint8Array,
  ): InspectedFiles;
  /** @returns the id of a key: an existing one, or the next */
  addKey(text: Uint8Array): number;
  /** Ids are less than this. */
  keyCount(): number;
  /** As FileSet.keyTexts. */
  keyTexts(fromId: number, count: number, maxBytes: number): KeyTexts;
}

/** Of stat. */
export interface PathStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly uid: number;
  readonly gid: number;
  /** File type and permission bits. */
  readonly mode: number;
  readonly changedSeconds: number;
}

interface Addon {
  readonly FileSet: new (directory: string, options: FileSetOptions) => FileSet;
  readonly FileReader: new () => FileReader;
  /** Copies all arguments; may be used by any number of pages. */
  createTemplate(
    text: Uint8Array,
    headerEnd: number,
    lineEnd: Uint32Array,
    slot: Uint32Array,
  ): Template;
  /** May be printed any number of times; one template may be on many pages. */
  createPage(templates: readonly Template[]): Page;
  /**
   * Frees the memory of a body without waiting for the garbage collection. Every Buffer over it is empty afterwards, so
   * none may be in use. Ignores Buffers that are not bodies.
   */
  releaseBody(body: Buffer): void;
  /** Gives free memory of the addon back to the system: it may take some milliseconds for each 100 MB. */
  trimMemory(): void;
  /**
   * The addresses of a host, the best first, as getaddrinfo(3) finds them; at least one. May stay pending for long, but
   * unlike node:dns does not delay the exit.
   *
   * @throws Error with a code such as ENOTFOUND
   */
  lookUpHost(host: string): Promise<string[]>;
  /**
   * These access the file system on threads of their own. Where it hangs they stay pending for ever, but delay
   * neither other calls nor the exit. They reject with an errno `code`.
   */
  statPath(path: string): Promise<PathStats>;
  readLink(path: string): Promise<string>;
  realPath(path: string): Promise<string>;
  /** The bytes of all names but `.` and `..`, each followed by a NUL, in no order. */
  readNames(path: string): Promise<Uint8Array>;
  readWhole(path: string): Promise<Uint8Array>;
  /** Whether neither the path nor a directory above it is on a file system that may hang, links followed or not. */
  isOnLocalFileSystems(path: string): Promise<boolean>;
  /** Metric files that some file set has given up waiting for. Each holds a thread until its file system answers. */
  hungFiles(): number;
  /** Ends the process after this time at the latest, whatever hangs. Nothing is flushed. */
  exitWithin(milliseconds: number, code: number): void;
  /** As prometheus_client prints a sample's value (floatToGoString). */
  formatNumber(value: number): string;
}

const addon = loadAddon(NATIVE_DIRECTORY) as Addon;

export const {
  FileReader,
  FileSet,
  createPage,
  createTemplate,
  formatNumber,
  hungFiles,
  isOnLocalFileSystems,
  lookUpHost,
  readLink,
  readNames,
  readWhole,
  realPath,
  releaseBody,
  statPath,
  trimMemory,
} = addon;

// Every thread that may hang is started by the addon, or after this module was loaded.
onLastResort(addon.exitWithin);
