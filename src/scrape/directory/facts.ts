/** What the self-metrics report of a directory. */
import type { ErrorCode } from '../../errors.js';
import type { KeyFault } from '../../format/key.js';

type ReasonOf<Code> = Code extends `FILE_${infer Reason}` ? Lowercase<Reason> : never;

/** Why a file is left out: FILE_CORRUPT is reason="corrupt". */
export type SkippedFileReason = ReasonOf<ErrorCode> | 'link_to_other_owner';

export interface SourceFacts {
  /** Undefined for a single directory, which needs none. */
  readonly name: string | undefined;
  /** The directory was listed and the application's families are in this exposition. */
  readonly up: boolean;
  /** Undefined while a directory that existed is gone. */
  readonly read: DirectoryFacts | undefined;
}

/** Current counts; `readFaults` and `planChanges` count since the start. */
export interface DirectoryFacts {
  /** Files that were read, by the type their name says. */
  readonly metricFiles: ReadonlyMap<string, number>;
  readonly entries: number;
  readonly series: number;
  /** Files and entries left out, by reason. A reason that no longer occurs stays, as 0. */
  readonly skippedFiles: ReadonlyMap<SkippedFileReason, number>;
  readonly skippedEntries: ReadonlyMap<KeyFault, number>;
  readonly heldFiles: number;
  /** Files that are left out, or of which a part is, by the limit that they would exceed. */
  readonly overBudgetFiles: ReadonlyMap<string, number>;
  /** The first of them by name, each 1. */
  readonly overBudgetNames: ReadonlyMap<string, number>;
  readonly unmappedFiles: number;
  readonly readFaults: number;
  readonly planChanges: number;
  /** Process ids of files whose process is certainly dead; -1 when nothing scans for processes. */
  readonly deadProcesses: number;
  /** Removed files whose values are retained, since the start; -1 without --retain-removed. */
  readonly retainedFiles: number;
  /** Of the file system the directory is on; -1 when unknown, and then left out. */
  readonly freeBytes: number;
  readonly freeInodes: number;
}
