/**
 * One metric file for the views: what the addon read, and its fault.
 */
import { MetricFileError } from '../errors.js';
import { faultOf, type InspectedFile } from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import type { Key, UnusableKey } from '../format/key.js';
import { findWriters, type WrittenFile } from '../processes/find-writers.js';
import type { Writer } from '../processes/writer.js';
import type { KeyTable } from './key-table.js';
import type { List } from './list.js';
import type { ReadEntry, ReadFile } from './reading.js';

/** Who writes these files now. */
export function writersOf(
  files: readonly Pick<ReadFile, 'path' | 'fileName' | 'identity'>[],
): Promise<ReadonlyMap<string, Writer>> {
  const written = files.flatMap(({ path, fileName, identity }): WrittenFile[] =>
    fileName === undefined ? [] : [{ processId: fileName.processId, identity, path }],
  );
  return findWriters(written);
}

/** What was read of one file. */
export function toReadFile(
  path: string,
  name: string,
  inspected: InspectedFile,
  nowSeconds: number,
  keys: KeyTable,
): ReadFile {
  const { changedSeconds, modifiedSeconds, sizeBytes, diskBytes, device, inode } = inspected;
  const fault = faultOf(path, inspected, { changedSeconds, nowSeconds });
  const hasExcerpt = fault?.offset !== undefined && inspected.excerpt.length > 0;
  return {
    path,
    name,
    fileName: parseFileName(name),
    entries: new FileEntries(inspected, keys),
    fault,
    valueBytes: inspected.valueBytes,
    usedBytes: inspected.usedBytes,
    sizeBytes,
    diskBytes,
    ...knownTimes({ modifiedSeconds, changedSeconds }),
    identity: inode === '0' ? '' : `${device}:${inode}`,
    ...(hasExcerpt && { excerpt: { offset: inspected.excerptOffset, bytes: inspected.excerpt } }),
  };
}

/** In columns, as the addon returns them; a million objects would take 100 MB. */
class FileEntries implements List<ReadEntry> {
  readonly keys: KeyTable;
  readonly keyId: Uint32Array;
  readonly inspected: Omit<InspectedFile, 'key' | 'keyEnd' | 'excerpt'>;

  constructor(inspected: InspectedFile, keys: KeyTable) {
    const { key, keyEnd, excerpt: _, ...columns } = inspected;
    this.keys = keys;
    this.inspected = columns;
    let from = 0;
    this.keyId = keyEnd.map((end) => {
      const id = keys.add(key.subarray(from, end));
      from = end;
      return id;
    });
  }

  get length(): number {
    return this.keyId.length;
  }

  at(index: number): ReadEntry | undefined {
    return index >= 0 && index < this.keyId.length ? new FileEntry(this, index) : undefined;
  }

  *[Symbol.iterator](): IterableIterator<ReadEntry> {
    for (let i = 0; i < this.keyId.length; i++) yield new FileEntry(this, i);
  }
}

class FileEntry implements ReadEntry {
  readonly #file: FileEntries;
  readonly #index: number;

  constructor(file: FileEntries, index: number) {
    this.#file = file;
    this.#index = index;
  }

  get keyId(): number {
    return this.#file.keyId[this.#index]!;
  }

  get key(): Key | UnusableKey {
    return this.#file.keys.read(this.keyId);
  }

  get offset(): number {
    return this.#file.inspected.offset[this.#index]!;
  }

  get valueOffset(): number {
    return this.#file.inspected.valueOffset[this.#index]!;
  }

  get value(): number {
    return this.#file.inspected.value[this.#index]!;
  }

  get timestampSeconds(): number {
    return this.#file.inspected.timestampSeconds[this.#index]!;
  }
}

/** A file of a name no client writes: not opened. */
export function unrecognisedFile(directory: string, name: string): ReadFile {
  const path = pathOf(directory, name);
  return {
    path,
    name,
    fileName: undefined,
    entries: [],
    fault: new MetricFileError('FILE_FOREIGN', path, 'no client writes a file of this name'),
    valueBytes: 0,
    usedBytes: -1,
    sizeBytes: 0,
    diskBytes: 0,
    modifiedSeconds: undefined,
    changedSeconds: undefined,
    identity: '',
  };
}

/** If stat failed, and in a snapshot of such a file, times are 0, which means unknown. */
export function knownTimes({
  modifiedSeconds,
  changedSeconds,
}: {
  modifiedSeconds: number;
  changedSeconds: number;
}): Pick<ReadFile, 'modifiedSeconds' | 'changedSeconds'> {
  return {
    modifiedSeconds: modifiedSeconds > 0 ? modifiedSeconds : undefined,
    changedSeconds: changedSeconds > 0 ? changedSeconds : undefined,
  };
}

/** Not path.join: only a trailing slash has to be handled, and a name is never a path. */
export function pathOf(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
