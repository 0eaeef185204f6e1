/**
 * The multiprocess directories in use: those in which running processes map metric files for writing, and those that
 * their PROMETHEUS_MULTIPROC_DIR names.
 *
 *   /proc/PID/maps     rw-s … /tmp/tmpftrftke4/counter_9232.db     it writes there
 *   /proc/PID/environ  PROMETHEUS_MULTIPROC_DIR=/tmp/tmpftrftke4   it was started with it
 *
 * The environment is that of the start of the process: a launcher that sets the variable itself, as vLLM's does,
 * shows it only in its children. No other variable is read, and command lines only give a role: both contain secrets.
 *
 * Any user can name and map any number of directories: of each user only the first 200 are read.
 *
 * A directory in another mount namespace has a path that promfold can open, in /proc/PID/root; if processes name one
 * directory differently, device and inode identify it. Nothing here throws: unreadable processes are part of the
 * result.
 */
import { resolve } from 'node:path';
import { boundedIo } from '../bounded-io.js';
import { readMounts } from '../files/mounts.js';
import { forEachConcurrently } from './concurrently.js';
import { hidesProcesses } from './find-writers.js';
import { writableMappings } from './maps.js';
import { METRIC_FILE, OLD_VARIABLE, VARIABLE, variableOf } from './metric-processes.js';
import { identityOf, type Reached, reach, type View, viewOf } from './namespace-path.js';
import { DENIED, Proc } from './proc.js';
import { SubordinateIds } from './subordinate-ids.js';

/** A process that writes to a directory or names it. Contains no secrets: no command line, no environment. */
export interface DirectoryUser {
  readonly pid: number;
  /** Its real user, which no process can choose; for a subordinate id, its owner. */
  readonly uid: number | undefined;
  /** `VLLM::APIServer_0`, from the process title if that names a role. */
  readonly role: string | undefined;
  /** Base name of the program: `python3.11`. */
  readonly program: string | undefined;
  /** Whether it maps metric files there for writing; else only its environment names the directory. */
  readonly writes: boolean;
  /** How many of those have been removed: only the process can still read them. */
  readonly removedFiles: number;
}

export interface DiscoveredDirectory {
  /** A path that promfold can open; `/proc/PID/root/…` in another mount namespace. */
  readonly path: string;
  /** The path that its processes use. */
  readonly insidePath: string;
  /** `device:inode`: the same while the directory exists; undefined if stat fails. */
  readonly identity: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Permission bits. */
  readonly mode: number | undefined;
  /** Metric files in it; undefined if it cannot be listed. */
  readonly metricFiles: number | undefined;
  /**
   * The error of reading it: ENOENT, EACCES, ENOTDIR; ETIMEDOUT if its file system does not answer; undefined if it
   * can be read.
   */
  readonly error: string | undefined;
  /** By pid, never empty. */
  readonly users: readonly DirectoryUser[];
  /**
   * Parents of the engine processes that write here, if only engines do. The parent is the server that has the
   * metrics: it set the variable after importing prometheus_client, so it keeps them in memory. NVIDIA Dynamo does so
   * (dynamo#4323). Without a uid.
   */
  readonly setLateBy: readonly DirectoryUser[];
}

/** Unreadable processes of one user. */
export interface Unread {
  readonly uid: number;
  readonly processes: number;
}

export interface Discovery {
  /** Written ones first, then by path. */
  readonly directories: readonly DiscoveredDirectory[];
  /** By uid. */
  readonly unread: readonly Unread[];
  /** Users of more directories than are read; the rest is not in `directories`. */
  readonly crowded: readonly number[];
  /** Whether /proc may hide the processes of other users (hidepid). */
  readonly isPartial: boolean;
}

/** How one process uses one directory. */
interface Sighting {
  readonly pid: number;
  readonly uid: number | undefined;
  readonly parentPid: number;
  readonly startAfterBoot: number;
  readonly insidePath: string;
  readonly writes: boolean;
  readonly removedFiles: number;
  readonly reached: Reached;
}

/** An engine of vLLM, whose metrics are in the server that started it. */
const ENGINE = /^VLLM::(?:EngineCore|Worker)/i;

/** Several times what all processes of a host that serves models use. */
export const MAX_DIRECTORIES_OF_USER = 200;

/** Limits the directories that are read for each user. */
class UserQuota {
  readonly #ofUser = new Map<number | undefined, Set<string>>();
  readonly crowded = new Set<number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns false beyond the limit */
  add(uid: number | undefined, place: string): boolean {
    const places = this.#ofUser.get(uid) ?? new Set();
    this.#ofUser.set(uid, places);
    if (places.has(place)) return true;
    if (places.size >= this.#max) {
      if (uid !== undefined) this.crowded.add(uid);
      return false;
    }
    places.add(place);
    return true;
  }
}

/**
 * @param proc replaced only in tests
 * @param maxOfUser directories of one user that are read
 */
export async function discoverDirectories(
  proc = new Proc(),
  maxOfUser = MAX_DIRECTORIES_OF_USER,
): Promise<Discovery> {
  const own = await viewOf('self');
  const subordinateIds = await SubordinateIds.read();
  const quota = new UserQuota(maxOfUser);
  const reaches = new Map<string, Promise<Reached>>();
  const sightings: Sighting[] = [];
  const unread = new Map<number, number>();

  await forEachConcurrently(await proc.pids().catch(() => []), async (pid) => {
    if (pid === process.pid) return;
    const [maps, environ] = await Promise.all([proc.read(pid, 'maps'), proc.read(pid, 'environ')]);
    if (maps === DENIED) {
      const uid = await ownerOfUnread(pid, proc);
      if (uid !== undefined) unread.set(uid, (unread.get(uid) ?? 0) + 1);
      return;
    }
    if (maps === undefined) return;
    const named = environ === undefined || environ === DENIED ? undefined : variableIn(environ);
    const mapped = mappedDirectories(maps);
    if (mapped.size === 0 && named === undefined) return;
    const real = await proc.realUser(pid);
    const uid = real === undefined ? undefined : subordinateIds.ownerOf(real);
    const seen = await sightingsOf(pid, uid, mapped, named, proc, own, reaches, quota);
    for (const sighting of seen) sightings.push(sighting);
  });

  const directories: DiscoveredDirectory[] = [];
  // Some at a time: one that hangs does not delay the others.
  await forEachConcurrently([...groups(sightings)], async (group) => {
    directories.push(await describe(group, sightings, proc));
  });
  directories.sort(
    (a, b) =>
      Number(isWritten(b)) - Number(isWritten(a)) ||
      byText(a.insidePath, b.insidePath) ||
      byText(a.path, b.path),
  );
  return {
    directories,
    unread: [...unread]
      .map(([uid, processes]) => ({ uid, processes }))
      .sort((a, b) => a.uid - b.uid),
    crowded: [...quota.crowded].sort((a, b) => a - b),
    isPartial: hidesProcesses(readMounts()),
  };
}

export function isWritten({ users }: DiscoveredDirectory): boolean {
  return users.some(({ writes }) => writes);
}

/** Undefined for processes without maps: kernel threads, and processes that are ending. */
async function ownerOfUnread(pid: number, proc: Proc): Promise<number | undefined> {
  const [about, owner] = await Promise.all([proc.stat(pid), proc.owner(pid)]);
  return about === undefined || about.isKernelThread || about.isZombie ? undefined : owner;
}

/** Chosen as the client does; undefined if both are unset or empty. */
function variableIn(environ: string): string | undefined {
  return (variableOf(VARIABLE, environ) ?? variableOf(OLD_VARIABLE, environ)) || undefined;
}

/** Directory → how many of its mapped files are removed. */
function mappedDirectories(maps: string): ReadonlyMap<string, number> {
  const files = new Map<string, { directory: string; isRemoved: boolean }>();
  for (const { identity, path } of writableMappings(maps)) {
    const name = path.replace(/ \(deleted\)$/, '');
    const end = name.lastIndexOf('/');
    if (end < 0 || !METRIC_FILE.test(name.slice(end + 1))) continue;
    const bytes = name.slice(0, end).replaceAll('\\012', '\n');
    const directory = Buffer.from(bytes, 'latin1').toString() || '/';
    files.set(identity, { directory, isRemoved: name !== path });
  }
  const removed = new Map<string, number>();
  for (const { directory, isRemoved } of files.values()) {
    removed.set(directory, (removed.get(directory) ?? 0) + Number(isRemoved));
  }
  return removed;
}

async function sightingsOf(
  pid: number,
  uid: number | undefined,
  mapped: ReadonlyMap<string, number>,
  named: string | undefined,
  proc: Proc,
  own: View,
  reaches: Map<string, Promise<Reached>>,
  quota: UserQuota,
): Promise<Sighting[]> {
  const [about, view] = await Promise.all([proc.stat(pid), viewOf(pid)]);
  if (about === undefined || about.isZombie) return [];
  const { parentPid, startAfterBoot } = about;

  // A thousand workers of one application use one directory.
  const reachOnce = (path: string, isFromMaps: boolean): Promise<Reached> | undefined => {
    const key = JSON.stringify([view.mountNamespace, view.root, isFromMaps, path]);
    if (!quota.add(uid, key)) return undefined;
    const known = reaches.get(key);
    if (known !== undefined) return known;
    const asked = reach(path, view, own, isFromMaps);
    reaches.set(key, asked);
    return asked;
  };
  const found: Sighting[] = [];
  const seen = { pid, uid, parentPid, startAfterBoot };
  for (const [insidePath, removedFiles] of mapped) {
    const reached = await reachOnce(insidePath, true);
    if (reached === undefined) break;
    found.push({ ...seen, insidePath, writes: true, removedFiles, reached });
  }
  if (named !== undefined) {
    const insidePath = resolve((await proc.workingDirectory(pid)) ?? '/', named);
    const reached = await reachOnce(insidePath, false);
    if (reached && !found.some((other) => isSamePlace(other.reached, reached))) {
      found.push({ ...seen, insidePath, writes: false, removedFiles: 0, reached });
    }
  }
  return found;
}

function isSamePlace(a: Reached, b: Reached): boolean {
  return placeOf(a) === placeOf(b);
}

/** What identifies the directory of a sighting. */
function placeOf({ stats, path }: Reached): string {
  return stats === undefined ? path : identityOf(stats);
}

/** Sightings, grouped by directory. */
function groups(sightings: readonly Sighting[]): Iterable<readonly Sighting[]> {
  const byPlace = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const place = placeOf(sighting.reached);
    const group = byPlace.get(place);
    if (group === undefined) byPlace.set(place, [sighting]);
    else group.push(sighting);
  }
  return byPlace.values();
}

async function describe(
  group: readonly Sighting[],
  all: readonly Sighting[],
  proc: Proc,
): Promise<DiscoveredDirectory> {
  // The path that stays valid longest: promfold's own, else that of the oldest process.
  const [best] = [...group].sort(
    (a, b) =>
      Number(b.reached.isOurs) - Number(a.reached.isOurs) ||
      Number(b.writes) - Number(a.writes) ||
      a.startAfterBoot - b.startAfterBoot ||
      a.pid - b.pid,
  );
  const { reached, insidePath } = best!;
  const { path, stats } = reached;
  const { metricFiles, error } =
    stats === undefined
      ? { metricFiles: undefined, error: reached.error }
      : await countMetricFiles(path);
  const users = await Promise.all(
    [...group].sort((a, b) => a.pid - b.pid).map((sighting) => userOf(sighting, proc)),
  );
  return {
    path,
    insidePath,
    identity: stats && identityOf(stats),
    uid: stats?.uid,
    gid: stats?.gid,
    mode: stats && stats.mode & 0o7777,
    metricFiles,
    error,
    users,
    setLateBy: await parentsThatWereLate(group, users, all, proc),
  };
}

async function countMetricFiles(
  path: string,
): Promise<{ metricFiles: number | undefined; error: string | undefined }> {
  try {
    const names = (await boundedIo.readNames(path)).map((name) =>
      Buffer.from(name, 'latin1').toString(),
    );
    return { metricFiles: names.filter((name) => METRIC_FILE.test(name)).length, error: undefined };
  } catch (error) {
    return { metricFiles: undefined, error: (error as NodeJS.ErrnoException).code };
  }
}

async function userOf(
  { pid, uid, writes, removedFiles }: Pick<Sighting, 'pid' | 'uid' | 'writes' | 'removedFiles'>,
  proc: Proc,
): Promise<DirectoryUser> {
  const [role, program] = await Promise.all([proc.role(pid), proc.program(pid)]);
  return { pid, uid, role, program, writes, removedFiles };
}

async function parentsThatWereLate(
  group: readonly Sighting[],
  users: readonly DirectoryUser[],
  all: readonly Sighting[],
  proc: Proc,
): Promise<DirectoryUser[]> {
  const writers = users.filter(({ writes }) => writes);
  if (
    writers.length === 0 ||
    !writers.every(({ role }) => role !== undefined && ENGINE.test(role))
  ) {
    return [];
  }
  const writes = new Set(all.filter((sighting) => sighting.writes).map(({ pid }) => pid));
  const parents = new Set<number>();
  for (const { writes: isWriter, parentPid } of group) {
    if (isWriter && !writes.has(parentPid)) parents.add(parentPid);
  }
  const late = await Promise.all(
    [...parents].map((pid) =>
      userOf({ pid, uid: undefined, writes: false, removedFiles: 0 }, proc),
    ),
  );
  // Init becomes the parent when the server is gone.
  return late.filter(({ pid, program }) => pid > 1 && program !== undefined);
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
