/**
 * Private memory while a directory changes between any two scrapes: a file replaced, one added, one
 * removed, in turn. It must not grow with the number of scrapes.
 */

import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../test/support/random.js';
import type { Daemon } from './daemon.js';
import { highest } from './median.js';
import { fileName, type MadeShape, roleOf } from './shapes.js';

/** MB. */
export interface ChurnFigures {
  readonly scrapes: number;
  readonly beforeMB: number;
  /** The most, early and late: a heap breathes, so its peaks are compared. */
  readonly earlyMB: number;
  readonly lateMB: number;
}

export async function measureChurn(
  { directory, shape }: MadeShape,
  daemon: Daemon,
  scrapes: number,
): Promise<ChurnFigures> {
  const random = new Random(3);
  let next = shape.processes;
  const write = (kind: string, process: number, path: string) =>
    roleOf(shape, process).get(kind)!.write(path, random);
  const path = (kind: string, process: number) => join(directory, fileName(kind, process));

  await daemon.scrape();
  const beforeMB = daemon.rssAnonMB();
  const used: number[] = [];
  for (let i = 0; i < scrapes; i++) {
    if (i % 3 === 0) {
      // Another inode under an old name: what a restarted process leaves.
      const process = random.below(shape.processes);
      const staged = join(directory, '..', 'staged');
      write('histogram', process, staged);
      renameSync(staged, path('histogram', process));
    } else if (i % 3 === 1) {
      write('counter', next, path('counter', next));
      next += 1;
    } else {
      rmSync(path('counter', next - 1));
    }
    await daemon.scrape();
    used.push(daemon.rssAnonMB());
  }
  const part = (from: number, to: number) =>
    highest(used.slice(Math.floor(from * scrapes), Math.ceil(to * scrapes)));
  return { scrapes, beforeMB, earlyMB: part(0.2, 0.5), lateMB: part(0.7, 1) };
}
