/** A real Prometheus that scrapes one target, or has blocks, until it is stopped. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { start } from './process.js';
import { tempDirectory } from './temp.js';

export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export class PrometheusServer {
  readonly #child: ReturnType<typeof start>;
  readonly #port: number;
  #log = '';

  private constructor(child: ReturnType<typeof start>, port: number) {
    this.#child = child;
    this.#port = port;
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#log += chunk;
    });
    child.stdout!.resume();
  }

  /**
   * @param job more of the scrape configuration, such as its scheme and TLS
   * @param rules files of rules, evaluated every second
   */
  static async scrape(
    program: string,
    target: string,
    job: Readonly<Record<string, unknown>> = {},
    rules: readonly string[] = [],
  ): Promise<PrometheusServer> {
    const home = tempDirectory();
    const port = await freePort();
    writeFileSync(
      `${home}/prometheus.yml`,
      JSON.stringify({
        global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '1s' },
        rule_files: rules,
        scrape_configs: [{ job_name: 'promfold', static_configs: [{ targets: [target] }], ...job }],
      }),
    );
    const child = start(program, [
      `--config.file=${home}/prometheus.yml`,
      `--storage.tsdb.path=${home}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    return new PrometheusServer(child, port);
  }

  /**
   * With blocks that promtool made, of any age.
   *
   * @param lookBack how long a series is shown after its last point
   */
  static async open(program: string, data: string, lookBack: string): Promise<PrometheusServer> {
    const home = tempDirectory();
    const port = await freePort();
    writeFileSync(`${home}/prometheus.yml`, '{}');
    const child = start(program, [
      `--config.file=${home}/prometheus.yml`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--query.lookback-delta=${lookBack}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    return new PrometheusServer(child, port);
  }

  /** Asks until there is an answer: the first scrape takes a moment. */
  async query(expression: string, atSeconds?: number): Promise<QueryResult[]> {
    const time = atSeconds === undefined ? '' : `&time=${atSeconds}`;
    const url = `http://127.0.0.1:${this.#port}/api/v1/query?query=${encodeURIComponent(expression)}${time}`;
    for (let tries = 0; tries < 150; tries += 1) {
      const response = await fetch(url).catch(() => undefined);
      if (response?.ok) {
        const { data } = (await response.json()) as { data: { result: QueryResult[] } };
        if (data.result.length > 0) return data.result;
      }
      await sleep(100);
    }
    throw new Error(`no answer to ${expression}: ${this.#log.slice(-2000)}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
