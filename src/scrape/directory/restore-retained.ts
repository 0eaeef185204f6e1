/**
 * What removed files had counted before promfold was restarted, from what the promfold before it recorded last. Once, when
 * the directory is first read, under --retain-removed with --recorder.dir.
 *
 * A recorded file that is there still counts by itself. All others were removed meanwhile: what was recorded of them is
 * retained, as it would be had promfold seen them go. What a compaction folded meanwhile counts in an archive.
 */
import { basename } from 'node:path';
import { directoryError, FilesMovedAwayError } from '../../files/directory-error.js';
import { FileReader, type ListedFile, readFiles } from '../../files/file-reading.js';
import { KeyReader } from '../../files/key-reader.js';
import type { MetricFiles } from '../../files/metric-files.js';
import { type FileName, parseFileName } from '../../format/filename.js';
import { type CompactionManifest, type KeyTexts, readManifest } from '../../native.js';
import { factsOfFiles } from './file-facts.js';

/** Keys by number, and a value of each. */
interface Entries {
  readonly keyId: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** A file as it was recorded last; of retained values `fileName` has no process. */
export interface RecordedFile extends Entries {
  readonly name: string;
  readonly fileName: FileName;
  /** `device:inode`; empty if it is not known. */
  readonly identity: string;
}

/** What was recorded last of a directory. */
export interface LastRecorded {
  readonly timeSeconds: number;
  /** In the order in which a scrape adds them; retained values are last. */
  readonly files: readonly RecordedFile[];
  /** Text of each key by number; a character is a byte. */
  readonly keys: readonly string[];
}

/** An ulp makes up for what another order of adding lost; see native/core/retain_files.cc. */
const RAISING_ROUNDS = 8;

/** How long a directory says what was folded in it. native/core/compact/manifest.h. */
const MANIFEST_SECONDS = 86_400;

/**
 * A manifest has the time at which it was written, and its files are there until the exchange: as long as it takes to read
 * what stays, at most.
 */
const EXCHANGE_SECONDS = 60;

/**
 * @returns how many recorded files are gone
 * @throws MetricFileError DIRECTORY_UNREADABLE while files are moved away: try again
 * @throws Error if it cannot be told which of them were folded
 */
export async function restoreRetained(
  files: MetricFiles,
  recordedBefore: LastRecorded,
): Promise<number> {
  const recorded = await withoutFolded(files.directory.path, recordedBefore);
  const there = await stillThere(files, recorded);
  let gone = 0;
  for (const [id, { type }] of files.retainedFiles) {
    const ofType = recorded.files.filter(({ fileName }) => fileName.type === type);
    const values = retainedOf(ofType, (file) => there.has(file));
    if (values.size > 0) {
      const keys = textsOf(values.keys(), recorded.keys);
      files.set.addRetained(id, keys, Float64Array.from(values.values()));
    }
    gone += ofType.filter((file) => file.fileName.processId !== '' && !there.has(file)).length;
  }
  return gone;
}

/**
 * What is to be retained, by key.
 *
 * @param recorded files of one type
 */
export function retainedOf(
  recorded: readonly RecordedFile[],
  isThere: (file: RecordedFile) => boolean,
): Map<number, number> {
  const staying = recorded.filter((file) => file.fileName.processId !== '' && isThere(file));
  const stays = new Set(staying);
  const retained = sums(recorded.filter((file) => !stays.has(file)));
  const [before, left] = [sums(recorded), sums(staying)];
  for (const [key, value] of retained) {
    retained.set(key, raised(value, before.get(key)!, left.get(key) ?? 0));
  }
  return retained;
}

/** Whether a file may be what was recorded: no key of it is missing, and no count is lower. */
export function continues(recorded: Entries, now: Entries): boolean {
  const found = sums([now]);
  for (const [key, value] of sums([recorded])) {
    if (!((found.get(key) ?? Number.NEGATIVE_INFINITY) >= value)) return false;
  }
  return true;
}

/** Without the files whose values are in archives now. */
async function withoutFolded(path: string, recorded: LastRecorded): Promise<LastRecorded> {
  const manifest = await readManifest(path);
  if (manifest === undefined) return recorded;
  // It began after the directory was listed: its files would be taken for lost.
  if (manifest.isUnfinished) throw await directoryError(path, new FilesMovedAwayError());
  const isRecent = Date.now() / 1000 - recorded.timeSeconds < MANIFEST_SECONDS;
  if (!isRecent) {
    throw new Error('the directory was compacted since, and it does not say any more what of');
  }
  const isFolded = foldedSince(recorded.timeSeconds, manifest);
  return { ...recorded, files: recorded.files.filter((file) => !isFolded(file)) };
}

/**
 * Whether a file that was there at a time was folded later. One that had been folded before is another file, which has the
 * name and the inode of that one.
 */
export function foldedSince(
  timeSeconds: number,
  { goneName, goneIdentity, goneSeconds }: Omit<CompactionManifest, 'generation' | 'isUnfinished'>,
): (file: Pick<RecordedFile, 'name' | 'identity'>) => boolean {
  const fromSeconds = timeSeconds - EXCHANGE_SECONDS;
  const folded = new Set<string>();
  for (const [i, name] of goneName.entries()) {
    if (goneSeconds[i]! >= fromSeconds) folded.add(`${goneIdentity[i]} ${name}`);
  }
  return ({ name, identity }) => folded.has(`${identity} ${Buffer.from(name).toString('latin1')}`);
}

/**
 * Recorded files that are there. Another file may have the name and even the inode of one that was removed: then its counts
 * are lower.
 */
async function stillThere(
  files: MetricFiles,
  { files: recorded, keys }: LastRecorded,
): Promise<Set<RecordedFile>> {
  const facts = await factsOfFiles(files.set);
  const identities = new Map<string, string>();
  for (const [id, { path }] of files.listed()) {
    identities.set(basename(path), facts.get(id)?.identity ?? '');
  }
  const same = recorded.filter(({ name, identity }) => identities.get(name) === identity);
  const there = new Set(same);
  const reader = new FileReader();
  const numberOf = numbersOf(keys, reader);
  const listed = same.map(({ name }): ListedFile => {
    const bytes = Buffer.from(name).toString('latin1');
    return { bytes, name, fileName: parseFileName(name) };
  });
  const { path } = files.directory;
  await readFiles(reader, path, listed, false, (i, { fault, entryEnd, entries }, row) => {
    // Of a damaged one it cannot be told.
    if (fault[row] !== 0) return;
    const [from, to] = [row === 0 ? 0 : entryEnd[row - 1]!, entryEnd[row]!];
    const keyId = Array.from(entries.keyId.subarray(from, to), numberOf);
    const value = entries.value.subarray(from, to);
    if (!continues(same[i]!, { keyId, value })) there.delete(same[i]!);
  });
  return there;
}

/** From the number that a reader has of a key to that of the recording; -1 for one that was not recorded. */
function numbersOf(keys: readonly string[], reader: FileReader): (id: number) => number {
  const numbers = new Map(keys.map((key, number) => [key, number]));
  const texts = new KeyReader(reader, Infinity);
  const known: number[] = [];
  return (id) => {
    known[id] ??= numbers.get(Buffer.from(texts.text(id)).toString('latin1')) ?? -1;
    return known[id]!;
  };
}

/** By key, in the order of the files. A value that is no number would stay for good. */
function sums(files: readonly Entries[]): Map<number, number> {
  const sum = new Map<number, number>();
  for (const { keyId, value } of files) {
    for (let i = 0; i < keyId.length; i++) {
      if (Number.isNaN(value[i])) continue;
      sum.set(keyId[i]!, (sum.get(keyId[i]!) ?? 0) + value[i]!);
    }
  }
  return sum;
}

/** Floating-point sums depend on the order, and none may be lower than it was. */
function raised(value: number, before: number, left: number): number {
  let up = value;
  for (let round = 0; round < RAISING_ROUNDS; round++) {
    const lost = before - (left + up);
    if (!(lost > 0) || lost === Infinity) break;
    up = Math.max(up + lost, nextAfter(up));
  }
  return up;
}

/** The next number above. */
function nextAfter(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

function textsOf(numbers: Iterable<number>, keys: readonly string[]): KeyTexts {
  const texts = Array.from(numbers, (key) => Buffer.from(keys[key]!, 'latin1'));
  let bytes = 0;
  const end = Uint32Array.from(texts, ({ length }) => {
    bytes += length;
    return bytes;
  });
  return { text: Buffer.concat(texts), end };
}
