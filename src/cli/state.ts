/** The state of a process, in the same words in every table. */
import { formatAge } from '../inspect/quantity.js';
import type { Liveness } from '../processes/writer.js';

/**
 * `alive`, `dead`, `unknown 3d`. Liveness is a fact or unknown; where unknown, how long nothing was seen of the process
 * helps to guess.
 */
export function stateText(
  { liveness, lastSeenSeconds }: { liveness: Liveness; lastSeenSeconds: number | undefined },
  nowSeconds: number,
): string {
  if (liveness !== 'unknown' || lastSeenSeconds === undefined) return liveness;
  return `${liveness} ${formatAge(nowSeconds - lastSeenSeconds)}`;
}

/** What the process says it is, else its program; empty where it is not seen. */
export function roleText({
  role,
  program,
}: {
  role: string | undefined;
  program: string | undefined;
}): string {
  return role ?? program ?? '';
}
