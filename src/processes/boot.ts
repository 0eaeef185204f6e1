/**
 * When the machine was booted: the `btime` line of /proc/stat.
 *
 * Not now minus uptime: inside a container /proc/uptime may be that of the container.
 */
import { readFileSync } from 'node:fs';

/** Unix time in whole seconds; undefined if /proc does not have it. */
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
