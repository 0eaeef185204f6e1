/**
 * The entries of one metric file that the watchdog reads, by their index in the file. A file only grows at its end, so entries that
 * are known are not looked at again.
 */
import type { KeyRole } from './key-roles.js';

/** A histogram of times. */
export interface LatencyRows {
  readonly entry: number[];
  readonly bound: number[];
  /** Of the sum; -1 where there is none yet. */
  sum: number;
}

export interface EngineRows {
  readonly role: KeyRole;
  readonly entry: number;
}

export class FileRows {
  readonly generation: number;
  readonly families = new Set<string>();
  readonly latencies = new Map<string, LatencyRows>();
  readonly engines: EngineRows[] = [];
  /** Entries that are known. */
  entries = 0;

  constructor(generation: number) {
    this.generation = generation;
  }

  /**
   * The next entry of the file.
   *
   * @param hasRoom for one of a histogram of times
   * @returns whether it is one
   */
  add(role: KeyRole | undefined, hasRoom: boolean): boolean {
    const entry = this.entries++;
    if (role === undefined) return false;
    this.families.add(role.family);
    if (role.engines !== undefined || role.isArrival) this.engines.push({ role, entry });
    if (role.latency === undefined || !hasRoom) return false;
    let rows = this.latencies.get(role.latency);
    if (rows === undefined) {
      rows = { entry: [], bound: [], sum: -1 };
      this.latencies.set(role.latency, rows);
    }
    if (role.bound === undefined) rows.sum = entry;
    else {
      // Ascending, whatever order they were written in.
      let at = rows.bound.length;
      while (at > 0 && rows.bound[at - 1]! > role.bound) at--;
      rows.bound.splice(at, 0, role.bound);
      rows.entry.splice(at, 0, entry);
    }
    return true;
  }
}
