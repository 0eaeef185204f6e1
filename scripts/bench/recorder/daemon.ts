/**
 * What the flight recorder costs a daemon while a tenth of the values changes each second: CPU, and the median scrape with
 * it and without, in turns.
 *
 *     node dist/scripts/bench/recorder/daemon.js [seconds] [shape]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../../src/serve/api/status.js';
import { Daemon } from '../daemon.js';
import { median } from '../median.js';
import { MovingValues } from '../moving-values.js';
import { type MadeShape, makeShape, SHAPES, type ShapeName } from '../shapes.js';

/** Between two scrapes. */
const PAUSE_MS = 23;
const MOVE_MS = 1_000;
/** Until the interval has followed what ticks take. */
const SETTLE_MS = 20_000;
/** Scrapes of one daemon before it is the turn of the other. */
const SCRAPES = 10;

export interface RecorderFigures {
  /** Share of a core that it takes, without scrapes. */
  readonly cores: number;
  /** Seconds between two ticks. */
  readonly intervalSeconds: number;
  /** Scrapes, milliseconds: medians, and 99th percentiles. */
  readonly onMs: number;
  readonly offMs: number;
  readonly onP99Ms: number;
  readonly offP99Ms: number;
  /** Bytes in memory for each second. */
  readonly bytesPerSecond: number;
}

export async function measureRecorder(made: MadeShape, seconds: number): Promise<RecorderFigures> {
  const values = new MovingValues(made);
  const on = await Daemon.start(made.directory);
  const off = await Daemon.start(made.directory, ['--recorder.size=0']);
  const timer = setInterval(() => values.move(), MOVE_MS);
  try {
    await on.scrape();
    await off.scrape();
    await sleep(SETTLE_MS);
    const before = [on.cpuSeconds(), off.cpuSeconds()];
    await sleep(seconds * 1000);
    const [onSeconds, offSeconds] = [on.cpuSeconds() - before[0]!, off.cpuSeconds() - before[1]!];
    const onMs: number[] = [];
    const offMs: number[] = [];
    const untilMs = performance.now() + seconds * 1000;
    while (performance.now() < untilMs) {
      await scrapeInto(on, onMs);
      await scrapeInto(off, offMs);
    }
    const { body } = await on.get('/api/v1/status', { keepBody: true });
    const { recorder } = JSON.parse(String(body)) as Status;
    const { intervalSeconds, sources, bytes } = recorder!;
    const { fromSeconds, toSeconds } = sources[0]!;
    return {
      cores: (onSeconds - offSeconds) / seconds,
      intervalSeconds,
      onMs: median(onMs),
      offMs: median(offMs),
      onP99Ms: p99(onMs),
      offP99Ms: p99(offMs),
      bytesPerSecond: bytes / (toSeconds - fromSeconds),
    };
  } finally {
    clearInterval(timer);
    values.close();
    await on.close();
    await off.close();
  }
}

async function scrapeInto(daemon: Daemon, ms: number[]): Promise<void> {
  for (let i = 0; i < SCRAPES; i++) {
    ms.push((await daemon.scrape()).ms);
    await sleep(PAUSE_MS);
  }
}

function p99(ms: readonly number[]): number {
  return ms.toSorted((a, b) => a - b)[Math.floor(ms.length * 0.99)]!;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '30', shape = 'vllm'] = process.argv.slice(2);
  const directory = mkdtempSync(join(tmpdir(), 'promfold-bench-'));
  try {
    const made = makeShape(join(directory, 'shape'), SHAPES[shape as ShapeName]());
    const figures = await measureRecorder(made, Number(seconds));
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
