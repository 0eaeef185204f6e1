/** A worker with one metric of each kind, on the real client (one_of_each.py): it lives, takes commands, and dies. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { ROOT } from './paths.js';
import { start } from './process.js';

/** As a wrapper: in a PID namespace of its own, with a shell for its pid 1, like a container. */
export const CONTAINER: readonly string[] = [
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  'sh',
  '-c',
  '"$@"; exit',
  'sh',
];

export interface WorkerOptions {
  /** Program and arguments that go before: `unshare --pid …`. */
  readonly wrapper?: readonly string[];
  /** Gauge modes to leave out. */
  readonly without?: readonly string[];
}

export class Worker {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #pid = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! });
  }

  /** Resolves once it has its metrics. */
  static async start(
    python: string,
    directory: string,
    { wrapper = [], without = [] }: WorkerOptions = {},
  ): Promise<Worker> {
    const script = `${ROOT}/test/support/one_of_each.py`;
    const [program, ...args] = [...wrapper, python, script, ...without];
    const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
    const child = start(program!, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const worker = new Worker(child);
    await worker.#answer();
    return worker;
  }

  /** As it sees itself. */
  get pid(): number {
    return this.#pid;
  }

  async set(number: number): Promise<void> {
    await this.#ask({ set: number });
  }

  /** What the client's ProcessCollector says in it, by name. */
  async collect(): Promise<Readonly<Record<string, number>>> {
    const { process: own } = await this.#ask<{ process: Record<string, number> }>({
      collect: true,
    });
    return own;
  }

  /** By SIGKILL, with what is wrapped round it. Twice is fine. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask<Answer>(request: unknown): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.#answer<Answer>();
  }

  async #answer<Answer>(): Promise<Answer> {
    const [line] = (await Promise.race([
      once(this.#lines, 'line'),
      once(this.#child, 'exit').then(() => Promise.reject(new Error('the worker ended'))),
    ])) as [string];
    const answer = JSON.parse(line) as Answer & { readonly pid: number };
    this.#pid = answer.pid;
    return answer;
  }
}
