/**
 * Which file system a path is on, from /proc/self/mountinfo.
 *
 *   36 35 98:0 / /run/prom rw,noatime master:1 - tmpfs tmpfs rw,size=1024k
 *
 * Source: proc(5). The last mount on a directory covers those before it.
 */
import { readFileSync } from 'node:fs';
import { boundedIo } from '../bounded-io.js';

export interface Mount {
  readonly mountPoint: string;
  /** `tmpfs`, `ext4`, `nfs4`, `overlay`, `fuse.sshfs`. */
  readonly type: string;
  /** Of the file system: `rw,hidepid=2`. */
  readonly options: string;
}

export function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ', 2);
    const mountPoint = before?.split(' ')[4];
    const [type, , options = ''] = after?.split(' ') ?? [];
    if (mountPoint === undefined || type === undefined) continue;
    mounts.push({ mountPoint: unescaped(mountPoint), type, options });
  }
  return mounts;
}

/** The mount that holds an absolute path without links. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const { mountPoint } = mount;
    const prefix = mountPoint.endsWith('/') ? mountPoint : `${mountPoint}/`;
    if (path !== mountPoint && !path.startsWith(prefix)) continue;
    if (best === undefined || mountPoint.length >= best.mountPoint.length) best = mount;
  }
  return best;
}

/** Of the mount namespace that promfold is in; none where /proc does not say. */
export function readMounts(procDirectory = '/proc'): Mount[] {
  try {
    return parseMounts(readFileSync(`${procDirectory}/self/mountinfo`, 'utf8'));
  } catch {
    return [];
  }
}

/** Undefined where the path or its mount cannot be found. */
export async function fileSystemType(path: string): Promise<string | undefined> {
  const real = await boundedIo.realPath(path).catch(() => undefined);
  return real === undefined ? undefined : mountOf(real, readMounts())?.type;
}

/** Blanks, tabs, newlines and backslashes are octal there. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
