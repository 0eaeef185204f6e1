/**
 * What a daemon holds on to, sampled, and whether it is flat: private memory, descriptors, mappings.
 *
 * Source: /proc/PID/status, fd, maps and stat. Resident memory as a whole says nothing here, since the
 * pages of mapped files are in it.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Vitals {
  readonly rssAnonMebibytes: number;
  readonly descriptors: number;
  readonly mappings: number;
  readonly threads: number;
  readonly cpuSeconds: number;
}

const TICKS_PER_SECOND = 100;

export function vitalsOf(pid: number): Vitals {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+([0-9]+)`, 'm').exec(status)![1]);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return {
    rssAnonMebibytes: field('RssAnon') / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mappings: readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').length - 1,
    threads: field('Threads'),
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
  };
}

/** V8 takes minutes to settle on the size of its heap. */
const SETTLED_SECONDS = 300;

/**
 * How much the last quarter of a run may hold beyond the second one, and how much in a run so short
 * that only a leak in every scrape would show. The first quarter is warm-up.
 */
const GROWTH: readonly [of: keyof Vitals, most: number, inShortRun?: number][] = [
  ['rssAnonMebibytes', 24, 64],
  ['descriptors', 3],
  ['mappings', 150],
  // On a busy machine file operations stall, and more threads share them; eight are kept (detached_thread.cc).
  ['threads', 1, 8],
];

/** @returns what grew from the second quarter to the last, by medians; nothing for too few samples */
export function growthOf(samples: readonly Vitals[], seconds: number): string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 3) return [];
  return GROWTH.flatMap(([of, most, inShortRun = most]) => {
    const before = median(samples.slice(quarter, 2 * quarter).map((sample) => sample[of]));
    const after = median(samples.slice(-quarter).map((sample) => sample[of]));
    if (after - before <= (seconds < SETTLED_SECONDS ? inShortRun : most)) return [];
    return [`${of} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`];
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
