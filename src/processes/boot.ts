/**
 * When the machine was booted, as the kernel says: the `btime` line of /proc/stat.
 *
 * Not now minus uptime: inside a container /proc/uptime may be that of the container.
 */
import { readFileSync } from 'node:fs';

/** Unix time in whole seconds; undefined where /proc does not say. */
export function bootSeconds(procDirectory = '/proc'): number | undefined {
  try {
    return parseBootSeconds(readFileSync(`${procDirectory}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

export function parseBootSeconds(stat: string): number | undefined {
  const found = /^btime (\d+)$/m.exec(stat);
  return found ? Number(found[1]) : undefined;
}
