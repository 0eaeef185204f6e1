/** The built daemon serving one directory, as people run it, and one kept connection to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { freePort } from '../../test/support/free-port.js';
import { ask, stopChild } from './child.js';
import type { LoopDelay, LoopDelayQuestion } from './loop-delay.js';
import { compiled, MAIN } from './paths.js';
import { type Answer, type GetOptions, RawClient, type Secure } from './raw-client.js';

/** As /proc counts CPU time on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const START_LIMIT_MS = 120_000;

export class Daemon {
  readonly #child: ChildProcess;
  readonly #client: RawClient;
  readonly port: number;

  private constructor(child: ChildProcess, client: RawClient, port: number) {
    this.#child = child;
    this.#client = client;
    this.port = port;
  }

  /** @param secure how to connect, where the flags ask for it */
  static async start(
    directory: string,
    flags: readonly string[] = [],
    secure?: Secure,
  ): Promise<Daemon> {
    const nodeFlags = ['--import', pathToFileURL(compiled('loop-delay')).href];
    const { child, client, port } = await launch(directory, nodeFlags, flags, secure);
    return new Daemon(child, client, port);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws Error when the status is not 200 */
  scrape(options: GetOptions & { readonly query?: string } = {}): Promise<Answer> {
    return this.get(`/metrics${options.query ?? ''}`, options);
  }

  /** @throws Error when the status is not 200 */
  async get(path: string, options: GetOptions = {}): Promise<Answer> {
    const answer = await this.#client.get(path, options);
    if (answer.status !== 200) throw new Error(`promfold answered ${answer.status} to ${path}`);
    return answer;
  }

  /** Event loop delay inside the daemon during `work`. */
  async loopDelay(work: () => Promise<void>): Promise<LoopDelay> {
    await ask<LoopDelayQuestion, LoopDelay>(this.#child, { loopDelay: 'start' });
    await work();
    return ask<LoopDelayQuestion, LoopDelay>(this.#child, { loopDelay: 'stop' });
  }

  /** Memory that is its own, MB. */
  rssAnonMB(): number {
    return this.#statusMB('RssAnon');
  }

  /** Resident memory, MB. */
  rssMB(): number {
    return this.#statusMB('VmRSS');
  }

  /** The most it ever was, MB. */
  peakMB(): number {
    return this.#statusMB('VmHWM');
  }

  #statusMB(line: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return (Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)![1]) * 1024) / 1e6;
  }

  /** User and system time so far, all threads. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    // The name in brackets may hold blanks; utime and stime are the 12th and 13th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async close(): Promise<void> {
    this.#client.close();
    await stopChild(this.#child);
  }
}

/** Milliseconds from spawning the daemon to the last byte of its first answer. */
export async function firstAnswerMs(directory: string): Promise<number> {
  const startedMs = performance.now();
  const { child, client } = await launch(directory, []);
  const { status } = await client.get('/metrics');
  const ms = performance.now() - startedMs;
  client.close();
  await stopChild(child);
  if (status !== 200) throw new Error(`promfold answered ${status}`);
  return ms;
}

async function launch(
  directory: string,
  nodeFlags: readonly string[],
  more: readonly string[] = [],
  secure?: Secure,
) {
  const port = await freePort();
  const flags = ['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'error', ...more];
  const child = spawn(process.execPath, [...nodeFlags, MAIN, 'serve', directory, ...flags], {
    stdio: ['ignore', 'inherit', 'inherit', ...(nodeFlags.length > 0 ? ['ipc' as const] : [])],
  });
  const giveUpMs = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      return { child, client: await RawClient.connect(port, secure), port };
    } catch (error) {
      if (child.exitCode !== null || performance.now() > giveUpMs) throw error;
      await sleep(2);
    }
  }
}
