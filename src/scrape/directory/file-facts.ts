/** What stat and the headers say of the files of a directory, for the views of a running daemon. */
import { deviceName, type FileSet } from '../../native.js';

export interface FactsOfFile {
  /** As the header says; -1 where the file is not good. */
  readonly usedBytes: number;
  /** These are 0 if stat failed, or has not answered. */
  readonly sizeBytes: number;
  readonly diskBytes: number;
  readonly modifiedSeconds: number;
  readonly changedSeconds: number;
  /** 8 or 16; 0 while there is no entry. */
  readonly valueBytes: number;
  /** `device:inode`, as /proc/PID/maps names them; empty if stat failed. */
  readonly identity: string;
}

/** @returns by id, of all listed files */
export async function factsOfFiles(set: FileSet): Promise<ReadonlyMap<number, FactsOfFile>> {
  const columns = await set.fileFacts();
  const facts = new Map<number, FactsOfFile>();
  for (const [i, id] of columns.id.entries()) {
    const inode = columns.inode[i]!;
    const device = deviceName(columns.deviceMajor[i]!, columns.deviceMinor[i]!);
    facts.set(id, {
      usedBytes: columns.usedBytes[i]!,
      sizeBytes: Math.max(0, columns.sizeBytes[i]!),
      diskBytes: Math.max(0, columns.diskBytes[i]!),
      modifiedSeconds: columns.modifiedSeconds[i]!,
      changedSeconds: columns.changedSeconds[i]!,
      valueBytes: columns.valueBytes[i]!,
      identity: inode === 0n ? '' : `${device}:${inode}`,
    });
  }
  return facts;
}
