/** Compacts a directory whose processes are what a test says they are: those of its files never ran. */
import { type CompactionReport, compactReading } from '../../src/compact/compact-directory.js';
import { readDirectory } from '../../src/inspect/read-directory.js';
import type { Reading } from '../../src/inspect/reading.js';
import type { Writer } from '../../src/processes/writer.js';

/**
 * @param isDead of a process id; the others are alive
 * @param meanwhile called when the directory was read, and nothing was done yet
 */
export async function compactAsIf(
  directory: string,
  isDead: (processId: string) => boolean = () => true,
  meanwhile: () => void = () => {},
): Promise<CompactionReport> {
  const read = async (): Promise<Reading> => {
    const reading = await readDirectory(directory);
    const writers = new Map<string, Writer>();
    for (const [processId, writer] of reading.writers) {
      const liveness = isDead(processId) ? 'dead' : 'alive';
      writers.set(processId, writer.liveness === 'archive' ? writer : { ...writer, liveness });
    }
    return { ...reading, writers };
  };
  const reading = await read();
  meanwhile();
  const options = { olderThanSeconds: 0, readersStopped: false, graceSeconds: 0 };
  return compactReading(reading, options, undefined, read);
}
