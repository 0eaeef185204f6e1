/** Workers of the real client that move all the time: page_workers.py. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from './paths.js';
import { start } from './process.js';

export class PageWorkers {
  readonly pids: readonly number[];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pids: readonly number[]) {
    this.#child = child;
    this.pids = pids;
  }

  static async start(
    python: string,
    directory: string,
    count: number,
    ...args: readonly string[]
  ): Promise<PageWorkers> {
    const script = `${ROOT}/test/support/page_workers.py`;
    const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
    const child = start(python, [script, String(count), ...args], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    return new PageWorkers(child, String(line).trim().split(' ').map(Number));
  }

  async stop(): Promise<void> {
    // One that is stopped does not end.
    for (const pid of this.pids) signal(pid, 'SIGCONT');
    const ended = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await ended;
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
