/**
 * Resources of running processes, as prometheus_client's ProcessCollector reports them. In multiprocess mode the
 * client has none: they would be those of the process that happens to answer.
 *
 * Source: prometheus_client process_collector.py; proc(5). Three small reads a process; blocking, for the thread of
 * proc-thread.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { bootSeconds } from './boot.js';
import type { LivingWriter } from './liveness-scan.js';
import { hasEnded, statFields, TICKS_PER_SECOND } from './proc.js';

/** A process by pid and start: not another one that reuses the pid. */
export type Measurable = Pick<LivingWriter, 'pid' | 'startSeconds'>;

/** NaN if it cannot be read or is unlimited. */
export interface Measured {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly openFds: number;
  readonly maxFds: number;
  readonly startSeconds: number;
  readonly threads: number;
}

/** Boot time is known to the second. */
const SAME_START_SECONDS = 1.5;

/** @returns one per process, undefined if it has ended */
export function measure(
  processes: readonly Measurable[],
  procDirectory = '/proc',
): (Measured | undefined)[] {
  // Read once: its file is long on machines with many cores.
  const boot = bootSeconds(procDirectory) ?? Number.NaN;
  return processes.map(({ pid, startSeconds = Number.NaN }) => {
    const measured = measureOne(`${procDirectory}/${pid}`, boot);
    if (measured === undefined) return undefined;
    const apart = Math.abs(measured.startSeconds - startSeconds);
    return apart > SAME_START_SECONDS ? undefined : measured;
  });
}

function measureOne(directory: string, boot: number): Measured | undefined {
  const stat = text(`${directory}/stat`);
  if (stat === undefined) return undefined;
  const field = statFields(stat);
  if (hasEnded(field(3))) return undefined;
  const number = (n: number) => Number(field(n));
  return {
    // In the client's order of operations: any other may differ in the last bit.
    cpuSeconds: number(14) / TICKS_PER_SECOND + number(15) / TICKS_PER_SECOND,
    residentBytes: number(24) * pageBytes(),
    virtualBytes: number(23),
    openFds: countEntries(`${directory}/fd`),
    maxFds: softLimit(text(`${directory}/limits`) ?? '', 'Max open files'),
    startSeconds: boot + number(22) / TICKS_PER_SECOND,
    threads: number(20),
  };
}

/** NaN for `unlimited`. */
function softLimit(limits: string, name: string): number {
  const line = limits.split('\n').find((text) => text.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length).trim().split(/\s+/)[0]);
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function countEntries(path: string): number {
  try {
    return readdirSync(path).length;
  } catch {
    return Number.NaN;
  }
}

let knownPageBytes: number | undefined;

/** AT_PAGESZ of the auxiliary vector, which consists of pairs of words; 4096 if it cannot be read. */
function pageBytes(): number {
  if (knownPageBytes === undefined) {
    knownPageBytes = 4096;
    try {
      const pairs = readFileSync('/proc/self/auxv');
      for (let at = 0; at + 16 <= pairs.length; at += 16) {
        if (pairs.readBigUInt64LE(at) === AT_PAGESZ) {
          knownPageBytes = Number(pairs.readBigUInt64LE(at + 8));
        }
      }
    } catch {
      // The size on nearly all machines.
    }
  }
  return knownPageBytes;
}

const AT_PAGESZ = 6n;
