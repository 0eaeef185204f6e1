/**
 * The limit of file descriptors of this process, and the number it has open.
 *
 * Source: proc_pid_limits(5), proc_pid_fd(5); the size of the directory is the number of descriptors since Linux 6.2.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';

export interface Descriptors {
  /** Infinity without a limit, or if it is unknown. */
  readonly limit: number;
  /** Open now; `limit` if there is not even a descriptor to find out. */
  open(): number;
}

/** Node raises the soft limit to the hard one when it starts. */
export function ownDescriptors(): Descriptors {
  const limit = readLimit();
  return { limit, open: () => countOpen(limit) };
}

function readLimit(): number {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function countOpen(limit: number): number {
  try {
    const { size } = statSync('/proc/self/fd');
    return size > 0 ? size : readdirSync('/proc/self/fd').length;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 0 : limit;
  }
}
