/**
 * A system error in the words of the system: `permission denied`, `address already in use`.
 */
import { getSystemErrorMap } from 'node:util';

export function systemErrorText(error: unknown): string {
  const { errno, code, message } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known?.[1] ?? code ?? message;
}
