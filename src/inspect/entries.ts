/**
 * The view of `cat`: the entries of files, and for a damaged file the bytes around the damage. Plain data from a
 * Reading, in the shape of `cat --json`.
 */
import type { ErrorCode } from '../errors.js';
import type { FileName } from '../format/filename.js';
import { isUnusable, type Key } from '../format/key.js';
import { mergeRule, type OPERATION, OPERATION_NAME } from '../plan/operation.js';
import { isByEarlierProcess } from '../processes/earlier-process.js';
import type { Liveness } from '../processes/writer.js';
import type { EntryColumns } from './entry-columns.js';
import { keyTest, selectedKeys } from './key-test.js';
import { type List, listOf, mapList } from './list.js';
import { lastSeenByProcess } from './processes.js';
import type { ReadEntry, ReadFile, Reading } from './reading.js';
import type { Selector } from './selector.js';
import { seriesName } from './series-name.js';

export interface EntryView {
  /** Bytes from the start of the file: of the entry, and of its value. */
  readonly offset: number;
  readonly valueOffset: number;
  readonly value: number;
  /** When it was set; undefined if the file does not have the time. */
  readonly setSeconds: number | undefined;
  readonly ageSeconds: number | undefined;
  /** Whether it was set before its process started. */
  readonly previousLife: boolean;
  /** Undefined for an entry whose key is unusable. */
  readonly series: string | undefined;
  readonly family: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly help: string | undefined;
  /** What is wrong with the key: unusable, or repaired. */
  readonly problem: { readonly code: ErrorCode; readonly found: string } | undefined;
}

export interface FaultView {
  readonly code: ErrorCode;
  readonly found: string;
  /** First wrong byte; undefined if the fault is not at a byte. */
  readonly offset: number | undefined;
  /** What was expected there. */
  readonly expected: string;
  /** The bytes around it, as hex, from `excerptOffset`; undefined if there are none. */
  readonly excerpt: string | undefined;
  readonly excerptOffset: number | undefined;
}

export interface FileEntries {
  readonly file: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly mode: string | undefined;
  readonly processId: string | undefined;
  readonly liveness: Liveness | undefined;
  /** As in `ls`: the latest sign that its process wrote. */
  readonly lastSeenSeconds: number | undefined;
  /**
   * How values of the file's own type and mode join; if files disagree about a family, its values may join
   * differently.
   */
  readonly operation: keyof typeof OPERATION | undefined;
  /** Bytes of a value, 8 or 16; 0 while there is no entry. */
  readonly slotBytes: number;
  readonly usedBytes: number;
  readonly sizeBytes: number;
  /** Entries in the file, or before the fault; `entries` has the selected ones. */
  readonly entryCount: number;
  readonly entries: List<EntryView>;
  readonly fault: FaultView | undefined;
}

export interface EntriesView {
  readonly path: string;
  readonly takenAtSeconds: number;
  readonly files: readonly FileEntries[];
}

/**
 * @param selector only entries of these series; files without such entries are left out unless they are damaged
 * @param bytes to show of a damaged file
 */
export function viewEntries(
  reading: Reading,
  selector: Selector | undefined,
  bytes: number,
): EntriesView {
  const lastSeen = lastSeenByProcess(reading);
  const isSelected = selector && selectedKeys(reading, selector);
  const files = reading.files
    .map((file) => viewFile(reading, file, lastSeen, isSelected, bytes))
    .filter((file) => selector === undefined || file.entries.length > 0 || file.fault);
  return { path: reading.path, takenAtSeconds: reading.takenAtSeconds, files };
}

/**
 * Whether any file is damaged, or, if all entries are selected, has a key that cannot be read. Unrecognised files do
 * not count.
 */
export function hasDamage({ files, keys }: Reading, selector: Selector | undefined): boolean {
  const isBad = keyTest(keys, isUnusable);
  return files.some(({ fault, entries }) => {
    if (fault !== undefined) return fault.code !== 'FILE_FOREIGN';
    return selector === undefined && entries.keyId.some(isBad);
  });
}

function viewFile(
  reading: Reading,
  file: ReadFile,
  lastSeen: ReadonlyMap<string, number>,
  isSelected: ((keyId: number) => boolean) | undefined,
  bytes: number,
): FileEntries {
  const { name, path, fileName, valueBytes, usedBytes, sizeBytes, entries } = file;
  const wanted = isSelected ? selected(entries, isSelected) : entries;
  const writer = fileName && reading.writers.get(fileName.processId);
  return {
    file: name,
    path,
    type: fileName?.type,
    mode: fileName?.mode,
    processId: fileName?.processId,
    liveness: fileName && (writer?.liveness ?? 'unknown'),
    lastSeenSeconds: fileName && lastSeen.get(fileName.processId),
    operation: fileName && operationName(fileName),
    slotBytes: valueBytes,
    usedBytes,
    sizeBytes,
    entryCount: entries.length,
    entries: mapList(wanted, (entry) => viewEntry(reading, file, entry)),
    fault: viewFault(file, bytes),
  };
}

function selected(entries: EntryColumns, isSelected: (keyId: number) => boolean): List<ReadEntry> {
  const indexes: number[] = [];
  const { keyId } = entries;
  for (let i = 0; i < keyId.length; i++) if (isSelected(keyId[i]!)) indexes.push(i);
  return listOf(indexes.length, (at) => entries.at(indexes[at]!)!);
}

function operationName({ type, mode }: FileName): keyof typeof OPERATION {
  return OPERATION_NAME[mergeRule(type, mode).operation];
}

function viewEntry(reading: Reading, { fileName }: ReadFile, entry: ReadEntry): EntryView {
  const { key, offset, valueOffset, value, timestampSeconds } = entry;
  const isSet = timestampSeconds > 0;
  const writer = fileName && reading.writers.get(fileName.processId);
  const known: Key | undefined = isUnusable(key) ? undefined : key;
  return {
    offset,
    valueOffset,
    value,
    setSeconds: isSet ? timestampSeconds : undefined,
    ageSeconds: isSet ? reading.takenAtSeconds - timestampSeconds : undefined,
    previousLife: writer !== undefined && isByEarlierProcess(timestampSeconds, writer),
    series: known && seriesName(known.sampleName, known.labels),
    family: known?.family,
    labels: known && Object.fromEntries(known.labels),
    help: known?.help,
    problem: isUnusable(key)
      ? { code: 'KEY_UNUSABLE', found: key.found }
      : key.repaired === undefined
        ? undefined
        : { code: 'TEXT_REPAIRED', found: key.repaired },
  };
}

function viewFault({ fault, excerpt }: ReadFile, bytes: number): FaultView | undefined {
  if (fault === undefined) return undefined;
  const { code, found, offset } = fault;
  const part =
    excerpt && bytes > 0 && offset !== undefined ? cutExcerpt(excerpt, offset, bytes) : undefined;
  return {
    code,
    found,
    offset,
    expected: expectedInstead(fault.code, found),
    excerpt: part && Buffer.from(part.bytes).toString('hex'),
    excerptOffset: part?.offset,
  };
}

/** Whole lines of 16 bytes, the wrong byte in the middle. */
function cutExcerpt(
  excerpt: { readonly offset: number; readonly bytes: Uint8Array },
  at: number,
  bytes: number,
): { offset: number; bytes: Uint8Array } {
  const line = 16;
  const lines = Math.ceil(bytes / line);
  const atLine = Math.floor(at / line);
  const first = Math.max(Math.ceil(excerpt.offset / line), atLine - Math.floor((lines - 1) / 2));
  const offset = first * line;
  const from = offset - excerpt.offset;
  return { offset, bytes: excerpt.bytes.subarray(from, from + lines * line) };
}

/** What an undamaged file has in that place. Source: native/core/file_format.h. */
function expectedInstead(code: ErrorCode, found: string): string {
  if (found.startsWith('used')) {
    return 'a 4-byte count of the bytes in use: 8 or more, a multiple of 8, within the file';
  }
  if (found.startsWith('key length')) {
    return 'a 4-byte key length above 0, whose key ends before used';
  }
  if (found.startsWith('value'))
    return 'a value that ends before used, after the blanks of its key';
  switch (code) {
    case 'FILE_EMPTY':
      return 'a header of 8 bytes at least';
    case 'FILE_NOT_REGULAR':
      return 'a regular file';
    case 'LINK_TO_OTHER_OWNER':
      return 'a file of its own, or a link of the user who owns directory and file';
    case 'FILE_FOREIGN':
      return 'a name such as counter_7.db or gauge_livesum_7.db';
    case 'FILE_UNREADABLE':
      return 'a file that can be read';
    default:
      return 'a chain of entries that ends at used';
  }
}
