/**
 * One metric file for the views: what the addon read, and its fault.
 */
import { MetricFileError } from '../errors.js';
import { faultOf, type InspectedFiles } from '../files/file-reading.js';
import { findWriters, type WrittenFile } from '../processes/find-writers.js';
import type { Writer } from '../processes/writer.js';
import { FileEntries, type Keys, NO_ENTRIES } from './entry-columns.js';
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

/** What was read of the file in this row. */
export function toReadFile(
  path: string,
  { name, fileName }: Pick<ReadFile, 'name' | 'fileName'>,
  files: InspectedFiles,
  row: number,
  nowSeconds: number,
  keys: Keys,
): ReadFile {
  const changedSeconds = files.changedSeconds[row]!;
  const modifiedSeconds = files.modifiedSeconds[row]!;
  const fault = faultOf(path, files, row, { changedSeconds, nowSeconds });
  const bytes = fault?.offset === undefined ? undefined : files.excerpt[row];
  return {
    path,
    name,
    fileName,
    entries: entriesOf(files, row, keys),
    fault,
    valueBytes: files.valueBytes[row]!,
    usedBytes: files.usedBytes[row]!,
    sizeBytes: files.sizeBytes[row]!,
    diskBytes: files.diskBytes[row]!,
    modifiedSeconds: knownTime(modifiedSeconds),
    changedSeconds: knownTime(changedSeconds),
    identity: files.identity[row]!,
    ...(bytes && { excerpt: { offset: files.excerptOffset[row]!, bytes } }),
  };
}

function entriesOf(files: InspectedFiles, row: number, keys: Keys): FileEntries {
  const { entryEnd, timeEnd, valueBytes } = files;
  return new FileEntries(keys, files.entries, {
    from: row === 0 ? 0 : entryEnd[row - 1]!,
    to: entryEnd[row]!,
    timesFrom: row === 0 ? 0 : timeEnd[row - 1]!,
    timesTo: timeEnd[row]!,
    valueBytes: valueBytes[row]!,
  });
}

/** What a ReadFile says of a file that was not opened, or that is on no disk. */
export const NOT_OPENED = {
  valueBytes: 0,
  usedBytes: -1,
  sizeBytes: 0,
  diskBytes: 0,
  modifiedSeconds: undefined,
  changedSeconds: undefined,
  identity: '',
} as const;

/** A file of a name no client writes: not opened. */
export function unrecognisedFile(directory: string, name: string): ReadFile {
  const path = pathOf(directory, name);
  const fault = new MetricFileError('FILE_FOREIGN', path, 'no client writes a file of this name');
  return unreadFile(path, { name, fileName: undefined }, fault);
}

/** A file that is not opened, and why. */
export function unreadFile(
  path: string,
  { name, fileName }: Pick<ReadFile, 'name' | 'fileName'>,
  fault: MetricFileError,
): ReadFile {
  return { path, name, fileName, entries: NO_ENTRIES, fault, ...NOT_OPENED };
}

/** If stat failed, and in a snapshot of such a file, times are 0, which means unknown. */
export function knownTime(seconds: number): number | undefined {
  return seconds > 0 ? seconds : undefined;
}

/** Not path.join: only a trailing slash has to be handled, and a name is never a path. */
export function pathOf(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
