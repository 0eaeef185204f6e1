/** The bytes around the damage of a file, for a reading that did not read the file itself. */
import { dirname } from 'node:path';
import { readFiles } from '../files/file-reading.js';
import { KeyTable } from './key-table.js';
import { toReadFile } from './read-file.js';
import type { ReadFile } from './reading.js';

/**
 * @param file of a directory; a link must belong to the owner of the directory, as in a scrape
 * @returns the file with these bytes, if it is still damaged in the same place
 */
export async function withDamagedBytes(file: ReadFile): Promise<ReadFile> {
  const { path, name, fileName, fault } = file;
  if (fault?.offset === undefined || file.excerpt !== undefined) return file;
  const keys = new KeyTable();
  const listed = { bytes: Buffer.from(name).toString('latin1'), name, fileName };
  let again: ReadFile | undefined;
  await readFiles(keys.reader, dirname(path), [listed], false, (_, files, row) => {
    again = toReadFile(path, file, files, row, Date.now() / 1000, keys);
  });
  const { excerpt } = again ?? {};
  const isSame = again?.fault?.offset === fault.offset;
  return isSame && excerpt !== undefined ? withExcerpt(file, excerpt) : file;
}

/** Not by a spread: some files are objects of a class. */
function withExcerpt(file: ReadFile, excerpt: NonNullable<ReadFile['excerpt']>): ReadFile {
  return {
    path: file.path,
    name: file.name,
    fileName: file.fileName,
    entries: file.entries,
    fault: file.fault,
    valueBytes: file.valueBytes,
    usedBytes: file.usedBytes,
    sizeBytes: file.sizeBytes,
    diskBytes: file.diskBytes,
    modifiedSeconds: file.modifiedSeconds,
    changedSeconds: file.changedSeconds,
    identity: file.identity,
    excerpt,
  };
}
