/**
 * Which files of a directory a compaction folds or removes, which it keeps, and why: decided from a Reading, without any
 * I/O. What is not certainly dead stays, and so does what cannot be folded to the same numbers.
 *
 * This is one half of the decision. The other one is the kernel's, at the moment itself: a file that some process has open
 * for writing is kept (native/core/compact/).
 *
 *   a file of a dead process ─▶ its kind (kinds.ts) ─▶ its group: kind, key form, bytes of a value ─▶ one archive for each
 *   user and group that own such files
 */
import type { ErrorCode } from '../errors.js';
import { isArchiveId } from '../format/filename.js';
import { HELP_OF_OLD_KEYS, isUnusable } from '../format/key.js';
import { lastSeenByProcess } from '../inspect/processes.js';
import type { ReadFile, Reading } from '../inspect/reading.js';
import { indexOf } from '../inspect/series-index.js';
import type { SeriesStructure } from '../inspect/series-structure.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import type { KeptReason } from './kept-reason.js';
import { fateOf, type Kind } from './kinds.js';

/** Files of one group become one archive, of each owner: a client reads files of one format only. */
export interface Group extends Kind {
  /** Of keys, as in Key.olderForm; `current` for those of 0.16.0 and later, `empty` where no file has any. */
  readonly keyForm: string;
  readonly valueBytes: number;
}

export interface Candidate {
  readonly file: ReadFile;
  /** Index of its group; REMOVED where it is removed. */
  readonly group: number;
}

/**
 * A file without entries says nothing, so it goes without an archive; but it has a group, since the addon reads it once
 * more: a process that took over the id may have written to it, and ended.
 */
const OF_EMPTY_FILES = { keyForm: 'empty', valueBytes: 16 } as const;

export function isOfEmptyFiles({ keyForm }: Group): boolean {
  return keyForm === OF_EMPTY_FILES.keyForm;
}

/** In place of a group: the file goes, and what it has goes with it. As the addon takes it. */
export const REMOVED = -1;

export interface Kept {
  readonly file: ReadFile;
  readonly reason: KeptReason;
}

export interface Candidates {
  readonly groups: readonly Group[];
  /** In name order, as are those that are kept. */
  readonly candidates: readonly Candidate[];
  readonly kept: readonly Kept[];
}

export interface CandidateOptions {
  /** Files of processes that were seen to write less long ago are kept; 0 for none. */
  readonly olderThanSeconds: number;
  /** Of the dead ones, only the files of these; of all of them where absent. */
  readonly processIds?: ReadonlySet<string> | undefined;
}

export function* candidatesOf(reading: Reading, options: CandidateOptions): Steps<Candidates> {
  const { structure, files: planned } = indexOf(reading);
  const families = new FamilyTest(reading, structure);
  const hasOddBucket = oddBuckets(structure, planned);
  const lastSeen = options.olderThanSeconds > 0 ? lastSeenByProcess(reading) : undefined;
  const isDue = (processId: string) => {
    const seen = lastSeen?.get(processId);
    const age = seen === undefined ? 0 : reading.takenAtSeconds - seen;
    return age >= options.olderThanSeconds && (options.processIds?.has(processId) ?? true);
  };

  const groups = new Groups();
  const chosen: Candidate[] = [];
  const kept: Kept[] = [];
  for (const file of reading.files) {
    yield;
    const found = yield* judge(file, reading, isDue, hasOddBucket, families);
    if (typeof found === 'string') kept.push({ file, reason: found });
    else chosen.push({ file, group: found === undefined ? REMOVED : groups.indexOf(found) });
  }

  const candidates: Candidate[] = [];
  for (const candidate of chosen) {
    const isAlone = candidate.group >= 0 && groups.filesOf(candidate.group) === 1;
    if (isAlone && isArchive(candidate.file))
      kept.push({ file: candidate.file, reason: 'archive' });
    else candidates.push(candidate);
  }
  return { groups: groups.all, candidates, kept };
}

export function isArchive({ fileName }: Pick<ReadFile, 'fileName'>): boolean {
  return fileName !== undefined && isArchiveId(fileName.processId);
}

/** @returns why it is kept, or its group; undefined if it is removed */
function* judge(
  file: ReadFile,
  { writers }: Reading,
  isDue: (processId: string) => boolean,
  hasOddBucket: ReadonlySet<ReadFile>,
  families: FamilyTest,
): Steps<KeptReason | Group | undefined> {
  const { fileName, fault, identity, valueBytes } = file;
  if (fileName === undefined) return 'unrecognised';
  if (fault !== undefined) return UNREADABLE.has(fault.code) ? 'unreadable' : 'damaged';
  if (identity === '') return 'unreadable';
  if (!isArchive(file)) {
    const writer = writers.get(fileName.processId);
    const isLeft = writer?.abandoned?.includes(identity) === true;
    if (writer?.liveness === 'alive' && !isLeft) return 'alive';
    if (writer?.liveness !== 'dead' && !isLeft) return 'unknown';
    if (!isDue(fileName.processId)) return 'recent';
  }
  const fate = fateOf(fileName);
  if (fate === 'keep') return 'kind';
  if (fate === 'remove') return undefined;
  if (file.entries.length === 0) return { ...fate.fold, ...OF_EMPTY_FILES };
  const reason = hasOddBucket.has(file) ? 'unusable-key' : yield* families.keepsFile(file);
  if (reason !== undefined) return reason;
  return { ...fate.fold, keyForm: keyFormOf(file), valueBytes };
}

/** What could not be read, and may be sound. */
const UNREADABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FILE_UNREADABLE',
  'FILE_NOT_REGULAR',
  'LINK_TO_OTHER_OWNER',
  'BUDGET_EXCEEDED',
]);

/** REQUIRES: it has an entry, all keys are usable, and all are of one form. */
function keyFormOf({ entries }: ReadFile): string {
  const { key } = entries.at(0)!;
  return isUnusable(key) ? '' : (key.olderForm ?? 'current');
}

/** Files with a bucket whose bound is not a number: promfold leaves it out, and the reader fails on it. */
function oddBuckets(
  { families }: SeriesStructure,
  planned: readonly ReadFile[],
): ReadonlySet<ReadFile> {
  return new Set(families.flatMap(({ unusable }) => unusable.map(({ rank }) => planned[rank]!)));
}

/** What is known of a key, once for each. */
const SOUND = 1;
const UNUSABLE = 2;
const IN_CONFLICT = 3;

class FamilyTest {
  readonly #reading: Reading;
  readonly #disputed: ReadonlySet<string>;
  /** By key id: one of the above; 0 where it was not asked for yet. */
  readonly #known: Uint8Array;
  /** By key id. */
  readonly #form: (string | undefined)[] = [];

  constructor(reading: Reading, { families }: SeriesStructure) {
    this.#reading = reading;
    this.#known = new Uint8Array(reading.keys.size);
    this.#disputed = new Set(
      families
        // Which file is first or last decides these, and an archive is in another place.
        .filter(({ types, modes, helps }) => types.size > 1 || modes.size > 1 || isDisputed(helps))
        .map(({ name }) => name),
    );
  }

  *keepsFile({ entries: { keyId } }: ReadFile): Steps<KeptReason | undefined> {
    const form = this.#formOf(keyId[0]!);
    for (let i = 0; i < keyId.length; i++) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const id = keyId[i]!;
      if (this.#known[id] === 0) this.#read(id);
      if (this.#known[id] === UNUSABLE) return 'unusable-key';
      if (this.#known[id] === IN_CONFLICT) return 'conflict';
      if (this.#form[id] !== form) return 'mixed-keys';
    }
    return undefined;
  }

  #formOf(id: number): string | undefined {
    if (this.#known[id] === 0) this.#read(id);
    return this.#form[id];
  }

  #read(id: number): void {
    const key = this.#reading.keys.read(id);
    if (isUnusable(key)) {
      this.#known[id] = UNUSABLE;
      return;
    }
    this.#form[id] = key.olderForm;
    this.#known[id] = this.#disputed.has(key.family) ? IN_CONFLICT : SOUND;
  }
}

/** Keys of older clients have no help: that is no other one. */
function isDisputed(helps: ReadonlyMap<string, number>): boolean {
  return helps.size - Number(helps.has(HELP_OF_OLD_KEYS)) > 1;
}

class Groups {
  readonly all: Group[] = [];
  readonly #index = new Map<string, number>();
  readonly #files: number[] = [];

  indexOf(group: Group): number {
    const key = JSON.stringify([group.prefix, group.keyForm, group.valueBytes]);
    const index = this.#index.get(key) ?? this.all.push(group) - 1;
    this.#index.set(key, index);
    this.#files[index] = this.filesOf(index) + 1;
    return index;
  }

  filesOf(index: number): number {
    return this.#files[index] ?? 0;
  }
}
