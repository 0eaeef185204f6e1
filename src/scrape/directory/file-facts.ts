/** What stat and the headers say of the files of a directory, for the views of a running daemon. */
import type { FileSet } from '../../native.js';

export interface FileFacts {
  /** As the header says, even if it cannot be right; -1 without a header. */
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
export async function fileFacts(set: FileSet): Promise<ReadonlyMap<number, FileFacts>> {
  const columns = await set.fileFacts();
  const facts = new Map<number, FileFacts>();
  for (const [i, id] of columns.id.entries()) {
    const inode = columns.inode[i]!;
    facts.set(id, {
      usedBytes: columns.usedBytes[i]!,
      sizeBytes: columns.sizeBytes[i]!,
      diskBytes: columns.diskBytes[i]!,
      modifiedSeconds: columns.modifiedSeconds[i]!,
      changedSeconds: columns.changedSeconds[i]!,
      valueBytes: columns.valueBytes[i]!,
      identity: inode === '0' ? '' : `${columns.device[i]}:${inode}`,
    });
  }
  return facts;
}
