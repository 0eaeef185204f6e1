/**
 * What keeps a process in the very directory, whatever its path leads to later: a mount of it (a container's volume, a
 * sidecar's bind mount), or that it is the working directory or the root. Were the directory swapped for another one of its
 * name, such a process would stay in the old one.
 *
 * Mounts are those of all mount namespaces that can be read; processes of one share its table. Source: proc(5),
 * /proc/PID/mountinfo.
 */
import { boundedIo, type PathStats } from '../bounded-io.js';
import { type Mount, mountOf, parseMounts, pathInFileSystem } from '../files/mounts.js';
import { forEachConcurrently } from './concurrently.js';
import { identityOf } from './namespace-path.js';
import { DENIED, Proc } from './proc.js';

export interface Pin {
  readonly pid: number;
  readonly role: string | undefined;
  readonly program: string | undefined;
  readonly by: 'mount' | 'working directory' | 'root';
  /** Where it is mounted, as that process sees it; absent for the other ways. */
  readonly mountPoint?: string;
}

/**
 * @param path absolute, without links
 * @returns one of the processes that it would leave behind; undefined if none is visible
 */
export async function pinOf(path: string, proc = new Proc()): Promise<Pin | undefined> {
  const own = await mountsOf(process.pid, proc);
  const mount = mountOf(path, own);
  const isDirectory = mountTest(path, mount);
  const stats = await boundedIo.stat(path);
  let found: Omit<Pin, 'role' | 'program'> | undefined;
  const namespaces = new Set<string>();
  const pids = await proc.pids().catch(() => []);
  await forEachConcurrently(pids, async (pid) => {
    if (found !== undefined) return;
    const by = await standsIn(pid, stats, proc);
    if (by !== undefined) {
      found ??= { pid, by };
      return;
    }
    const namespace = await proc.mountNamespace(pid);
    if (namespace === undefined || namespaces.has(namespace)) return;
    namespaces.add(namespace);
    const mounts = await mountsOf(pid, proc);
    const pinned = mounts.find(isDirectory);
    if (pinned !== undefined) found ??= { pid, by: 'mount', mountPoint: pinned.mountPoint };
  });
  if (found === undefined) return undefined;
  const { pid } = found;
  return { ...found, role: await proc.role(pid), program: await proc.program(pid) };
}

/** Whether a mount of any namespace is one of this directory. */
function mountTest(path: string, own: Mount | undefined): (mount: Mount) => boolean {
  if (own === undefined) return () => false;
  const root = pathInFileSystem(path, own);
  return (mount) => mount.device === own.device && mount.root === root;
}

async function mountsOf(pid: number, proc: Proc): Promise<readonly Mount[]> {
  const text = await proc.read(pid, 'mountinfo');
  if (text === undefined || text === DENIED) return [];
  return parseMounts(Buffer.from(text, 'latin1').toString());
}

async function standsIn(
  pid: number,
  directory: PathStats,
  proc: Proc,
): Promise<'working directory' | 'root' | undefined> {
  const identity = identityOf(directory);
  const isThere = async (link: 'cwd' | 'root') => {
    const stats = await proc.statOf(pid, link);
    return stats !== undefined && identityOf(stats) === identity;
  };
  if (await isThere('cwd')) return 'working directory';
  return (await isThere('root')) ? 'root' : undefined;
}
