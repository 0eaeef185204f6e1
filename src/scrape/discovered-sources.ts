/**
 * Sources that come and go with the processes that use them: `--discover`.
 *
 * Every few seconds, processes/discover.ts looks for the directories in use. A new one becomes a source, named by the
 * path that its processes use. One that no process uses any more is served for a while, since the last values of a
 * server that died are still of use. It is dropped at once when it can no longer be read; one that does not answer may
 * come back, and is kept. discovery-quota.ts limits how many each user may have; a user at the limit gets a new one in
 * place of one that no process uses.
 *
 * A compaction puts another directory in the place of one, which is the same source: its values go on.
 */
import { join } from 'node:path';
import { boundedIo, type PathStats } from '../bounded-io.js';
import { MANIFEST_NAME } from '../format/filename.js';
import type { ScrapeLog } from '../log.js';
import {
  type DiscoveredDirectory,
  type Discovery,
  discoverDirectories,
  isWritten,
  MAX_DIRECTORIES_OF_USER,
} from '../processes/discover.js';
import { identityOf } from '../processes/namespace-path.js';
import {
  DIRECTORIES_OF_USER,
  inTurn,
  MAX_DIRECTORIES,
  usersOf,
  userWithRoom,
} from './discovery-quota.js';
import type { Scraper } from './scraper.js';

const INTERVAL_MS = 5_000;

/** Scanning takes at most this share of one core, however many processes there are. */
const MAX_LOAD = 0.05;

/** Longer than a scrape interval and a restart, and short enough that the values still pass for current. */
const GRACE_MS = 300_000;

/** The errno of a directory whose file system does not answer. */
const NO_ANSWER = 'ETIMEDOUT';

export interface DiscoveredSourcesOptions {
  /** Directories that are sources anyway. */
  readonly except: readonly string[];
  readonly log: ScrapeLog;
  readonly intervalMs?: number;
  readonly graceMs?: number;
  /** Another way to discover, in tests only. */
  readonly discover?: () => Promise<Discovery>;
}

interface Attached {
  readonly name: string;
  readonly insidePath: string;
  /** The user whose quota it counts for. */
  readonly user: number;
  /** Uid of the directory. */
  readonly owner: number | undefined;
  path: string;
  lastUsedMs: number;
}

/** A directory that is not a source yet and can be read. */
interface Newcomer extends DiscoveredDirectory {
  readonly identity: string;
}

export class DiscoveredSources {
  readonly #scraper: Scraper;
  readonly #options: DiscoveredSourcesOptions;
  /** By identity. */
  readonly #attached = new Map<string, Attached>();
  /** The warnings of the last scan, so that they are not repeated while their cause lasts. */
  #said: ReadonlySet<string> = new Set();
  #scanning: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(scraper: Scraper, options: DiscoveredSourcesOptions) {
    this.#scraper = scraper;
    this.#options = options;
  }

  /** Scans now, and then every few seconds. Resolves after the first scan. */
  start(): Promise<void> {
    clearTimeout(this.#timer);
    const startedMs = performance.now();
    const cpuBefore = process.cpuUsage();
    this.#scanning = this.#scan().finally(() => {
      if (this.#isClosed) return;
      const { intervalMs = INTERVAL_MS } = this.#options;
      const cpu = process.cpuUsage(cpuBefore);
      // Both are upper bounds: a scan that waits for what hangs uses no CPU, and scrapes that run meanwhile use some.
      const tookMs = Math.min(performance.now() - startedMs, (cpu.user + cpu.system) / 1000);
      this.#timer = setTimeout(() => void this.start(), Math.max(intervalMs, tookMs / MAX_LOAD));
      this.#timer.unref();
    });
    return this.#scanning;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#scanning;
  }

  async #scan(): Promise<void> {
    const { discover = discoverDirectories } = this.#options;
    const { directories, unread, crowded } = await discover();
    if (this.#isClosed) return;
    const startedMs = performance.now();
    const notices = new Notices(this.#options.log, this.#said);
    for (const { uid, processes } of unread) {
      notices.say('processes that cannot be read', { uid }, { processes });
    }
    for (const uid of crowded) {
      const max = MAX_DIRECTORIES_OF_USER;
      notices.say('a user uses more directories than are read', { uid, max });
    }
    const except = await identities(this.#options.except);
    const newcomers: Newcomer[] = [];
    for (const directory of directories) {
      const { identity, error, path } = directory;
      if (error === NO_ANSWER) this.#keepUnanswered(path);
      if (error !== undefined || identity === undefined) {
        notices.say('discovered directory cannot be read', { directory: path, error });
        continue;
      }
      if (except.has(identity) || !hasSomething(directory)) continue;
      const known = this.#attached.get(identity) ?? (await this.#exchanged(directory, identity));
      if (known !== undefined && (await this.#keep(known, identity, directory))) continue;
      // It may have been exchanged since: a source, or one of `except`, has another identity now.
      if ((await identityAt(path)) === identity) newcomers.push({ ...directory, identity });
    }
    await this.#letGo();
    await this.#admit(newcomers, startedMs, notices);
    this.#said = notices.said;
  }

  /** @param startedMs when the scan began: a directory last used before that is used by no process */
  async #admit(newcomers: readonly Newcomer[], startedMs: number, notices: Notices): Promise<void> {
    const leftOut = new Map<number, number>();
    for (const newcomer of inTurn(newcomers)) {
      // Its process ended before its user was known.
      const candidates = usersOf(newcomer);
      const [first] = candidates;
      if (first === undefined) continue;
      const user = this.#userWithRoom(candidates) ?? (await this.#makeRoom(candidates, startedMs));
      if (user !== undefined) this.#attach(newcomer, user);
      else leftOut.set(first, (leftOut.get(first) ?? 0) + 1);
    }
    for (const [uid, count] of leftOut) {
      const limits = { max: MAX_DIRECTORIES, maxOfUser: DIRECTORIES_OF_USER };
      notices.say('more directories than are served', { uid, ...limits }, { leftOut: count });
    }
  }

  #userWithRoom(candidates: readonly number[]): number | undefined {
    return userWithRoom(
      candidates,
      Array.from(this.#attached.values(), ({ user }) => user),
    );
  }

  /** Drops the directory of these users that has been unused for the longest time. @returns the user it counted for */
  async #makeRoom(users: readonly number[], startedMs: number): Promise<number | undefined> {
    let oldest: [identity: string, attached: Attached] | undefined;
    for (const entry of this.#attached) {
      const [, { user, lastUsedMs }] = entry;
      const isUnused = users.includes(user) && lastUsedMs < startedMs;
      if (isUnused && lastUsedMs < (oldest?.[1].lastUsedMs ?? startedMs)) oldest = entry;
    }
    if (oldest === undefined) return undefined;
    const [identity, attached] = oldest;
    await this.#detach(identity, attached, 'no process uses it, and its user has a new one');
    return attached.user;
  }

  #attach({ identity, path, insidePath, uid: owner }: Newcomer, user: number): void {
    const isTaken = this.#scraper.sourceNames().includes(insidePath);
    const name = isTaken ? `${insidePath} (${identity})` : insidePath;
    const lastUsedMs = performance.now();
    this.#attached.set(identity, { name, insidePath, path, user, owner, lastUsedMs });
    this.#scraper.attach({ name, directory: path });
    this.#options.log.info('source found', { source: name, directory: path });
    // So that its first scrape finds it indexed.
    void this.#scraper.prepare();
  }

  async #detach(identity: string, { name, path }: Attached, why: string): Promise<void> {
    this.#attached.delete(identity);
    await this.#scraper.detach(name);
    this.#options.log.info('source left', { source: name, directory: path, why });
  }

  /**
   * The path to it leads through a process and ends with it, and its inode may have been reused for another directory.
   *
   * @returns false where it is another directory
   */
  async #keep(
    known: Attached,
    identity: string,
    { path, insidePath }: DiscoveredDirectory,
  ): Promise<boolean> {
    known.lastUsedMs = performance.now();
    if (known.path === path && known.insidePath === insidePath) return true;
    if ((await identities([known.path])).has(identity)) return true;
    if (known.insidePath !== insidePath) {
      await this.#detach(identity, known, 'the directory is gone');
      return false;
    }
    const gone = this.#scraper.detach(known.name);
    known.path = path;
    this.#scraper.attach({ name: known.name, directory: path });
    await gone;
    return true;
  }

  /** The source of which a compaction made this directory. */
  async #exchanged(
    { path, insidePath }: DiscoveredDirectory,
    identity: string,
  ): Promise<Attached | undefined> {
    for (const [before, attached] of this.#attached) {
      if (attached.path !== path || attached.insidePath !== insidePath) continue;
      const isSame = (await this.#followExchange(before, attached)) === identity;
      return isSame ? attached : undefined;
    }
    return undefined;
  }

  /**
   * Gives a source the identity of the directory that a compaction put in the place of its own. That has the same owner, so
   * that no other user can make one.
   *
   * @returns its identity now; undefined where no compaction made what is there
   */
  async #followExchange(before: string, attached: Attached): Promise<string | undefined> {
    const { path, owner } = attached;
    const there = await statsAt(path);
    if (there === undefined || there === NO_ANSWER || there.uid !== owner) return undefined;
    const manifest = await statsAt(join(path, MANIFEST_NAME));
    if (manifest === undefined || manifest === NO_ANSWER) return undefined;
    const identity = identityOf(there);
    // Another source was moved there.
    if (this.#attached.has(identity)) return undefined;
    this.#attached.delete(before);
    this.#attached.set(identity, attached);
    return identity;
  }

  /** A process uses the path, though whether it is the same directory cannot be checked. */
  #keepUnanswered(path: string): void {
    for (const attached of this.#attached.values()) {
      if (attached.path === path) attached.lastUsedMs = performance.now();
    }
  }

  async #letGo(): Promise<void> {
    const { graceMs = GRACE_MS } = this.#options;
    for (const [before, attached] of [...this.#attached]) {
      const now = await identityAt(attached.path);
      const isSame = now === before || now === NO_ANSWER;
      const identity = isSame ? before : await this.#followExchange(before, attached);
      const isThere = identity !== undefined;
      if (isThere && performance.now() - attached.lastUsedMs <= graceMs) continue;
      const why = isThere ? 'no process uses it' : 'the directory is gone';
      await this.#detach(identity ?? before, attached, why);
    }
  }
}

/** The warnings of one scan. One that the scan before had, too, is not logged again. */
class Notices {
  readonly #log: ScrapeLog;
  readonly #before: ReadonlySet<string>;
  readonly said = new Set<string>();

  constructor(log: ScrapeLog, before: ReadonlySet<string>) {
    this.#log = log;
    this.#before = before;
  }

  /** @param changing fields that do not make it a different warning */
  say(
    message: string,
    lasting: Record<string, unknown>,
    changing: Record<string, unknown> = {},
  ): void {
    const key = JSON.stringify([message, lasting]);
    if (this.said.has(key)) return;
    this.said.add(key);
    if (!this.#before.has(key)) this.#log.warn(message, { ...lasting, ...changing }, key);
  }
}

/** A directory that is only named, and empty, may be a variable in a shell. It is found again once a process writes to it. */
function hasSomething(directory: DiscoveredDirectory): boolean {
  return isWritten(directory) || (directory.metricFiles ?? 0) > 0;
}

/** `device:inode`, as in DiscoveredDirectory, of those that exist. */
async function identities(paths: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await Promise.all(paths.map(identityAt))).flatMap((identity) => identity ?? []));
}

/** NO_ANSWER where its file system hangs; undefined where the path does not exist. */
async function identityAt(path: string): Promise<string | undefined> {
  const there = await statsAt(path);
  return typeof there === 'object' ? identityOf(there) : there;
}

/** Likewise. */
async function statsAt(path: string): Promise<PathStats | typeof NO_ANSWER | undefined> {
  try {
    return await boundedIo.stat(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === NO_ANSWER ? NO_ANSWER : undefined;
  }
}
