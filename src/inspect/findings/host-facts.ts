/**
 * Facts about this machine that concern a directory: its file system, and the processes that write metrics or should.
 *
 * The one part of the inspection that reads more than the files; a snapshot has none.
 */
import { statfs } from 'node:fs/promises';
import { fileSystemType } from '../../files/mounts.js';
import { findMetricProcesses, isSameDirectory } from '../../processes/metric-processes.js';
import type { HostFacts } from './subject.js';

export async function readHostFacts(directory: string): Promise<HostFacts> {
  const [fileSystem, room, found] = await Promise.all([
    fileSystemType(directory),
    statfs(directory).catch(() => undefined),
    findMetricProcesses(),
  ]);
  const processes = await Promise.all(
    found.map(async (process) => {
      const same = (path: string) => isSameDirectory(path, directory);
      const named = process.variable || process.oldVariable;
      const here = await Promise.all(process.writesTo.map(same));
      return {
        ...process,
        writesHere: here.includes(true),
        namesThis: named !== undefined && named !== '' && (await same(named)),
      };
    }),
  );
  return {
    fileSystem,
    freeBytes: room === undefined ? undefined : room.bavail * room.bsize,
    // A file system without a table of inodes says 0 of 0.
    freeInodes: room === undefined || room.files === 0 ? undefined : room.ffree,
    processes,
  };
}
