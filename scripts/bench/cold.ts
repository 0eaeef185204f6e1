/**
 * What a large directory costs when it appears: the event loop of a daemon that has been serving nothing until
 * then, the memory at the peak, and what stays when the directory is empty again.
 *
 * | name     | files | series                       | page  |
 * |----------|-------|------------------------------|-------|
 * | cold-100k | 1    | 100,000 counters, one family | 7 MB  |
 * | cold-1m   | 10   | a million, ten families      | 68 MB |
 */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../test/support/random.js';
import { Daemon } from './daemon.js';
import { counterEntry } from './families.js';
import { FileImage } from './file-image.js';
import type { LoopDelay } from './loop-delay.js';

export const COLD_NAMES = ['cold-100k', 'cold-1m'] as const;
export type ColdName = (typeof COLD_NAMES)[number];

const FILES: Readonly<Record<ColdName, { readonly files: number; readonly series: number }>> = {
  'cold-100k': { files: 1, series: 100_000 },
  'cold-1m': { files: 10, series: 100_000 },
};

export interface ColdFigures {
  /** From the request to the last byte. */
  readonly firstMs: number;
  /** Meanwhile. */
  readonly loopDelay: LoopDelay;
  /** Resident memory, mapped files included: before, the most, and a minute after the files went. */
  readonly beforeMB: number;
  readonly peakMB: number;
  readonly afterMB: number;
}

const SCRAPES_BEFORE = 20;
const SETTLE_SECONDS = 60;

export async function measureCold(directory: string, name: ColdName): Promise<ColdFigures> {
  const staging = `${directory}-staged`;
  for (const path of [directory, staging]) mkdirSync(path);
  makeFiles(staging, name);
  const daemon = await Daemon.start(directory);
  try {
    for (let i = 0; i < SCRAPES_BEFORE; i++) await daemon.scrape();
    const beforeMB = daemon.rssMB();
    let firstMs = 0;
    const loopDelay = await daemon.loopDelay(async () => {
      for (const file of readdirSync(staging))
        renameSync(join(staging, file), join(directory, file));
      firstMs = (await daemon.scrape()).ms;
    });
    await daemon.scrape();
    const peakMB = daemon.peakMB();
    for (const file of readdirSync(directory)) rmSync(join(directory, file));
    for (let i = 0; i < SETTLE_SECONDS; i++) {
      await daemon.scrape();
      await sleep(1000);
    }
    return { firstMs, loopDelay, beforeMB, peakMB, afterMB: daemon.rssMB() };
  } finally {
    await daemon.close();
    for (const path of [directory, staging]) rmSync(path, { recursive: true });
  }
}

function makeFiles(directory: string, name: ColdName): void {
  const { files, series } = FILES[name];
  const random = new Random(1);
  for (let file = 0; file < files; file++) {
    const family = { name: `api_requests_${file}`, help: 'Requests that were served, by route' };
    const entries = Array.from({ length: series }, (_, i) =>
      counterEntry(family, { method: 'GET', route: `/items/${i}`, status: '200' }),
    );
    new FileImage(entries).write(join(directory, `counter_${1000 + file}.db`), random);
  }
}
