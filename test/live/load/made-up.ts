/** Directories of inference engines, and what is known of the processes that write them. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Loads, type LoadsOptions } from '../../../src/live/load/loads.js';
import type { WrittenFile } from '../../../src/processes/find-writers.js';
import type { Liveness, Writer } from '../../../src/processes/writer.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { gauge, type TestEntry, writeMetricFile } from '../../support/metric-file.js';

/** Says of each process what a test says; of others that they live. */
export class MadeUpThread {
  readonly liveness = new Map<string, Liveness>();
  readonly startSeconds = new Map<string, number>();
  #files: readonly WrittenFile[] = [];

  async writers(_watch: number, files: readonly WrittenFile[] | undefined) {
    this.#files = files ?? this.#files;
    return new Map(
      this.#files.map(({ processId }): [string, Writer] => [
        processId,
        {
          processId,
          liveness: this.liveness.get(processId) ?? 'alive',
          pid: undefined,
          role: undefined,
          program: undefined,
          startSeconds: this.startSeconds.get(processId),
        },
      ]),
    );
  }

  async forget(): Promise<void> {}
}

export class LoadOf {
  readonly scraper: Scraper;
  readonly loads: Loads;
  readonly thread = new MadeUpThread();

  constructor(
    directory: ConstructorParameters<typeof Scraper>[0],
    options: Partial<LoadsOptions> = {},
    scraperOptions: ConstructorParameters<typeof Scraper>[1] = {},
  ) {
    this.scraper = new Scraper(directory, scraperOptions);
    this.loads = new Loads(this.scraper, {
      operations: new Map(),
      maxAgeSeconds: 0,
      procThread: this.thread,
      ...options,
    });
  }

  async text(engine?: string): Promise<string> {
    return (await this.loads.answer({ engine })).text();
  }

  async close(): Promise<void> {
    this.loads.close();
    await this.scraper.close();
  }
}

export interface EngineState {
  readonly waiting: number;
  readonly running: number;
  readonly usage: number;
  /** When its gauges were set; 0 for never. */
  readonly setSeconds: number;
}

/** The gauges of a vLLM API server: each has those of all engines. */
export function vllmGauges(model: string, engines: readonly EngineState[]): TestEntry[] {
  return engines.flatMap(({ waiting, running, usage, setSeconds }, i) => {
    const labels = { model_name: model, engine: String(i) };
    return [
      gauge('vllm:num_requests_running', running, setSeconds, labels),
      gauge('vllm:num_requests_waiting', waiting, setSeconds, labels),
      gauge('vllm:kv_cache_usage_perc', usage, setSeconds, labels),
    ];
  });
}

/** As vLLM has it: 20 labels more than a router reads. */
export function vllmConfig(engine: number, blocks: string, setSeconds = 1): TestEntry {
  const others = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`option_${i}`, 'None']));
  return gauge('vllm:cache_config_info', 1, setSeconds, {
    ...others,
    block_size: '16',
    cache_dtype: 'auto',
    engine: String(engine),
    gpu_memory_utilization: '0.9',
    num_gpu_blocks: blocks,
  });
}

export function vllmAdapters(running: string, setSeconds: number, waiting = ''): TestEntry {
  return gauge('vllm:lora_requests_info', setSeconds, 0, {
    max_lora: '4',
    running_lora_adapters: running,
    waiting_lora_adapters: waiting,
  });
}

export function writeGauges(
  directory: string,
  pid: number | string,
  entries: readonly TestEntry[],
  mode = 'mostrecent',
): void {
  writeMetricFile(join(directory, `gauge_${mode}_${pid}.db`), entries, { sizeBytes: 65_536 });
}

export function removeGauges(directory: string, pid: number, mode = 'mostrecent'): void {
  rmSync(join(directory, `gauge_${mode}_${pid}.db`));
}
