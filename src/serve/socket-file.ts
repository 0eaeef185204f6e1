/**
 * A listening socket in the file system: replaces an abandoned one, and sets who can connect.
 *
 * A socket without a listener, as a killed process leaves it, is removed. A socket with a listener, and any other
 * file, is kept, and listening fails.
 */
import { chmod, chown, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

export interface SocketAccess {
  /** Permission bits: users who can write to it can connect. */
  readonly mode: number;
  /** As chown(2) takes them, -1 for no change; absent for no change at all. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** @throws with `code` EADDRINUSE if something else exists there */
export async function removeStaleSocket(path: string): Promise<void> {
  let isSocket: boolean;
  try {
    isSocket = (await lstat(path)).isSocket();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (isSocket && (await isAbandoned(path))) {
    await unlink(path);
    return;
  }
  const what = isSocket ? 'a process listens on it' : 'it is not a socket';
  throw Object.assign(new Error(`listen EADDRINUSE: ${path}: ${what}`), { code: 'EADDRINUSE' });
}

export async function setAccess(path: string, { mode, owner }: SocketAccess): Promise<void> {
  // Its permissions must never be looser than in the end.
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  await chmod(path, mode);
}

function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}
