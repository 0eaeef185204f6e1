/**
 * What streams of live values cost: 200 clients at 10 Hz, each with the series of one engine. CPU of the daemon while they
 * read, and the median scrape with them and without, in turns.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, startChild, stopChild } from '../child.js';
import { Daemon } from '../daemon.js';
import { median } from '../median.js';
import type { ClientsAnswer, ClientsQuestion } from './stream-clients.js';

const CLIENTS = 200;
const INTERVAL_SECONDS = 0.1;
const ENGINES = 8;

/** Between two scrapes of one turn. */
const PAUSE_MS = 50;
const SETTLE_MS = 500;

export interface StreamFigures {
  /** Share of a core that the daemon takes for them, without the scrapes. */
  readonly cores: number;
  /** Median scrapes, milliseconds. */
  readonly withMs: number;
  readonly withoutMs: number;
  /** Values that each client was sent in a second, as a check that the streams are not idle. */
  readonly bytesPerSecond: number;
}

/** @param directory of the shape vllm */
export async function measureStreams(
  directory: string,
  { turns, scrapes, seconds }: { turns: number; scrapes: number; seconds: number },
): Promise<StreamFigures> {
  const daemon = await Daemon.start(directory);
  const clients = startChild('live/stream-clients', [String(daemon.port)]);
  const paths = Array.from({ length: ENGINES }, (_, engine) => {
    const selector = encodeURIComponent(`{__name__=~"vllm:num_requests_.*",engine="${engine}"}`);
    return `/api/v1/live?match[]=${selector}&interval=${INTERVAL_SECONDS}`;
  });
  const connected = async (count: number): Promise<ClientsAnswer> => {
    const question = { clients: count, paths };
    const answer = await ask<ClientsQuestion, ClientsAnswer>(clients, question);
    await sleep(SETTLE_MS);
    return answer;
  };
  const scrapeInto = async (ms: number[]): Promise<void> => {
    for (let i = 0; i < scrapes; i++) {
      ms.push((await daemon.scrape()).ms);
      await sleep(PAUSE_MS);
    }
  };
  try {
    await scrapeInto([]);
    const withMs: number[] = [];
    const withoutMs: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      await connected(CLIENTS);
      await scrapeInto(withMs);
      await connected(0);
      await scrapeInto(withoutMs);
    }
    await connected(CLIENTS);
    await connected(CLIENTS);
    const before = daemon.cpuSeconds();
    await sleep(seconds * 1000);
    const cores = (daemon.cpuSeconds() - before) / seconds;
    const { bytes } = await connected(0);
    const bytesPerSecond = bytes / CLIENTS / (seconds + SETTLE_MS / 1000);
    return { cores, withMs: median(withMs), withoutMs: median(withoutMs), bytesPerSecond };
  } finally {
    await stopChild(clients);
    await daemon.close();
  }
}
