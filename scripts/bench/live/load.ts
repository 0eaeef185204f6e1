/**
 * What /load costs at 400 requests a second over kept connections, as 20 pickers that each ask every 50 ms; and what the
 * same families cost as `/metrics?name[]=`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuGroup } from '../cpu-group.js';
import { Daemon } from '../daemon.js';
import { quantile } from '../median.js';
import { RawClient } from '../raw-client.js';

const PER_SECOND = 400;
const CONNECTIONS = 20;
const START_LIMIT_MS = 30_000;

export interface RequestFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of a core. */
  readonly cores: number;
  readonly bytes: number;
}

export interface LoadFigures {
  readonly load: RequestFigures;
  /** The families by name, of the whole page. */
  readonly names: RequestFigures;
  /** In a container with a quarter of a core; absent where there can be none. */
  readonly limited?: RequestFigures & { readonly throttledPeriods: number };
}

export interface LoadEffort {
  /** A daemon looks for findings 15 seconds after its start, which is not what is measured. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** @param families that /load tells of, as samples are named */
export async function measureLoad(
  directory: string,
  { families, flags }: { readonly families: readonly string[]; readonly flags: readonly string[] },
  effort: LoadEffort,
  group: CpuGroup | undefined,
): Promise<LoadFigures> {
  const names = `/metrics?${families.map((name) => `name[]=${encodeURIComponent(name)}`).join('&')}`;
  const daemon = await Daemon.start(directory, flags);
  let load: RequestFigures;
  let byName: RequestFigures;
  try {
    await untilReady(daemon);
    await ask(daemon, '/load', effort.warmUpSeconds);
    load = await ask(daemon, '/load', effort.seconds);
    await ask(daemon, names, effort.warmUpSeconds);
    byName = await ask(daemon, names, effort.seconds);
  } finally {
    await daemon.close();
  }
  if (group === undefined) return { load, names: byName };
  const limited = await Daemon.start(directory, flags);
  group.add(limited.pid);
  try {
    await untilReady(limited);
    await ask(limited, '/load', 1.5 * effort.warmUpSeconds);
    const before = group.throttled;
    const figures = await ask(limited, '/load', effort.seconds);
    const throttledPeriods = group.throttled - before;
    return { load, names: byName, limited: { ...figures, throttledPeriods } };
  } finally {
    await limited.close();
  }
}

/** The first values need all keys, and a daemon with little CPU says until then that it has none. */
async function untilReady(daemon: Daemon): Promise<void> {
  const giveUpMs = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await daemon.get('/load');
      return;
    } catch (error) {
      if (performance.now() > giveUpMs) throw error;
      await sleep(200);
    }
  }
}

async function ask(daemon: Daemon, path: string, seconds: number): Promise<RequestFigures> {
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => RawClient.connect(daemon.port)),
  );
  const ms: number[] = [];
  let bytes = 0;
  const beganMs = performance.now();
  const cpuSeconds = daemon.cpuSeconds();
  const rounds = Math.round((seconds * PER_SECOND) / CONNECTIONS);
  // Each asks at its own time, and never before it was answered.
  await Promise.all(
    clients.map(async (client, i) => {
      for (let round = 0; round < rounds; round++) {
        const dueMs = beganMs + ((round * CONNECTIONS + i) * 1000) / PER_SECOND;
        await sleep(Math.max(0, dueMs - performance.now()));
        const answer = await client.get(path);
        if (answer.status !== 200) throw new Error(`promfold answered ${answer.status} to ${path}`);
        ms.push(answer.ms);
        bytes = answer.bodyBytes;
      }
    }),
  );
  const tookSeconds = (performance.now() - beganMs) / 1000;
  for (const client of clients) client.close();
  return {
    p50Ms: quantile(ms, 0.5),
    p99Ms: quantile(ms, 0.99),
    cores: (daemon.cpuSeconds() - cpuSeconds) / tookSeconds,
    bytes,
  };
}
