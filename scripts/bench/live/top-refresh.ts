/**
 * What a refresh of `top` takes: CPU of the whole process, all threads, from one refresh to the next, so that what happens
 * between them counts, too: the search for writers, the garbage collection, what `check` finds every 30 s.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, startChild, stopChild } from '../child.js';
import { MovingValues } from '../moving-values.js';
import type { MadeShape } from '../shapes.js';
import type { TopAnswer } from './top-refresh-child.js';

export interface TopRefresh {
  /** Until the first screen, start of the process included. */
  readonly firstMs: number;
  readonly firstCpuMs: number;
  /** Of each later refresh, on average. */
  readonly cpuMs: number;
  readonly ms: number;
  readonly rssBytes: number;
}

/** As long as `top` keeps what `check` found: each run has it found once. */
const REFRESHES = 16;
const INTERVAL_MS = 2_000;

/** A tenth of the values in 300 files moves between two refreshes. */
export async function measureTopRefresh(
  made: MadeShape,
  refreshes = REFRESHES,
  intervalMs = INTERVAL_MS,
): Promise<TopRefresh> {
  const values = new MovingValues(made);
  const startedMs = performance.now();
  const child = startChild('live/top-refresh-child', [made.directory]);
  try {
    const first = await ask<object, TopAnswer>(child, {});
    const firstMs = performance.now() - startedMs;
    let last = first;
    let ms = 0;
    for (let i = 0; i < refreshes; i++) {
      await sleep(intervalMs);
      values.move();
      last = await ask<object, TopAnswer>(child, {});
      ms += last.ms / refreshes;
    }
    return {
      firstMs,
      firstCpuMs: first.cpuMs,
      cpuMs: (last.cpuMs - first.cpuMs) / refreshes,
      ms,
      rssBytes: last.rssBytes,
    };
  } finally {
    await stopChild(child);
    values.close();
  }
}
