/**
 * Sources that come and go with the processes that use them: `--discover`.
 *
 * Every few seconds the directories in use are looked for (processes/discover.ts). One that is new becomes a
 * source, called as its processes call it. One that nobody uses any more stays for a while, since the last
 * values of a server that died are worth something, and goes at once when it can no longer be read.
 */
import { stat } from 'node:fs/promises';
import { type DiscoveredDirectory, discoverDirectories, isWritten } from '../processes/discover.js';
import { identityOf } from '../processes/reach.js';
import type { ScrapeLog } from './problem-log.js';
import type { Scraper } from './scraper.js';

const INTERVAL_MS = 5_000;

/** Looking takes at most this share of one core, however many processes there are. */
const MOST_LOAD = 0.05;

/** Longer than scrape intervals and a restart, shorter than what one would take for the present. */
const GRACE_MS = 300_000;

/** Each is labels on every series and memory; a host with more is asked by several daemons. */
const MOST_DIRECTORIES = 100;

/** Warnings that are not said again; of more, the oldest may be. */
const MAX_SAID = 1_000;

export interface DiscoveredSourcesOptions {
  /** Directories that are sources already, and stay so. */
  readonly except: readonly string[];
  readonly log: ScrapeLog;
  readonly intervalMs?: number;
  readonly graceMs?: number;
}

interface Attached {
  readonly name: string;
  readonly insidePath: string;
  path: string;
  lastUsedMs: number;
}

export class DiscoveredSources {
  readonly #scraper: Scraper;
  readonly #options: DiscoveredSourcesOptions;
  /** By identity. */
  readonly #attached = new Map<string, Attached>();
  readonly #said = new Set<string>();
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(scraper: Scraper, options: DiscoveredSourcesOptions) {
    this.#scraper = scraper;
    this.#options = options;
  }

  /** Looks now, and again and again. Resolves after the first look. */
  start(): Promise<void> {
    const startedMs = performance.now();
    this.#looking = this.#look().finally(() => {
      if (this.#isClosed) return;
      const { intervalMs = INTERVAL_MS } = this.#options;
      const tookMs = performance.now() - startedMs;
      this.#timer = setTimeout(() => void this.start(), Math.max(intervalMs, tookMs / MOST_LOAD));
      this.#timer.unref();
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { directories, unread } = await discoverDirectories();
    if (this.#isClosed) return;
    for (const { uid, processes } of unread) {
      this.#sayOnce('processes that may not be looked into', { uid, processes });
    }
    const except = await identities(this.#options.except);
    for (const directory of directories) {
      const { identity, error, path, insidePath } = directory;
      if (error !== undefined || identity === undefined) {
        this.#sayOnce('discovered directory cannot be read', { directory: path, error });
        continue;
      }
      if (except.has(identity) || !hasSomething(directory)) continue;
      const known = this.#attached.get(identity);
      if (known === undefined) await this.#attach(identity, path, insidePath);
      else await this.#keep(known, identity, directory);
    }
    await this.#letGo();
  }

  async #attach(identity: string, path: string, insidePath: string): Promise<void> {
    if (this.#attached.size >= MOST_DIRECTORIES) {
      this.#sayOnce('more directories than are served', { most: MOST_DIRECTORIES });
      return;
    }
    const isTaken = this.#scraper.sourceNames().includes(insidePath);
    const name = isTaken ? `${insidePath} (${identity})` : insidePath;
    this.#attached.set(identity, { name, insidePath, path, lastUsedMs: performance.now() });
    this.#scraper.attach({ name, directory: path });
    this.#options.log.info('source found', { source: name, directory: path });
    // Ahead of the first scrape.
    void this.#scraper.prepare();
  }

  /** The way to it ends with the process it leads through; and an inode may be another directory's now. */
  async #keep(
    known: Attached,
    identity: string,
    { path, insidePath }: DiscoveredDirectory,
  ): Promise<void> {
    known.lastUsedMs = performance.now();
    if (known.path === path && known.insidePath === insidePath) return;
    if ((await identities([known.path])).has(identity)) return;
    const gone = this.#scraper.detach(known.name);
    if (known.insidePath === insidePath) {
      known.path = path;
      this.#scraper.attach({ name: known.name, directory: path });
    } else {
      this.#attached.delete(identity);
      await this.#attach(identity, path, insidePath);
    }
    await gone;
  }

  async #letGo(): Promise<void> {
    const { graceMs = GRACE_MS, log } = this.#options;
    for (const [identity, { name, path, lastUsedMs }] of this.#attached) {
      const isThere = (await identities([path])).has(identity);
      if (isThere && performance.now() - lastUsedMs <= graceMs) continue;
      this.#attached.delete(identity);
      await this.#scraper.detach(name);
      const why = isThere ? 'no process uses it' : 'the directory is gone';
      log.info('source left', { source: name, directory: path, why });
    }
  }

  #sayOnce(message: string, fields: Record<string, unknown>): void {
    const { processes: _changing, ...lasting } = fields;
    const key = JSON.stringify([message, lasting]);
    if (this.#said.has(key)) return;
    this.#said.add(key);
    if (this.#said.size > MAX_SAID) this.#said.delete(this.#said.keys().next().value!);
    this.#options.log.warn(message, fields);
  }
}

/** Named only and empty, it may be a shell's variable: it is found again once somebody writes. */
function hasSomething(directory: DiscoveredDirectory): boolean {
  return isWritten(directory) || (directory.metricFiles ?? 0) > 0;
}

/** `device:inode`, as in DiscoveredDirectory; of those that are there. */
async function identities(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)),
  );
  return new Set(found.flatMap((stats) => (stats ? identityOf(stats) : [])));
}
