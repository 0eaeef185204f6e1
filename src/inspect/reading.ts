/**
 * One reading of a directory, a snapshot or a single file: all data of the debug views. A view never reads a file
 * itself, so each also works on a snapshot.
 */
import type { MetricFileError } from '../errors.js';
import type { EntryValues } from '../files/column-changes.js';
import type { FileName } from '../format/filename.js';
import type { Writer } from '../processes/writer.js';
import type { Verdict } from '../watchdog/verdict.js';
import type { EntryColumns, Keys } from './entry-columns.js';
import type { SeriesStructure } from './series-structure.js';

export type { EntryColumns, ReadEntry } from './entry-columns.js';

export interface ReadFile {
  readonly path: string;
  /** Base name. */
  readonly name: string;
  /** Undefined for a name no client writes; such a file is not opened and has no entries. */
  readonly fileName: FileName | undefined;
  /** All entries, or those before the fault. */
  readonly entries: EntryColumns;
  readonly fault: MetricFileError | undefined;
  /** 8 or 16; 0 while there is no entry. */
  readonly valueBytes: number;
  /** As the header says, even if it cannot be right; -1 without a header. */
  readonly usedBytes: number;
  readonly sizeBytes: number;
  /** What the file takes on disk (st_blocks). */
  readonly diskBytes: number;
  /** Undefined if stat failed, or if the time is 1970, which means nothing. */
  readonly modifiedSeconds: number | undefined;
  readonly changedSeconds: number | undefined;
  /** For files a process maps: `device:inode`, as `/proc/PID/maps` names them. */
  readonly identity: string;
  /** Bytes around the fault, from the start of the file; absent where no byte is to blame. */
  readonly excerpt?: { readonly offset: number; readonly bytes: Uint8Array };
}

export interface Reading {
  /** Directory, snapshot or file that was read. */
  readonly path: string;
  readonly takenAtSeconds: number;
  readonly files: readonly ReadFile[];
  /** Of all files. */
  readonly keys: Keys;
  /** For each process id in file names, archives among them; liveness is alive, dead, unknown or archive. */
  readonly writers: ReadonlyMap<string, Writer>;
  /** When the machine was booted; undefined if unknown. */
  readonly bootSeconds: number | undefined;
  /** From a recording: what the files take on disk, and their times, are not known. */
  readonly isRecorded?: true;
  /** Absent if it is still to be planned (series-index.ts). A daemon knows it. */
  readonly structure?: SeriesStructure;
  /**
   * The files of the structure, by rank. Absent if they are those of `files` without a fault. In a daemon, files that are
   * held have a fault and are among them, and so are files that are not on disk.
   */
  readonly planned?: readonly ReadFile[];
  /** Of a slot of the layout, as a scrape prints it, undefined if it does not. Absent if entries are still to be joined. */
  readonly printedValue?: (slot: number) => number | undefined;
  /** The values of the planned files that are on disk, by rank. Absent if they are only in `files`. */
  readonly values?: EntryValues & {
    /** Ids of files mean the same in all readings with the same origin. */
    readonly origin: object;
  };
  /** What the watchdog said about then. Absent where none watched: a directory alone has no past. */
  readonly verdicts?: readonly Verdict[];
  /** The same object as long as nothing new is known of the files but values. Absent if all of it was read anew. */
  readonly fileFacts?: object;
}
