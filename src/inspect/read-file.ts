/**
 * One metric file as a view sees it: what the addon read, with its keys parsed and its fault named.
 */
import { MetricFileError } from '../errors.js';
import { faultOf, type InspectedFile } from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import { type Key, parseKey, type UnusableKey } from '../format/key.js';
import { findWriters, type WrittenFile } from '../processes/find-writers.js';
import type { Writer } from '../processes/writer.js';
import type { ReadEntry, ReadFile } from './reading.js';

/** Keys by their text, each parsed once. */
export class KeyCache {
  readonly #keys = new Map<string, Key | UnusableKey>();

  parse(bytes: Uint8Array): Key | UnusableKey {
    // A character for each byte: as good as the text to tell keys apart, and faster to make.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let key = this.#keys.get(text);
    if (key === undefined) {
      key = parseKey(bytes);
      this.#keys.set(text, key);
    }
    return key;
  }
}

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
  keys: KeyCache,
): ReadFile {
  const { changedSeconds, modifiedSeconds, sizeBytes, diskBytes, device, inode } = inspected;
  const fault = faultOf(path, inspected, { changedSeconds, nowSeconds });
  const hasExcerpt = fault?.offset !== undefined && inspected.excerpt.length > 0;
  return {
    path,
    name,
    fileName: parseFileName(name),
    entries: entriesOf(inspected, keys),
    fault,
    slotBytes: inspected.slotBytes,
    usedBytes: inspected.usedBytes,
    sizeBytes,
    diskBytes,
    ...knownTimes({ modifiedSeconds, changedSeconds }),
    identity: inode === '0' ? '' : `${device}:${inode}`,
    ...(hasExcerpt && { excerpt: { offset: inspected.excerptOffset, bytes: inspected.excerpt } }),
  };
}

function entriesOf(inspected: InspectedFile, keys: KeyCache): ReadEntry[] {
  const { key, keyEnd, offset, valueOffset, value, timestampSeconds } = inspected;
  const entries: ReadEntry[] = [];
  let from = 0;
  for (let i = 0; i < keyEnd.length; i++) {
    const end = keyEnd[i]!;
    entries.push({
      key: keys.parse(key.subarray(from, end)),
      offset: offset[i]!,
      valueOffset: valueOffset[i]!,
      value: value[i]!,
      timestampSeconds: timestampSeconds[i]!,
    });
    from = end;
  }
  return entries;
}

/** A file of a name no client writes: not opened. */
export function foreignFile(directory: string, name: string): ReadFile {
  const path = pathOf(directory, name);
  return {
    path,
    name,
    fileName: undefined,
    entries: [],
    fault: new MetricFileError('FILE_FOREIGN', path, 'no client writes a file of this name'),
    slotBytes: 0,
    usedBytes: -1,
    sizeBytes: 0,
    diskBytes: 0,
    modifiedSeconds: undefined,
    changedSeconds: undefined,
    identity: '',
  };
}

/** Where stat failed, and in a snapshot of such a file, times are 0; as a time of a file that is as good as none. */
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

/** Not path.join: `.` and a trailing slash are all there is to tidy, and a name is never a path. */
export function pathOf(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
