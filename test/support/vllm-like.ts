/** A server that uses the directory as vLLM does, on the real client (vllm_like.py): servers that live, die and come again. */
import { JsonLines } from './json-lines.js';
import { ROOT } from './paths.js';

export const VLLM_LIKE = `${ROOT}/test/support/vllm_like.py`;

export interface VllmFacts {
  /** None where a single API server keeps its metrics to itself. */
  readonly directory: string | null;
  readonly launcher: number;
  /** Pids, as the launcher sees them. */
  readonly servers: readonly number[];
  readonly engines: readonly number[];
}

export interface VllmOptions {
  readonly servers?: number;
  readonly engines?: number;
  /** As Dynamo: the variable is set after the client was imported. */
  readonly late?: true;
  /** More words of the command line, such as `--api-key`. */
  readonly args?: readonly string[];
  /** Program and arguments that go before: `unshare --mount …`. */
  readonly wrapper?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export class VllmLike {
  readonly #python: JsonLines;

  private constructor(python: JsonLines) {
    this.#python = python;
  }

  /** Resolves once all its processes have their metrics. */
  static async start(
    python: string,
    { servers = 2, engines = 1, late, args = [], wrapper = [], environment = {} }: VllmOptions = {},
  ): Promise<VllmLike> {
    const [program, ...words] = [
      ...wrapper,
      python,
      VLLM_LIKE,
      `--api-server-count=${servers}`,
      `--engines=${engines}`,
      ...(late ? ['--late'] : []),
      ...args,
    ];
    // What a developer has set must not decide a test.
    const env = { ...process.env, ...environment };
    if (!('PROMETHEUS_MULTIPROC_DIR' in environment)) delete env.PROMETHEUS_MULTIPROC_DIR;
    const vllm = new VllmLike(new JsonLines(program!, words, env));
    await vllm.facts();
    return vllm;
  }

  facts(): Promise<VllmFacts> {
    return this.#python.ask({ facts: true });
  }

  /** A server finishes requests of 100 prompt and 20 generated tokens each. */
  async serve(server: number, { engine = 0, requests = 1 } = {}): Promise<void> {
    await this.#python.ask({ serve: server, engine, requests });
  }

  /** By SIGKILL. */
  async kill(server: number): Promise<void> {
    await this.#python.ask({ kill: server });
  }

  /** In the same directory, under a new pid. */
  async restart(server: number): Promise<number> {
    const { pid } = await this.#python.ask<{ pid: number }>({ restart: server });
    return pid;
  }

  /** All processes by SIGKILL: the directory stays. */
  async crash(): Promise<void> {
    // It has no answer but its end.
    await this.#python.ask({ crash: true }).catch(() => {});
  }

  /** In order: a directory of its own goes too. */
  stop(): Promise<void> {
    return this.#python.close();
  }
}
