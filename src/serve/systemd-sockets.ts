/**
 * Sockets that systemd listens on and passes (socket activation).
 *
 * Source: sd_listen_fds(3): LISTEN_FDS of them, from descriptor 3 on, for the process LISTEN_PID.
 */
import { fstatSync } from 'node:fs';

const FIRST_DESCRIPTOR = 3;

/**
 * @param environment the variables are deleted: a child process must not use them
 * @returns descriptors; none if systemd passed none to this process
 */
export function systemdSockets(
  environment: NodeJS.ProcessEnv = process.env,
  pid = process.pid,
): number[] {
  const { LISTEN_PID, LISTEN_FDS = '0' } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
  if (Number(LISTEN_PID) !== pid || !/^\d{1,4}$/.test(LISTEN_FDS)) return [];
  return Array.from({ length: Number(LISTEN_FDS) }, (_, i) => FIRST_DESCRIPTOR + i).filter(
    isSocket,
  );
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
}
