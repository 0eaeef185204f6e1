/** The state of a process, in the same words in every table. */
import { formatAge } from '../inspect/quantity.js';
import type { Liveness } from '../processes/writer.js';

/**
 * `alive`, `dead`, `unknown 3d`. Liveness is a fact or unknown. If unknown, the time since the last sign of the
 * process helps to guess. An archive has no process: its role says what it is.
 */
export function stateText(
  { liveness, lastSeenSeconds }: { liveness: Liveness; lastSeenSeconds: number | undefined },
  nowSeconds: number,
): string {
  if (liveness === 'archive') return '-';
  if (liveness !== 'unknown' || lastSeenSeconds === undefined) return liveness;
  return `${liveness} ${formatAge(nowSeconds - lastSeenSeconds)}`;
}

/** The role of the process, else its program; empty if the process is not visible. */
export function roleText({
  role,
  program,
}: {
  role: string | undefined;
  program: string | undefined;
}): string {
  return role ?? program ?? '';
}
