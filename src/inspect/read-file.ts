/**
 * One metric file for the views: what the addon read, and its fault.
 */
import { MetricFileError } from '../errors.js';
import { faultOf, type InspectedFile } from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import { findWriters, type WrittenFile } from '../processes/find-writers.js';
import type { Writer } from '../processes/writer.js';
import { FileEntries, NO_ENTRIES } from './entry-columns.js';
import type { KeyTable } from './key-table.js';
import type { ReadFile } from './reading.js';

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
    entries: entriesOf(inspected, keys),
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

function entriesOf(inspected: InspectedFile, keys: KeyTable): FileEntries {
  const { key, keyEnd, value, timestampSeconds, valueOffset, valueBytes } = inspected;
  let from = 0;
  const keyId = keyEnd.map((end) => {
    const id = keys.add(key.subarray(from, end));
    from = end;
    return id;
  });
  const { length } = keyId;
  return new FileEntries(
    keys,
    { keyId, value, timestampSeconds, valueOffset },
    { from: 0, to: length, timesFrom: 0, timesTo: length, valueBytes },
  );
}

/** A file of a name no client writes: not opened. */
export function unrecognisedFile(directory: string, name: string): ReadFile {
  const path = pathOf(directory, name);
  return {
    path,
    name,
    fileName: undefined,
    entries: NO_ENTRIES,
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
