/**
 * The process that listens on a TCP port: for the message that it is in use. Needs no privileges; a process of
 * another user or network namespace stays unknown.
 *
 * Source: proc(5), /proc/net/tcp and /proc/[pid]/fd.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { roleOf } from './role.js';

export interface PortHolder {
  readonly pid: number;
  /** Role or name of the program, but nothing else of its command line, which may contain secrets. */
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
    const program = programName(readOrEmpty(`/proc/${pid}/cmdline`));
    return { pid: Number(pid), program: program ?? readOrEmpty(`/proc/${pid}/comm`).trim() };
  }
  return undefined;
}

/**
 * The program in a command line. Not the name of the process (comm): that is the name of its first
 * thread, `MainThread` for Node 24 and later.
 *
 * @param commandLine content of /proc/PID/cmdline
 * @returns undefined if there is none
 */
export function programName(commandLine: string): string | undefined {
  // A title replaces the arguments: `nginx: master process /usr/sbin/nginx -g daemon off;`.
  const [first = ''] = commandLine.split(/\0|:?\s/, 1);
  return roleOf(commandLine) ?? (first.slice(first.lastIndexOf('/') + 1) || undefined);
}

/** @returns these sockets as /proc/[pid]/fd names them */
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
