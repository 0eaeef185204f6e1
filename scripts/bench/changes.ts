/**
 * What one change costs the scrape after it: a new key in one file, a new file, a removed file, each
 * compared with a warm scrape of the same daemon a moment before.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../test/support/random.js';
import type { Daemon } from './daemon.js';
import { counterEntry } from './families.js';
import { appendEntry } from './file-image.js';
import type { LoopDelay } from './loop-delay.js';
import { median } from './median.js';
import { fileName, type MadeShape, roleOf } from './shapes.js';

export const CHANGES = ['new key', 'new file', 'removed file'] as const;
export type Change = (typeof CHANGES)[number];

/** Medians, milliseconds. */
export interface ChangeFigures {
  readonly warmMs: number;
  readonly changedMs: Readonly<Record<Change, number>>;
  readonly loopDelay: LoopDelay;
}

/** A listing is trusted once the directory's times are a few clock ticks old; wait until it is. */
const SETTLE_MS = 60;

export async function measureChanges(
  made: MadeShape,
  daemon: Daemon,
  times: number,
): Promise<ChangeFigures> {
  const { directory, shape } = made;
  const random = new Random(2);
  const file = (process: number) => join(directory, fileName('counter', process));
  // Real series of the role, as a new process would bring, and keys that no file has had.
  let next = shape.processes;
  const change: Readonly<Record<Change, (i: number) => void>> = {
    'new key': (i) => {
      const family = { name: 'web_requests_0', help: 'Requests that were served, by route' };
      const entry = counterEntry(family, { method: 'GET', route: `/new/${i}`, status: '200' });
      appendEntry(file(shape.processes - 2 - (shape.processes % 2)), entry, i + 1);
    },
    'new file': () => {
      roleOf(shape, next).get('counter')!.write(file(next), random);
      next += 1;
    },
    'removed file': () => {
      next -= 1;
      rmSync(file(next));
    },
  };

  const warm: number[] = [];
  const changed = new Map<Change, number[]>(CHANGES.map((name) => [name, []]));
  const loopDelay = await daemon.loopDelay(async () => {
    for (let i = 0; i < times; i++) {
      for (const name of CHANGES) {
        await sleep(SETTLE_MS);
        await daemon.scrape();
        warm.push((await daemon.scrape()).ms);
        change[name](i);
        changed.get(name)!.push((await daemon.scrape()).ms);
      }
    }
  });
  return {
    warmMs: median(warm),
    changedMs: Object.fromEntries(
      CHANGES.map((name) => [name, median(changed.get(name)!)]),
    ) as Record<Change, number>,
    loopDelay,
  };
}
