/** A program that runs while a test talks to it: what it has printed so far, and waiting for what it will. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseStat } from '../../src/processes/proc.js';
import { start } from './process.js';

/** Only a failure waits so long. A daemon on a busy machine looks for dead processes once a minute. */
const TIMEOUT_MILLISECONDS = 90_000;

export class Session {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<unknown>;

  /** In a process group of its own, so that a signal for the group does not reach the test. */
  constructor(program: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = start(program, args, { detached: true, ...options });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.child.stdin?.on('error', () => {});
    this.#ended = once(this.child, 'exit');
  }

  get pid(): number {
    return this.child.pid!;
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  /** Waits until it has printed something. */
  shows(pattern: RegExp, on: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    return until(
      () => pattern.exec(this[on]),
      () => `${pattern} in ${JSON.stringify({ stdout: this.stdout, stderr: this.stderr })}`,
    );
  }

  async end(): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
    const { child } = this;
    await until(
      () => child.exitCode !== null || child.signalCode !== null,
      () => `the end of ${child.spawnargs.join(' ')}: ${this.stderr}`,
    );
    await this.#ended;
    return { exitCode: child.exitCode, signal: child.signalCode };
  }

  /** For `afterEach`: with all that it has started, in whatever group. */
  kill(): void {
    for (const pid of [...descendantsOf(this.pid), -this.pid]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }
}

/** What a process has started and not lost: never 0, which to kill() is the test itself and all about it. */
export function childrenOf(pid: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^[1-9]\d*$/.test(name));
  return pids.map(Number).filter((other) => statOf(other)?.parentPid === pid);
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Undefined when it is gone. */
export function statOf(pid: number) {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Asks again and again, until there is an answer. */
export async function until<T>(
  ask: () => T | Promise<T>,
  what: () => string,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + TIMEOUT_MILLISECONDS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false)
      return answer as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what()}`);
    await sleep(50);
  }
}
