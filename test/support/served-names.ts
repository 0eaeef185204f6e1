/**
 * What promfold really serves of a vLLM: expositions that dashboards, rules and recipes are held to. The
 * families are those of the benchmarks' vLLM directory; where vLLM's own directories are next to the tree, those
 * they have more come along.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeShape, SHAPES } from '../../scripts/bench/shapes.js';
import { Daemon } from './cli.js';
import { linesOf, parseSample } from './exposition.js';
import { GOLDEN, VLLM_CORPUS } from './paths.js';
import { tempDirectory } from './temp.js';
import { VllmLike } from './vllm-like.js';

/** Two processes of a vLLM, and one file of each sort that is left out. */
export async function servedOfVllm(flags: readonly string[] = []): Promise<string> {
  const directory = tempDirectory();
  makeShape(directory, { ...SHAPES.vllm(), processes: 2 });
  writeFileSync(join(directory, 'sessions.db'), 'SQLite format 3\0');
  for (const [golden, file] of [
    ['bad-klen-negative', 'counter_12.db'],
    ['bad-json', 'counter_12.db'],
  ] as const) {
    copyFileSync(`${GOLDEN}/${golden}/files/${file}`, join(directory, `counter_${golden}.db`));
  }
  const daemon = await Daemon.serve(directory, flags);
  try {
    return (await daemon.get('/metrics')).body;
  } finally {
    await daemon.stop();
  }
}

/** Living and dead API servers, with all that promfold adds of its own. */
export async function servedOfWriters(python: string): Promise<string> {
  const directory = tempDirectory();
  const vllm = await VllmLike.start(python, {
    environment: { PROMETHEUS_MULTIPROC_DIR: directory },
  });
  // Nobody listens on the port of discarding.
  const daemon = await Daemon.serve(directory, [
    '--process-metrics',
    '--gauge-age=vllm:',
    '--append-url=http://127.0.0.1:9/metrics',
  ]);
  try {
    await vllm.serve(0);
    for (const deadline = Date.now() + 20_000; ; await sleep(100)) {
      const { body } = await daemon.get('/metrics');
      const counted = /^process_cpu_seconds_total\{/m.test(body);
      const watched =
        /^promfold_processes\{/m.test(body) && /^promfold_engine_stalled\{/m.test(body);
      if (counted && watched && /^promfold_gauge_age_seconds\{/m.test(body)) return body;
      if (Date.now() > deadline) throw new Error(`writers are not seen: ${body}`);
    }
  } finally {
    await daemon.stop();
    await vllm.stop();
  }
}

/** Expositions of vLLM's own directories; none where they are not next to the tree. */
export function recordedOfVllm(): string[] {
  if (!existsSync(VLLM_CORPUS)) return [];
  return readdirSync(VLLM_CORPUS)
    .map((name) => join(VLLM_CORPUS, name, 'expected.prom'))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'));
}

/** Names of samples, with the type of their family. */
export function sampleTypes(exposition: string): Map<string, string> {
  const types = new Map<string, string>();
  let type = 'untyped';
  for (const line of linesOf(exposition)) {
    if (line.startsWith('# TYPE ')) type = line.split(' ')[3]!;
    else if (line !== '' && !line.startsWith('#')) types.set(parseSample(line).name, type);
  }
  return types;
}
