/**
 * What is known of a process that writes metric files. Liveness is a fact or unknown, never a guess.
 *
 * Alive: a running process maps that very file. Dead: a visible process maps some file of the directory (so its
 * writers are visible), none maps this one, and every process whose maps cannot be read is ruled out by its pid. Else
 * unknown.
 */

export type ProcessLiveness = 'alive' | 'dead' | 'unknown';

/** An archive has no process: it has what the files of dead ones counted (src/compact/), and nothing writes it. */
export type Liveness = ProcessLiveness | 'archive';

/** The writer of an archive, as views show it. */
export function archiveWriter(processId: string): Writer {
  return {
    processId,
    liveness: 'archive',
    pid: undefined,
    role: 'archive',
    program: undefined,
    startSeconds: undefined,
  };
}

/** No secrets: no command line, no environment. */
export interface Writer {
  /** As in the file names. */
  readonly processId: string;
  readonly liveness: Liveness;
  /** Its pid here, according to the maps; in another pid namespace it may differ from processId. */
  readonly pid: number | undefined;
  /** `VLLM::APIServer_0`, `gunicorn: worker`; from the process title if that names a role. */
  readonly role: string | undefined;
  /** Base name of the program: `python3.11`. */
  readonly program: string | undefined;
  readonly startSeconds: number | undefined;
  /** Its pid namespace, `pid:[4026531836]`: ids of different namespaces are not comparable. */
  readonly pidNamespace?: string;
  /** Other processes that write the same file, which damages it; absent if there are none. */
  readonly otherPids?: readonly number[];
  /**
   * Files of this id (`ReadFile.identity`) that its living process does not use: those of an earlier process with the
   * same id. Absent if none.
   */
  readonly abandoned?: readonly string[];
}
