/** Runs reference.py on one directory and asks it for scrapes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PYTHON, REFERENCE } from './paths.js';

export interface ReferenceVersion {
  readonly version: string;
  readonly python: string;
}

export interface ReferenceScrape {
  readonly ms: number;
  readonly bytes: number;
  /** 0 with gzip. */
  readonly series: number;
}

export class Reference {
  readonly version: ReferenceVersion;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcess,
    lines: AsyncIterator<string>,
    version: ReferenceVersion,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  static async start(directory: string): Promise<Reference> {
    const child = spawn(PYTHON, [REFERENCE, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    return new Reference(child, lines, await answer<ReferenceVersion>(lines));
  }

  async scrape(encoding: 'text' | 'gzip' = 'text'): Promise<ReferenceScrape> {
    this.#child.stdin!.write(`${encoding}\n`);
    const { seconds, ...counts } = await answer<{ seconds: number; bytes: number; series: number }>(
      this.#lines,
    );
    return { ms: seconds * 1000, ...counts };
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await exited;
  }
}

async function answer<T>(lines: AsyncIterator<string>): Promise<T> {
  const { value, done } = await lines.next();
  if (done) throw new Error('reference.py ended');
  return JSON.parse(value) as T;
}
