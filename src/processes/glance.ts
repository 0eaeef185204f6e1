/** State and CPU time of processes, from /proc/PID/stat: one small read each, blocking, for the thread of proc-thread.ts. */
import { readFileSync } from 'node:fs';
import { statFields, TICKS_PER_SECOND } from './proc.js';

export interface Glance {
  /** A letter of proc(5): `S` sleeps, `T` is stopped by a signal, `Z` has ended. */
  readonly state: string;
  readonly cpuSeconds: number;
}

/** @returns by pid; without those that have ended */
export function glanceAt(
  pids: readonly number[],
  procDirectory = '/proc',
): ReadonlyMap<number, Glance> {
  const glances = new Map<number, Glance>();
  for (const pid of pids) {
    let text: string;
    try {
      text = readFileSync(`${procDirectory}/${pid}/stat`, 'latin1');
    } catch {
      continue;
    }
    const field = statFields(text);
    const cpuSeconds = (Number(field(14)) + Number(field(15))) / TICKS_PER_SECOND;
    glances.set(pid, { state: field(3) ?? '', cpuSeconds });
  }
  return glances;
}
