/** The built promfold as a user runs it: one command to its end, or a daemon on a port of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from './paths.js';
import { type Finished, run, start } from './process.js';

// What a developer has set must not decide a test.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^PROM(FOLD|ETHEUS)_/i.test(name)),
);

/** Runs `promfold ...args`. */
export function promfold(
  args: readonly string[],
  {
    env: given = {},
    uid,
    input,
  }: Pick<ServeOptions, 'env' | 'uid'> & { readonly input?: string } = {},
): Promise<Finished> {
  const options = {
    env: { ...env, ...given },
    ...asUser(uid),
    ...(input !== undefined && { input }),
  };
  return run(process.execPath, [MAIN, ...args], options);
}

const asUser = (uid: number | undefined) =>
  uid !== undefined && process.getuid?.() === 0 ? { uid, gid: uid } : {};

export interface ServeOptions {
  /** Runs as this user, where the test may choose. */
  readonly uid?: number;
  /** Program and arguments that go before, and become the daemon by exec: `prlimit --nofile=64`. */
  readonly wrapper?: readonly string[];
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Characters; of a longer log only the end is kept. */
const MAX_LOG = 2 ** 20;

export class Daemon {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #log: () => string;

  private constructor(child: ChildProcess, url: string, log: () => string) {
    this.#child = child;
    this.url = url;
    this.#log = log;
  }

  /** `promfold serve [DIR]` on a free port; resolves once it listens. */
  static async serve(
    directory: string | undefined,
    flags: readonly string[] = [],
    { uid, wrapper = [], env: given = {} }: ServeOptions = {},
  ): Promise<Daemon> {
    const args = [
      'serve',
      ...(directory === undefined ? [] : [directory]),
      '--web.listen-address',
      '127.0.0.1:0',
      ...flags,
    ];
    const [program, ...rest] = [...wrapper, process.execPath, MAIN, ...args];
    const child = start(program!, rest, { env: { ...env, ...given }, ...asUser(uid) });
    let log = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        log += chunk;
        if (log.length > 2 * MAX_LOG) log = log.slice(-MAX_LOG);
      });
    }
    const deadline = Date.now() + 20_000;
    for (;;) {
      const port = /127\.0\.0\.1:([1-9][0-9]*)/.exec(log)?.[1];
      if (port !== undefined) return new Daemon(child, `http://127.0.0.1:${port}`, () => log);
      if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}: ${log}`);
      if (Date.now() > deadline) throw new Error(`serve does not listen: ${log}`);
      await sleep(10);
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything it has printed. */
  get log(): string {
    return this.#log();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async get(path: string, headers: Record<string, string> = {}) {
    const response = await fetch(this.url + path, { headers });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  /** @returns the exit code after SIGTERM */
  async stop(): Promise<number | null> {
    if (this.isRunning) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    return this.#child.exitCode;
  }
}
