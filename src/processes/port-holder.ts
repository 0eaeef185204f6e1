/**
 * Who listens on a TCP port: for the message that it is taken. Needs no more than what this user may
 * see of others; a process of somebody else stays unknown, and so does one of another network namespace.
 *
 * Source: proc(5), /proc/net/tcp and /proc/[pid]/fd.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface PortHolder {
  readonly pid: number;
  /** Name of the program; its command line may hold secrets. */
  readonly program: string;
}

const LISTENING = '0A';

export function portHolder(port: number): PortHolder | undefined {
  const sockets = new Set(
    ['tcp', 'tcp6'].flatMap((table) => listeningInodes(readOrEmpty(`/proc/net/${table}`), port)),
  );
  if (sockets.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!openFiles(pid).some((link) => sockets.has(link))) continue;
    return { pid: Number(pid), program: readOrEmpty(`/proc/${pid}/comm`).trim() };
  }
  return undefined;
}

/** @returns what /proc/[pid]/fd says of these sockets */
export function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENING && local?.endsWith(`:${hexPort}`) ? [`socket:[${inode}]`] : [];
  });
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOrEmpty(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
