/**
 * What compaction gives to Python's own scrape: 6,800 files of dead processes, of one file format, next to one that lives.
 * The command is run as a user runs it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CompactionReport } from '../../src/compact/report.js';
import { median } from './median.js';
import { MAIN, PYTHON } from './paths.js';
import { Reference } from './reference.js';
import { foldable, makeShape } from './shapes.js';

/** Seven files each: 6,804. */
const PROCESSES = 972;

/** Its writers can be seen, so that the others are known to be dead. */
const LIVING = `
from prometheus_client import Counter
Counter('alive', 'Of a process that lives.').inc()
print('ready', flush=True)
input()
`;

export interface CompactionFigures {
  readonly files: number;
  readonly entries: number;
  /** Without those of the living process. */
  readonly archives: number;
  /** Medians of one scrape by prometheus_client. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** The whole command, without the seconds in which it waits for readers of the old files. */
  readonly compactMs: number;
}

export async function measureCompaction(
  parent: string,
  rounds: number,
): Promise<CompactionFigures> {
  const directory = join(parent, 'compaction', 'prom');
  const { files, entries } = makeShape(directory, foldable(PROCESSES));
  const living = await start(directory);
  try {
    const beforeMs = await scrapes(directory, rounds);
    const startedMs = performance.now();
    const printed = execFileSync(process.execPath, [
      MAIN,
      'compact',
      '--apply',
      '--json',
      directory,
    ]);
    const compactMs = performance.now() - startedMs - GRACE_MS;
    const { outcome, refused } = JSON.parse(printed.toString()) as CompactionReport;
    if (refused !== undefined || outcome?.folded !== files) {
      throw new Error(`${outcome?.folded} of ${files} files were folded: ${refused?.found}`);
    }
    const archives = readdirSync(directory).filter((name) => name.includes('-promfold-')).length;
    const afterMs = await scrapes(directory, Math.max(rounds, 15));
    return { files, entries, archives, beforeMs, afterMs, compactMs };
  } finally {
    living.kill();
    rmSync(directory, { recursive: true });
  }
}

/** GRACE_SECONDS of src/compact/. */
const GRACE_MS = 5_000;

async function start(directory: string): Promise<ChildProcess> {
  const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
  const child = spawn(PYTHON, ['-c', LIVING], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function scrapes(directory: string, rounds: number): Promise<number> {
  const reference = await Reference.start(directory);
  const ms: number[] = [];
  for (let i = 0; i <= rounds; i++) ms.push((await reference.scrape()).ms);
  await reference.close();
  // The first one fills its caches.
  return median(ms.slice(1));
}
