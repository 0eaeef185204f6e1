/**
 * Loads the native addon and types its functions: the whole surface between TypeScript and C++.
 *
 * C++ owns bytes: the directory listing, mapped files, the walk over entries, interned keys, gather,
 * fold, accumulate, render. It knows no metric type, no mode and no label: it is given numbers. Only src/files,
 * src/scrape and src/record import this module.
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
  /** What changed, if anything did or there was no PrintRequest. */
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
  /** Return the values that were gathered, too, also where there is no page. Not together with onlyWhatIsPrinted. */
  readonly columns?: boolean;
}

/**
 * The files whose entries are in columns, in the order of folding: by name, and retained files last. These are the good,
 * held and retained files that have entries with a row; entries whose rows were not set yet are in no column.
 */
export interface FileRuns {
  readonly fileId: Uint32Array;
  /**
   * Differs when entry i of a file may be another one than before: the file was read again from 0, or dropped, and has not
   * the same keys again. One that was held and is repaired keeps it.
   */
  readonly generation: Uint32Array;
  /** The entries of file i are [entryEnd[i-1], entryEnd[i]). */
  readonly entryEnd: Uint32Array;
}

/** The values of all entries at one moment, file after file. */
export interface EntryValues extends FileRuns {
  readonly value: Float64Array;
}

/**
 * The values of all entries at one moment, and what they came to. They are copies, in one ArrayBuffer;
 * see releaseColumns. native/core/instant_columns.h.
 */
export interface ValueColumns extends EntryValues {
  /**
   * When each was set, seconds. Only files with an entry that folds by mostRecent have such times: 0 in all others, and
   * empty where no file has any.
   */
  readonly timestampSeconds: Float64Array;
  /** Of each slot the value as it is printed: buckets are running totals. See hasValue for those that have none. */
  readonly slot: Float64Array;
}

/** How compareColumns counts a slot. native/core/compare_columns.h. */
export const INCREASE_CLASS = {
  /** It only tells whether an entry moved. */
  none: 0,
  /** Increments of counters. */
  increments: 1,
  /** Observations of histograms and summaries. */
  observations: 2,
} as const;

/** How many classes there are. */
export const INCREASE_CLASSES = 3;

/**
 * What changed from one moment to another, in one ArrayBuffer; see releaseColumns. An entry moved if its value has other
 * bits. If its slot has a class, it adds what it increased, where that is finite; or it went back, and adds nothing.
 */
export interface ColumnChanges {
  /** By file of the later moment: entries that moved, and groups that have such an entry. */
  readonly fileMoved: Uint32Array;
  readonly fileGroups: Uint32Array;
  /** What entries of class c of file i increased: [i * INCREASE_CLASSES + c]. */
  readonly fileIncrease: Float64Array;
  /** By group: what its entries increased, files in which one of them moved, entries that went back. */
  readonly groupIncrease: Float64Array;
  readonly groupFiles: Uint32Array;
  readonly groupBack: Uint32Array;
}

/** Which entries those of ValueColumns are. They stay until setRows, or until entries came or went. */
export interface EntryRows extends FileRuns {
  readonly keyId: Uint32Array;
  readonly slot: Uint32Array;
}

/** Some entries of files. native/core/file_set.h. */
export interface SomeEntries extends FileRuns {
  /** Of file i [entryEnd[i-1], entryEnd[i]), by their number in the file. */
  readonly entry: Uint32Array;
}

/** As many as in SomeEntries; see releaseColumns. */
export interface GatheredEntries {
  readonly value: Float64Array;
  /** As in ValueColumns, 0 where there is none. */
  readonly timestampSeconds: Float64Array;
}

/**
 * What stat says of each listed file, and what is known without reading it. Row i is about file id[i], in name order.
 * native/core/file_facts.h.
 */
export interface FileFacts {
  readonly id: Uint32Array;
  /** As its header said when its entries were last walked; -1 where the file is not good. */
  readonly usedBytes: Float64Array;
  /** 8 or 16; 0 while there is no entry. */
  readonly valueBytes: Uint8Array;
  /** These are of the file that the name leads to now, and -1 where it does not answer. */
  readonly sizeBytes: Float64Array;
  readonly diskBytes: Float64Array;
  /** And these are 0 then. */
  readonly modifiedSeconds: Float64Array;
  readonly changedSeconds: Float64Array;
  readonly deviceMajor: Uint32Array;
  readonly deviceMinor: Uint32Array;
  readonly inode: BigUint64Array;
}

/** A device as in InspectedFile.device: `fd:01`. */
export const deviceName = (major: number, minor: number): string =>
  [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');

/** Where the entries of a file are: bytes from its start. Empty of a retained file. */
export interface EntryPlaces {
  /** Where an entry begins: its length word. */
  readonly offset: Uint32Array;
  readonly valueOffset: Uint32Array;
  /** 8 or 16; 0 while there is no entry. */
  readonly valueBytes: number;
}

/** The low word of a slot that has no value, which is a NaN. Of a NaN that is a value it is 0. native/core/instant_columns.h. */
const ABSENT_LOW_WORD = 1;

/**
 * Whether slots of ValueColumns have a value, NaN included. Copies of the column keep that if they are made as a whole,
 * as by slice() and set(), and not number by number.
 */
export function hasValue(slot: Float64Array): (s: number) => boolean {
  const word = new Uint32Array(slot.buffer, slot.byteOffset, 2 * slot.length);
  return (s) => !Number.isNaN(slot[s]) || word[2 * s] !== ABSENT_LOW_WORD;
}

/** As many slots without a value, to be filled in. */
export function noValues(slots: number): Float64Array {
  const slot = new Float64Array(slots).fill(Number.NaN);
  const word = new Uint32Array(slot.buffer);
  for (let s = 0; s < slots; s++) word[2 * s] = ABSENT_LOW_WORD;
  return slot;
}

export interface Printed {
  /** One exposition per page asked for; `tail` bytes of room follow each in its ArrayBuffer. */
  readonly bodies: Buffer[];
  /** For each body the end of each of its templates, bytes. */
  readonly partEnds: Uint32Array[];
}

export interface Collected extends Omit<Printed, 'partEnds'> {
  /** Absent unless asked for. */
  readonly partEnds?: Uint32Array[];
  /** What was gathered and folded for these bodies; absent unless asked for. */
  readonly columns?: ValueColumns;
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
  /**
   * Adds values to a retained file, as those of a file that is gone: one for each key. The next refresh reports the keys that
   * are new there.
   */
  addRetained(id: number, keys: KeyTexts, value: Float64Array): void;
  /** To an entry that folds by mostRecent a value set before seconds[i] was never set, in file id[i]. */
  setMinTimestamps(id: Uint32Array, seconds: Float64Array): void;
  /**
   * Brings every accepted file up to date: opens new ones, follows growth, notices files that were
   * truncated, regrown or overwritten in place, and calls stat for whatever is not mapped.
   */
  refresh(): Promise<Refreshed>;
  /**
   * If the directory's times are not those of `listed`, only returns them. Otherwise refreshes, and if something is to be
   * printed or copied and nothing changed, collects in the same pass over the files. Rejects with an errno `code`; nothing changes
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
  /**
   * Gathers some entries, whose files alone are looked at, and folds nothing.
   *
   * @returns undefined where one of the files is not as it was indexed, or only a refresh can tell
   */
  gatherEntries(wanted: SomeEntries): Promise<GatheredEntries | undefined>;
  /** Of the entries that the next collect will gather, if nothing changes before. */
  rows(): Promise<EntryRows>;
  entryPlaces(id: number): EntryPlaces;
  /**
   * Of all listed files, accepted or not. Calls stat for each: about 3 ms for 1,000, and no more than a few seconds where
   * some of them hang.
   */
  fileFacts(): Promise<FileFacts>;
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
  /** Gathers and folds all files in name order, accumulates, prints, and copies the columns. */
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

/** What the entries of ticks are: see Recorder.add. By file of `rows`, whose slots do not count. */
export interface RecordedStructure {
  readonly rows: Omit<EntryRows, 'slot'>;
  /** Of all keys that rows have, in the order of their ids; PlanState.keyTexts. */
  readonly keyTexts: readonly KeyTexts[];
  /** Base names. */
  readonly fileName: readonly string[];
  /** Device and inode, or whatever else tells a file from another one of its name; may be empty. */
  readonly identity: readonly string[];
  readonly valueBytes: Uint8Array;
}

export interface RecordedTick {
  /** Since 1970. One that is not after the last one begins a segment: the clock was set back. */
  readonly timeSeconds: number;
  readonly columns: EntryValues & Pick<ValueColumns, 'timestampSeconds'>;
  /**
   * With the first tick, and whenever it is not the one before. It costs what is new: files of an id and generation that are
   * known are looked at only from their last known entry on.
   */
  readonly structure?: RecordedStructure;
  /** Anything else about the moment, as bytes. It holds until there is another one; at most 16 MiB. */
  readonly blob?: Uint8Array;
  /** This tick begins a segment. For one that could not be appended to its file. */
  readonly beginsSegment?: boolean;
}

export interface RecorderOptions {
  /** Of memory, all told. When it is used up the oldest segment goes. */
  readonly maxBytes: number;
  /** A segment is sealed after this time, or earlier if it has many changes: so that any moment is found quickly. 300, say. */
  readonly segmentSeconds: number;
  /** Return what is to be written to files, too. */
  readonly isDurable?: boolean;
}

export interface AddedTick {
  /** Memory that the recorder takes now. */
  readonly bytes: number;
  /** Values and timestamps that have other bits than at the tick before; of a new entry those that are not 0. */
  readonly changedValues: number;
  /** What this tick takes; later less, when its segment is sealed. */
  readonly tickBytes: number;
  /** CPU time of this call, and the part of it that sealed the segment before. */
  readonly cpuSeconds: number;
  readonly sealSeconds: number;
  /** That had to go since memory was used up. */
  readonly droppedSegments: number;
  /** Of the oldest tick there is. */
  readonly fromSeconds: number;
  /** Number of the segment that has the tick; from 0. */
  readonly segment: number;
  /** If durable: to be appended to the file of that segment in one write. The first tick of a segment begins its file. */
  readonly toAppend?: Uint8Array;
  /** If durable, and a segment was sealed: its number, and what may take the place of its file. */
  readonly sealed?: { readonly segment: number; readonly bytes: Uint8Array };
}

/**
 * Records the values of all entries, exact to the bit, tick after tick. native/core/recording/format.h.
 *
 * Calls of `add` run off the main thread, one at a time: a further one throws while one is under way.
 */
export interface Recorder {
  /** @throws Error if the columns do not fit each other, or the structure; nothing was recorded then */
  add(tick: RecordedTick): Promise<AddedTick>;
  /** What is recorded up to the last tick; it stays as it is while recording goes on, and keeps the memory until it is closed. */
  recording(): Recording;
  /** As of RecorderOptions; from the next tick on. */
  setMaxBytes(bytes: number): void;
  /** Frees all memory that no Recording has. The recorder cannot be used afterwards. */
  close(): void;
}

export interface RecordedSegment {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly ticks: number;
  readonly bytes: number;
  /** Some of its bytes are damaged or not there: of what was recorded, only these ticks are left, or none. */
  readonly isDamaged: boolean;
}

/** Files with their entries at one moment, in the order in which they were recorded; see releaseColumns. */
export interface RecordedInstant extends Omit<EntryRows, 'slot'>, EntryValues {
  /** Of the tick. */
  readonly timeSeconds: number;
  /** Empty where no file has any. */
  readonly timestampSeconds: Float64Array;
  readonly fileName: readonly string[];
  readonly identity: readonly string[];
  readonly valueBytes: Uint8Array;
  /** Empty where there was none yet. */
  readonly blob: Uint8Array;
}

/**
 * Some keys over time. Row r is key keyId[r] in file file[r]; its values are [r * ticks, (r + 1) * ticks), where ticks is the
 * length of timeSeconds.
 */
export interface RecordedHistory {
  readonly timeSeconds: Float64Array;
  /** Files that have one of the keys at one of these times, also if they were removed later. */
  readonly fileId: Uint32Array;
  readonly generation: Uint32Array;
  readonly fileName: readonly string[];
  readonly identity: readonly string[];
  /** By row: an index into the files. */
  readonly file: Uint32Array;
  readonly keyId: Uint32Array;
  /** 1 where the file had the key at that time. */
  readonly isPresent: Uint8Array;
  readonly value: Float64Array;
  /** As long as value, or empty where there is none. */
  readonly timestampSeconds: Float64Array;
}

/**
 * How much the values of files grew between moments. Row r is what file file[r] grew between the tick of moment moment[r] and
 * that of the moment before it; where it did not grow there is no row. The first moment has none.
 */
export interface RecordedIncreases {
  /** By moment: the last tick at or before; NaN where there is none. */
  readonly tickSeconds: Float64Array;
  /** By moment: how many there were. */
  readonly files: Uint32Array;
  readonly entries: Uint32Array;
  readonly fileName: readonly string[];
  readonly moment: Uint32Array;
  readonly file: Uint32Array;
  /** Of row r and class c of INCREASE_CLASS: [r * INCREASE_CLASSES + c]. */
  readonly increase: Float64Array;
}

/** What was recorded. Any number of calls at once; they run off the main thread. */
export interface Recording {
  /** Oldest first. After the clock was set back, they overlap. */
  segments(): readonly RecordedSegment[];
  /** The times of all ticks, oldest first. */
  times(): Float64Array;
  /**
   * The last tick that was recorded at or before this time; undefined where there is none. Key ids are those of keyTexts,
   * the same in all answers of one Recording.
   */
  at(timeSeconds: number): Promise<RecordedInstant | undefined>;
  /**
   * @param keyId ids of keyTexts
   * @param maxPoints where there are more ticks, as many of them are chosen evenly
   * @throws Error if there would be more than 8 million values
   */
  history(
    keyId: Uint32Array,
    fromSeconds: number,
    toSeconds: number,
    maxPoints: number,
  ): Promise<RecordedHistory>;
  /**
   * From tick to tick a value that goes back adds nothing, and what a new file has is an increase.
   *
   * @param timeSeconds of moments; ascending
   * @param classOfKey of INCREASE_CLASS, by key id; none for keys beyond
   */
  increases(timeSeconds: Float64Array, classOfKey: Uint8Array): Promise<RecordedIncreases>;
  /** Recordings with the same number have the same key ids: a later one of a recorder may have more of them. */
  keyTable(): number;
  /** Ids are less than this. */
  keyCount(): number;
  /** As FileSet.keyTexts. */
  keyTexts(fromId: number, count: number, maxBytes: number): KeyTexts;
  /**
   * A segment of segments(), sealed, with all that is needed to read it: one of the files that openRecording takes.
   *
   * @param fromSeconds ticks before are left out
   * @param keyTexts what keys are called in it, by id, if not as they are: names that are private, say
   */
  save(segment: number, fromSeconds?: number, keyTexts?: KeyTexts): Promise<Uint8Array>;
  /** Frees memory without waiting for the garbage collection, once calls under way are done. */
  close(): void;
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

/**
 * Where a compaction failed. Before the exchange everything is undone then; after it the directory is compacted, and the next
 * compaction deletes the old one. native/core/compact/step.h.
 */
export const COMPACTION_STEP = {
  none: 0,
  /** The directory cannot be opened. ELOOP and ENOTDIR: it is a symbolic link. */
  open: 1,
  /** Another compaction holds the directory. */
  lock: 2,
  /** The path leads to another directory than a moment ago. */
  moved: 3,
  /** It is on a file system of another host, or one that is not known to be local. */
  remote: 4,
  /** It belongs to another user. */
  owner: 5,
  /** `path`, in the mount namespace of `processId`, is a mount point of the directory. */
  mounted: 6,
  /** The process works in the directory (its cwd or root): no exchange would reach it. */
  occupied: 7,
  /** `path` is a sub-directory. */
  subDirectory: 8,
  /** The kernel gives no lease: EACCES, the file is of another user; otherwise, its file system has none. */
  lease: 9,
  /** The new directory, next to the old one, cannot be made. */
  sibling: 10,
  /** Owner, mode or an extended attribute cannot be set. */
  attributes: 11,
  link: 12,
  list: 13,
  /** An archive or the manifest cannot be written. */
  write: 14,
  sync: 15,
  exchange: 16,
  carry: 17,
  remove: 18,
  /** With readersStopped: a file cannot be moved. */
  move: 19,
  /** An archive would have more than 2 GiB. */
  tooLarge: 20,
  /** The files that it folds were reopened again and again. */
  busy: 21,
  /**
   * `path` is open for writing, but by none of the processes that we see: one in a container of its own may have the
   * directory mounted.
   */
  unseenWriter: 22,
} as const;

/** Why a file was kept. native/core/compact/compaction.h. */
export const KEPT_REASON = {
  /** A process of the host has it open for writing, in whichever namespace, or maps it so. */
  openForWriting: 1,
  /** The name is gone, or leads to another file than the one that was asked for. */
  replaced: 2,
  /** It cannot be read as a metric file. */
  damaged: 3,
  /** Its values have another width than those of its group. */
  otherWidth: 4,
  /** Its archive would not give the same: a NaN, or equal timestamps. */
  orderMatters: 5,
  /** An archive, and no other file of its group belongs to the same user and group. */
  loneArchive: 6,
} as const;

/** Files that become one archive for each user and group that they belong to. native/core/compact/compaction.h. */
export interface ArchiveGroup {
  /** The name of the archive up to its process id, without the last underscore: `counter`, `gauge_mostrecent`. */
  readonly prefix: string;
  /** One of OPERATION, not `last`. */
  readonly operation: number;
  readonly valueBytes: 8 | 16;
}

export interface CompactionRequest {
  readonly directory: string;
  /** No reader runs: files are moved one by one, with a journal, and the directory stays the same. */
  readonly readersStopped: boolean;
  /** Nothing is written: which files would be kept, and whether it would fail. Leftovers stay. */
  readonly isDryRun: boolean;
  /** How long what is removed stays in the old directory, which nothing leads to any more. */
  readonly graceMilliseconds: number;
  readonly groups: readonly ArchiveGroup[];
  /** Columns: row i is about one file. A character for each byte, since a name need not be UTF-8. */
  readonly name: readonly string[];
  /** `fd:01:4711`: the file as it was seen. Another one of the name is kept. */
  readonly identity: readonly string[];
  /** Index into groups; -1: the file is removed. */
  readonly group: Int32Array;
  /** Texts of keys that are one series, each list folded into its first one that a group has. */
  readonly sameSeries: readonly (readonly Uint8Array[])[];
}

export interface CompactionFault {
  /** One of COMPACTION_STEP. */
  readonly step: number;
  readonly path: string;
  /** `ENOSPC`; empty where the system refused nothing. */
  readonly error: string;
  /** Of mounted and occupied; otherwise 0. */
  readonly processId: number;
}

/** Names have a character for each byte. */
export interface CompactionResult {
  readonly fault?: CompactionFault;
  /** In the names of its archives; empty where nothing was compacted. */
  readonly generation: string;
  readonly folded: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  /** One of KEPT_REASON for each of them. */
  readonly keptReason: Uint8Array;
  /** Of a dry run those that would be made. */
  readonly archives: readonly {
    readonly name: string;
    readonly entries: number;
    /** On disk. */
    readonly diskBytes: number;
  }[];
  /** On disk: files that are gone, less the archives. */
  readonly freedBytes: number;
  /** Files that stayed. */
  readonly linked: number;
  /** Files that were made in the old directory meanwhile, and were moved to the new one. */
  readonly carried: number;
  /** Times the exchange was taken back, since a process reopened what was folded. */
  readonly undone: number;
  /** Sums of archives that were moved by less than rounding, so that no total goes back. */
  readonly rounded: number;
  /** Whether an earlier compaction, which was killed, was finished or undone first. */
  readonly recovered: boolean;
  /** Requested files that one pass had no descriptors or memory for: ask again. */
  readonly remaining: number;
}

/** What a compaction left in its directory for readers. native/core/compact/manifest.h. */
export interface CompactionManifest {
  /** Empty where the first compaction is under way. */
  readonly generation: string;
  /** With readersStopped: one was killed. Files are missing until recoverCompaction. */
  readonly isUnfinished: boolean;
  /**
   * Files that are gone while their values are in other ones: what earlier compactions folded, for a day. Columns; a name
   * has a character for each byte.
   */
  readonly goneName: readonly string[];
  /** `fd:01:4711`. */
  readonly goneIdentity: readonly string[];
  readonly goneSeconds: Float64Array;
}

interface Addon {
  readonly FileSet: new (directory: string, options: FileSetOptions) => FileSet;
  readonly FileReader: new () => FileReader;
  readonly Recorder: new (options: RecorderOptions) => Recorder;
  /**
   * Reads the files of a recording, each with one segment or several, oldest first. The bytes are copied. Never rejects
   * for what they are: what is damaged is left out, see RecordedSegment.isDamaged.
   */
  openRecording(files: readonly Uint8Array[]): Promise<Recording>;
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
  /**
   * What changed between two moments. Files are compared with those of the same id and generation; an entry, or a whole
   * file, that was not there earlier started at 0, and one that is not there now counts for nothing. So do entries of
   * slot 0.
   *
   * Runs off the main thread, also while a scrape does. Columns that the addon made are not copied: what is written to
   * them meanwhile may or may not be seen.
   *
   * @param slotOfEntry of `now`; EntryRows.slot
   * @param classOfSlot one of INCREASE_CLASS
   * @param groupOfSlot below groupCount, except that of slot 0, which is ignored
   * @param groupCount at most as many as slots
   * @throws Error if the columns do not fit each other
   */
  compareColumns(
    earlier: EntryValues,
    now: EntryValues,
    slotOfEntry: Uint32Array,
    classOfSlot: Uint8Array,
    groupOfSlot: Uint32Array,
    groupCount: number,
  ): Promise<ColumnChanges>;
  /**
   * Prints pages from the slots of an earlier moment, as collect did then, byte for byte. `tail` bytes of room follow each
   * body. Runs off the main thread, also while a scrape does.
   *
   * @param slot ValueColumns.slot, or a copy of it; see hasValue
   * @throws Error if a page prints a slot that there is not
   */
  printColumns(pages: readonly Page[], slot: Float64Array, tail: number): Promise<Printed>;
  /**
   * Frees the memory of columns without waiting for the garbage collection. All of them are empty afterwards, and every
   * other array over their ArrayBuffer; calls under way that were given them keep it until they are done. Ignores columns
   * that the addon did not make.
   */
  releaseColumns(columns: FileRuns | ColumnChanges | GatheredEntries): void;
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
  /**
   * Folds files into archives and removes files, exactly or not at all: what failed is in `fault`. Takes as long as the
   * grace. Everything about it is in native/core/compact/compaction.h.
   */
  compact(request: CompactionRequest): Promise<CompactionResult>;
  /** Finishes or undoes what a killed compaction left; does nothing where there is nothing. */
  recoverCompaction(directory: string, graceMilliseconds: number): Promise<CompactionResult>;
  /** Undefined where there was no compaction. Rejects with an errno `code`. */
  readManifest(directory: string): Promise<CompactionManifest | undefined>;
  /** As prometheus_client prints a sample's value (floatToGoString). */
  formatNumber(value: number): string;
}

const addon = loadAddon(NATIVE_DIRECTORY) as Addon;

export const {
  FileReader,
  FileSet,
  Recorder,
  compact,
  compareColumns,
  createPage,
  createTemplate,
  formatNumber,
  hungFiles,
  isOnLocalFileSystems,
  lookUpHost,
  openRecording,
  printColumns,
  readLink,
  readManifest,
  readNames,
  readWhole,
  realPath,
  recoverCompaction,
  releaseBody,
  releaseColumns,
  statPath,
  trimMemory,
} = addon;

// Every thread that may hang is started by the addon, or after this module was loaded.
onLastResort(addon.exitWithin);
