/**
 * The path by which promfold can open a directory that a process names.
 *
 * In promfold's own mount namespace it is the same. In another one it is `/proc/PID/root/…`, unless the path leads to
 * the same directory here, by device and inode. Source: proc(5), /proc/PID/root.
 */
import { isAbsolute, join, resolve } from 'node:path';
import { boundedIo, type PathStats } from '../bounded-io.js';

export interface Reached {
  readonly path: string;
  /** Whether it is a path in promfold's own mount namespace. */
  readonly isOurs: boolean;
  /** Undefined if stat failed. */
  readonly stats: PathStats | undefined;
  /** Of the failed stat: ENOENT, EACCES; ETIMEDOUT if its file system does not answer. */
  readonly error: string | undefined;
}

/** Where a process resolves paths: the same for all processes with an equal one. */
export interface View {
  readonly pid: number;
  /** `mnt:[4026531841]` */
  readonly mountNamespace: string | undefined;
  /** As seen from promfold's root: `/`, or another one after chroot. */
  readonly root: string | undefined;
}

/** The number of links that Linux follows before ELOOP. */
const MAX_LINKS = 40;

export async function viewOf(pid: number | 'self', procDirectory = '/proc'): Promise<View> {
  const link = (name: string) =>
    boundedIo.readLink(`${procDirectory}/${pid}/${name}`).catch(() => undefined);
  const [mountNamespace, root] = await Promise.all([link('ns/mnt'), link('root')]);
  return { pid: pid === 'self' ? process.pid : pid, mountNamespace, root };
}

/**
 * @param path absolute, as the process names it
 * @param isFromMaps a path in its maps starts at promfold's root if the mount namespace is the same
 */
export async function reach(
  path: string,
  view: View,
  own: View,
  isFromMaps: boolean,
): Promise<Reached> {
  const isSameNamespace = view.mountNamespace === own.mountNamespace;
  if (isSameNamespace && (isFromMaps || view.root === own.root)) return reachAt(path, true);

  const root = `/proc/${view.pid}/root`;
  const there = await reachAt(join(root, await withoutLinks(path, root)), false);
  const here = await reachAt(path, true);
  return isSame(there.stats, here.stats) ? here : there;
}

async function reachAt(path: string, isOurs: boolean): Promise<Reached> {
  try {
    return { path, isOurs, stats: await boundedIo.stat(path), error: undefined };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { path, isOurs, stats: undefined, error: code ?? 'unknown' };
  }
}

/** `device:inode`: the same while the directory exists. An inode of overlayfs may need all of its 64 bits. */
export function identityOf({ dev, ino }: Pick<PathStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

function isSame(a: PathStats | undefined, b: PathStats | undefined): boolean {
  return a !== undefined && b !== undefined && identityOf(a) === identityOf(b);
}

/**
 * Follows the links in a path below another root: the kernel would follow an absolute one (`/var/run` → `/run`) from
 * promfold's root.
 */
async function withoutLinks(path: string, root: string): Promise<string> {
  let done = '/';
  let left = path.split('/').filter(Boolean);
  for (let links = 0; left.length > 0; ) {
    const [part, ...rest] = left as [string, ...string[]];
    const next = resolve(done, part);
    const target = await boundedIo.readLink(join(root, next)).catch(() => undefined);
    if (target === undefined || links === MAX_LINKS) {
      done = next;
      left = rest;
      continue;
    }
    links += 1;
    left = [...target.split('/').filter(Boolean), ...rest];
    if (isAbsolute(target)) done = '/';
  }
  return done;
}
