/**
 * What it takes until promfold has said something, process start included, each beside `node -e 0` a moment before:
 * no program of Node can start sooner, and a busy machine slows both.
 */
import { spawnSync } from 'node:child_process';
import { firstAnswerMs } from './daemon.js';
import { median } from './median.js';
import { MAIN } from './paths.js';

/** Medians. */
export interface StartFigures {
  readonly nodeMs: number;
  /** Times as long as `node -e 0`: `--version`, `scrape` to its end, `serve` to its first answer. */
  readonly version: number;
  readonly scrape: number;
  readonly serve: number;
}

export async function measureStarts(directory: string, rounds: number): Promise<StartFigures> {
  const times = { node: [] as number[], version: [] as number[], scrape: [] as number[] };
  const serve: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const nodeMs = runMs(['-e', '0']);
    times.node.push(nodeMs);
    times.version.push(runMs([MAIN, '--version']) / nodeMs);
    times.scrape.push(runMs([MAIN, 'scrape', directory]) / nodeMs);
    serve.push((await firstAnswerMs(directory)) / nodeMs);
  }
  return {
    nodeMs: median(times.node),
    version: median(times.version),
    scrape: median(times.scrape),
    serve: median(serve),
  };
}

function runMs(args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`node ${args.join(' ')}: ${stderr}`);
  return performance.now() - startedMs;
}
