/**
 * The files that a process can write through mappings, from /proc/PID/maps.
 *
 *   7f3c00000000-7f3c00010000 rw-s 00000000 fd:00 1234    /run/prom/counter_7.db
 *
 * Only shared writable mappings count: a client maps its files for writing, a reader (promfold itself, old
 * collectors) for reading.
 *
 * After a compaction the kernel goes on to say where a file was when it was mapped: in the directory that has been
 * exchanged for another one with the same files (`/run/.prom.promfold-GENERATION/counter_7.db`), and then that it was
 * deleted there. Source: native/core/compact/names.h.
 */

export interface Mapping {
  /** `fd:00:1234`: device and inode as the kernel prints them. */
  readonly identity: string;
  /**
   * As the kernel prints it: a newline is `\012`, and ` (deleted)` ends the path of a file that is gone. Of a file that
   * was mapped before a compaction, the path that it has now.
   */
  readonly path: string;
}

const EXCHANGED = /\/\.([^/]+)\.promfold-[\da-f]{16}(?:-done|-undone)?\/([^/]+?)(?: \(deleted\))?$/;

/** @param maps content of the file; one character for each byte */
export function* writableMappings(maps: string): IterableIterator<Mapping> {
  const mark = ' rw-s ';
  for (let at = maps.indexOf(mark); at >= 0; at = maps.indexOf(mark, at + 1)) {
    // A name may also contain the mark: the permissions are those after the addresses.
    const lineStart = maps.lastIndexOf('\n', at) + 1;
    const lineEnd = maps.indexOf('\n', at);
    const line = maps.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
    const found = /^[\da-f]+-[\da-f]+ rw-s [\da-f]+ ([\da-f]+:[\da-f]+) (\d+) *(.*)$/.exec(line);
    if (found && found[2] !== '0') {
      yield { identity: `${found[1]}:${found[2]}`, path: found[3]!.replace(EXCHANGED, '/$1/$2') };
    }
    if (lineEnd < 0) return;
    at = lineEnd;
  }
}
