/**
 * Forwards signals that `run` receives to the command, once.
 *
 * A terminal sends Ctrl-C to its whole foreground process group, `timeout` and service managers to the group or to
 * all processes they started. The command has received such a signal already, and a second one makes some servers
 * drop their requests (uvicorn). Node does not say who sent a signal. But the daemon is in the same group: a signal
 * that it received has reached the command too. Without a daemon to ask, signals of terminal keys are assumed to have
 * reached the whole group.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseStat } from '../processes/proc.js';
import type { DaemonProcess } from './daemon-process.js';
import { FORWARDED_SIGNALS } from './wrapped.js';

const KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

export class SignalForwarding {
  /** Received before the command started, so the command has not received them. */
  readonly #early: NodeJS.Signals[] = [];
  #command: ChildProcess | undefined;
  #daemon: DaemonProcess | undefined;
  #isOver = false;

  /** From now on these signals do not end this process. */
  constructor() {
    for (const signal of FORWARDED_SIGNALS) process.on(signal, () => this.#forward(signal));
  }

  to(command: ChildProcess, daemon: DaemonProcess | undefined): void {
    this.#command = command;
    this.#daemon = daemon;
    for (const signal of this.#early) command.kill(signal);
  }

  /** The command has ended, and this process is about to end. */
  stop(): void {
    this.#isOver = true;
  }

  async #forward(signal: NodeJS.Signals): Promise<void> {
    if (this.#isOver) return;
    const command = this.#command;
    if (command === undefined) this.#early.push(signal);
    else if (!(await hasGot(command, signal, this.#daemon)) && !this.#isOver) command.kill(signal);
  }
}

async function hasGot(
  command: ChildProcess,
  signal: NodeJS.Signals,
  daemon: DaemonProcess | undefined,
): Promise<boolean> {
  const own = statOf('self');
  const its = statOf(command.pid);
  // A command that left the group (setsid, a shell with job control) does not receive what is sent to the group.
  if (own === undefined || its === undefined || its.processGroup !== own.processGroup) return false;
  const isReceived = await daemon?.hasReceived(signal);
  return isReceived ?? (KEYS.includes(signal) && own.processGroup === own.foregroundGroup);
}

function statOf(pid: number | 'self' | undefined) {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}
