/**
 * What a compaction would do, or did, as plain data: the shape of `compact --json`. Rows are about files of one kind, or of
 * one reason, in the order of the report.
 */
import { compareCodePoints } from '../format/code-point.js';
import type { ReadFile, Reading } from '../inspect/reading.js';
import { madeOnce } from '../memo.js';
import { ENTRIES_PER_STEP, type Steps } from '../steps.js';
import {
  type Candidate,
  type Candidates,
  type Group,
  isArchive,
  isOfEmptyFiles,
} from './candidates.js';
import { KEPT_REASONS, type KeptReason } from './kept-reason.js';
import type { Refusal } from './refusal.js';

interface FileSums {
  readonly files: number;
  readonly entries: number;
  readonly diskBytes: number;
}

/** Files that become one archive; where several users or groups own them, one for each. */
export interface FoldedGroup extends FileSums {
  /** `counter`, `gauge max`. */
  readonly kind: string;
  /** Of keys: `current`, or that of an older client. */
  readonly keyForm: string;
  /** 8 or 16. */
  readonly valueBytes: number;
  /** How many of the files are archives already. */
  readonly archives: number;
  /** Of the new archive: distinct keys, and what they take, at most; as if one user owned all files. */
  readonly archiveEntries: number;
  readonly archiveBytes: number;
}

/** Files that go with all that is in them. */
export interface RemovedFiles extends FileSums {
  readonly kind: string;
}

export interface KeptFiles {
  readonly reason: KeptReason;
  readonly files: number;
  readonly diskBytes: number;
  /** Name of one of them. */
  readonly example: string;
}

export interface CompactionPlan {
  readonly path: string;
  readonly takenAtSeconds: number;
  readonly folded: readonly FoldedGroup[];
  readonly removed: readonly RemovedFiles[];
  /** In the order of KEPT_REASONS. */
  readonly kept: readonly KeptFiles[];
  readonly files: number;
  readonly filesAfter: number;
  /** On disk, at least. */
  readonly freedBytes: number;
}

/** What was done; all of it is 0 or empty where nothing was. */
export interface CompactionOutcome {
  readonly folded: number;
  readonly removed: number;
  /** On disk. */
  readonly freedBytes: number;
  readonly archives: readonly {
    readonly name: string;
    readonly entries: number;
    readonly diskBytes: number;
  }[];
  /** More than one where not all files can be open at once. */
  readonly passes: number;
  /** Files that processes made meanwhile, and that were moved into the new directory. */
  readonly carried: number;
  /** Times the exchange was taken back, since a process opened what was folded. */
  readonly undone: number;
  /** Sums of archives that are a few steps higher, so that no total goes back. */
  readonly rounded: number;
  /** Whether what an interrupted compaction left was put in order first. */
  readonly recovered: boolean;
}

/** The shape of `compact --json`. */
export interface CompactionReport extends CompactionPlan {
  readonly applied: boolean;
  /** Why the directory cannot be compacted, or could not be. */
  readonly refused?: Refusal;
  /** Absent where nothing was to be done but to tell. */
  readonly outcome?: CompactionOutcome;
}

const PAGE_BYTES = 4096;

export function* compactionPlan(reading: Reading, candidates: Candidates): Steps<CompactionPlan> {
  const folded = yield* foldedGroups(reading, candidates);
  const removed = removedFiles(candidates);
  const gone = [...folded, ...removed];
  const freed = sum(gone, ({ diskBytes }) => diskBytes);
  const made = sum(folded, ({ archiveBytes }) => diskBytesOf(archiveBytes));
  return {
    path: reading.path,
    takenAtSeconds: reading.takenAtSeconds,
    folded,
    removed,
    kept: keptFiles(candidates),
    files: reading.files.length,
    filesAfter: reading.files.length - sum(gone, ({ files }) => files) + folded.length,
    freedBytes: Math.max(0, freed - made),
  };
}

/** The pages that are written, and no more: the rest of an archive is a hole. */
function diskBytesOf(archiveBytes: number): number {
  return Math.ceil(archiveBytes / PAGE_BYTES) * PAGE_BYTES;
}

function* foldedGroups(
  { keys }: Reading,
  { groups, candidates }: Candidates,
): Steps<readonly FoldedGroup[]> {
  const files = filesByGroup(candidates);
  const folded: FoldedGroup[] = [];
  for (const [i, group] of groups.entries()) {
    const own = files.get(i) ?? [];
    if (own.length === 0 || isOfEmptyFiles(group)) continue;
    folded.push({
      kind: group.prefix.replace('_', ' '),
      keyForm: group.keyForm,
      valueBytes: group.valueBytes,
      archives: own.filter(isArchive).length,
      ...sumsOf(own),
      ...(yield* archiveOf(own, group, keys.size)),
    });
  }
  return folded;
}

function filesByGroup(candidates: readonly Candidate[]): Map<number, ReadFile[]> {
  const files = new Map<number, ReadFile[]>();
  for (const { file, group } of candidates) madeOnce(files, group, () => []).push(file);
  return files;
}

/** Each key once. */
function* archiveOf(
  files: readonly ReadFile[],
  { valueBytes }: Group,
  keyCount: number,
): Steps<Pick<FoldedGroup, 'archiveEntries' | 'archiveBytes'>> {
  const isKnown = new Uint8Array(keyCount);
  let archiveEntries = 0;
  let archiveBytes = HEADER_BYTES;
  for (const { entries } of files) {
    yield;
    const { keyId, valueOffset } = entries;
    for (let i = 0; i < keyId.length; i++) {
      if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
      if (isKnown[keyId[i]!]) continue;
      isKnown[keyId[i]!] = 1;
      archiveEntries++;
      const begin = i === 0 ? HEADER_BYTES : valueOffset[i - 1]! + valueBytes;
      archiveBytes += valueOffset[i]! + valueBytes - begin;
    }
  }
  return { archiveEntries, archiveBytes };
}

/** native/core/file_format.h. */
const HEADER_BYTES = 8;

function removedFiles({ groups, candidates }: Candidates): readonly RemovedFiles[] {
  const byKind = new Map<string, ReadFile[]>();
  for (const { file, group } of candidates) {
    const of = groups[group];
    if (of !== undefined && !isOfEmptyFiles(of)) continue;
    const kind = file.entries.length === 0 ? EMPTY : kindOf(file);
    madeOnce(byKind, kind, () => []).push(file);
  }
  return [...byKind]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([kind, files]) => ({ kind, ...sumsOf(files) }));
}

/** A file that says nothing. */
const EMPTY = 'empty';

function kindOf({ fileName }: ReadFile): string {
  const { type, mode } = fileName!;
  return mode === undefined ? type : `${type} ${mode}`;
}

function keptFiles({ kept }: Candidates): readonly KeptFiles[] {
  const byReason = new Map<KeptReason, { files: number; diskBytes: number; example: string }>();
  for (const { file, reason } of kept) {
    const known = madeOnce(byReason, reason, () => ({
      files: 0,
      diskBytes: 0,
      example: file.name,
    }));
    known.files++;
    known.diskBytes += file.diskBytes;
  }
  const order = Object.keys(KEPT_REASONS);
  return [...byReason]
    .map(([reason, of]): KeptFiles => ({ reason, ...of }))
    .sort((a, b) => order.indexOf(a.reason) - order.indexOf(b.reason));
}

function sumsOf(files: readonly ReadFile[]): FileSums {
  return {
    files: files.length,
    entries: sum(files, ({ entries }) => entries.length),
    diskBytes: sum(files, ({ diskBytes }) => diskBytes),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
