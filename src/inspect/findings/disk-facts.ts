/**
 * Facts of a directory's file system alone, for findings that leave the machine: what the environments of other processes
 * name, and where they write, is for the terminal only.
 */
import { statfs } from 'node:fs/promises';
import { fileSystemType } from '../../files/mounts.js';
import type { HostFacts } from './subject.js';

export async function readDiskFacts(directory: string): Promise<HostFacts> {
  const [fileSystem, room] = await Promise.all([
    fileSystemType(directory),
    statfs(directory).catch(() => undefined),
  ]);
  return {
    fileSystem,
    freeBytes: room === undefined ? undefined : room.bavail * room.bsize,
    // A file system without a table of inodes says 0 of 0.
    freeInodes: room === undefined || room.files === 0 ? undefined : room.ffree,
    processes: [],
  };
}
