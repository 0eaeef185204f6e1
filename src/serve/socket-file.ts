/**
 * A listening socket in the file system: what stood there before, and who may connect.
 *
 * A socket that nobody listens on any more, as a killed process leaves it, is removed; one that somebody listens on, and
 * every other file, stays, and listening fails.
 */
import { chmod, chown, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

export interface SocketAccess {
  /** Permission bits: who may write to it may connect. */
  readonly mode: number;
  /** As chown(2) takes them, -1 for no change; absent for no change at all. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** @throws with `code` EADDRINUSE where something else is there */
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
  const what = isSocket ? 'somebody listens on it' : 'it is not a socket';
  throw Object.assign(new Error(`listen EADDRINUSE: ${path}: ${what}`), { code: 'EADDRINUSE' });
}

export async function setAccess(path: string, { mode, owner }: SocketAccess): Promise<void> {
  // Whose it is to be must not be looser for a moment than it is to be in the end.
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
