/**
 * What is known of a process that writes metric files. Liveness is a fact or unknown, never a guess.
 *
 * Alive: a running process maps that very file. Dead: some file of the directory is mapped by a process we see
 * (so its writers are visible here), this one by none, and every process whose maps may not be read is ruled out by
 * its pid. Else unknown.
 */

export type Liveness = 'alive' | 'dead' | 'unknown';

/** No secrets: no command line, no environment. */
export interface Writer {
  /** As in the file names. */
  readonly processId: string;
  readonly liveness: Liveness;
  /** What the maps say is its pid here, which may differ from processId across a pid namespace. */
  readonly pid: number | undefined;
  /** `VLLM::APIServer_0`, `gunicorn: worker`; from the process title where it is one. */
  readonly role: string | undefined;
  /** Base name of the program: `python3.11`. */
  readonly program: string | undefined;
  readonly startSeconds: number | undefined;
  /** Its pid namespace, `pid:[4026531836]`: ids of two namespaces say nothing about each other. */
  readonly pidNamespace?: string;
  /** Other processes that write the same file, which damages it; absent where there are none. */
  readonly otherPids?: readonly number[];
  /** Files of this id (`ReadFile.identity`) that a living process left aside: of an earlier process with the same id. Absent where none. */
  readonly abandoned?: readonly string[];
}
