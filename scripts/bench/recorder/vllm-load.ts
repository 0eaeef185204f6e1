/**
 * The entries of vLLM API servers with 8 engines each, under a load of requests, as columns: what a tick of a source
 * gives, without a directory. Times are those of the load, not of a clock.
 *
 * Each request waits, has its prompt read and its tokens made, and each engine makes steps, as vLLM's
 * v1/metrics/loggers.py counts them: what is set at a step, at a first token and when a request ends. Latencies are
 * differences of time.time() and time.monotonic(), with the bits that these have.
 */
import { Random } from '../../../test/support/random.js';
import { keyText } from '../../demo/metric-file-writer.js';
import { counterEntry, gaugeEntry, histogramEntries, summaryEntries } from '../families.js';
import type { Entry } from '../file-image.js';
import * as vllm from '../vllm-families.js';

/** Its machine has been up for 11 days. */
const MONOTONIC_SECONDS = 1_000_000;
const STARTED_SECONDS = 1_750_000_000;
const STEP_SECONDS = 0.03;

/** As Python's time.time() and time.monotonic(): whole nanoseconds as a double. */
const clock = (seconds: number): number => Math.round(seconds * 1e9) / 1e9;
const wall = (atSeconds: number): number => STARTED_SECONDS + clock(atSeconds);
const monotonic = (atSeconds: number): number => MONOTONIC_SECONDS + clock(atSeconds);

interface Request {
  readonly arrivedAt: number;
  readonly queuedAt: number;
  readonly scheduledAt: number;
  readonly firstTokenAt: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly tokens: number;
  readonly endsAt: number;
  lastTokenAt: number;
  hasBegun: boolean;
}

/** Bounds, and the entry of the sum; that of each bucket follows. */
interface Histogram {
  readonly sum: number;
  readonly bounds: readonly number[];
}

export interface LoadOptions {
  /** 16 of them have 60,000 entries. */
  readonly servers: number;
  readonly requestsPerSecond: number;
  readonly seed: number;
}

export class VllmLoad {
  readonly fileName: string[] = [];
  readonly fileId: Uint32Array;
  readonly generation: Uint32Array;
  readonly entryEnd: Uint32Array;
  readonly valueBytes: Uint8Array;
  readonly keyId: Uint32Array;
  readonly keys: string[] = [];
  readonly value: Float64Array;
  readonly timestampSeconds: Float64Array;
  readonly #random: Random;
  readonly #pairs: Pair[] = [];
  readonly #rate: number;
  #at = 0;

  constructor({ servers, requestsPerSecond, seed }: LoadOptions) {
    this.#random = new Random(seed);
    this.#rate = requestsPerSecond / (servers * vllm.ENGINES);
    const server = serverEntries();
    const ids = new Map<string, number>();
    const keyId: number[] = [];
    const ends: number[] = [];
    for (let s = 0; s < servers; s++) {
      const of: Map<string, number>[] = Array.from({ length: vllm.ENGINES }, () => new Map());
      for (const { type, entries } of server) {
        this.fileName.push(`${type}_${4711 + s}.db`);
        for (const { entry, engine, name } of entries) {
          const text = keyText(entry);
          let id = ids.get(text);
          if (id === undefined) {
            id = ids.size;
            ids.set(text, id);
            this.keys.push(text);
          }
          if (engine !== undefined) of[engine]!.set(name, keyId.length);
          keyId.push(id);
        }
        ends.push(keyId.length);
      }
      for (const entryOf of of) this.#pairs.push(new Pair(this, entryOf, this.#random));
    }
    this.fileId = Uint32Array.from(ends, (_, i) => i);
    this.generation = new Uint32Array(ends.length);
    this.entryEnd = Uint32Array.from(ends);
    this.valueBytes = new Uint8Array(ends.length).fill(16);
    this.keyId = Uint32Array.from(keyId);
    this.value = new Float64Array(keyId.length);
    this.timestampSeconds = new Float64Array(keyId.length);
  }

  get timeSeconds(): number {
    return wall(this.#at);
  }

  /** So many seconds later. */
  advance(seconds: number): void {
    this.#at += seconds;
    for (const pair of this.#pairs) pair.advance(this.#at, this.#rate);
  }
}

/** One engine, as one API server counts it. */
class Pair {
  readonly #load: VllmLoad;
  readonly #entryOf: ReadonlyMap<string, number>;
  readonly #random: Random;
  #running: Request[] = [];
  #nextArrival: number | undefined;
  #nextStep = 0;

  constructor(load: VllmLoad, entryOf: ReadonlyMap<string, number>, random: Random) {
    this.#load = load;
    this.#entryOf = entryOf;
    this.#random = random;
    this.#nextStep = random.next() * STEP_SECONDS;
  }

  advance(to: number, rate: number): void {
    this.#nextArrival ??= this.#exponential(1 / rate);
    while (this.#nextStep < to) {
      const now = this.#nextStep;
      while (this.#nextArrival < now) {
        this.#running.push(this.#request(this.#nextArrival));
        this.#nextArrival += this.#exponential(1 / rate);
      }
      if (this.#running.length > 0) this.#step(now);
      this.#nextStep += STEP_SECONDS * (0.9 + 0.3 * this.#random.next());
    }
  }

  #request(arrivedAt: number): Request {
    const random = this.#random;
    const promptTokens = 1 + Math.floor(this.#exponential(900));
    const tokens = 2 + Math.floor(this.#exponential(220));
    const queuedAt = arrivedAt + 0.002 + 0.004 * random.next();
    const scheduledAt = queuedAt + this.#exponential(0.01);
    const firstTokenAt = scheduledAt + 0.03 + promptTokens * 0.00005 * (1 + random.next());
    return {
      arrivedAt,
      queuedAt,
      scheduledAt,
      firstTokenAt,
      promptTokens,
      cachedTokens: 16 * Math.floor((promptTokens * random.next()) / 16),
      tokens,
      endsAt: firstTokenAt + tokens * STEP_SECONDS,
      lastTokenAt: firstTokenAt,
      hasBegun: false,
    };
  }

  /** An engine's step: a token for each running request. */
  #step(now: number): void {
    let tokens = 0;
    for (const request of this.#running) {
      if (request.firstTokenAt > now) continue;
      if (!request.hasBegun) {
        this.#firstToken(request, now);
        tokens += request.promptTokens - request.cachedTokens;
      } else {
        tokens++;
        this.#observe(
          'inter_token_latency_seconds',
          monotonic(now) - monotonic(request.lastTokenAt),
        );
      }
      request.lastTokenAt = now;
      this.#add('generation_tokens', 1);
      if (request.endsAt <= now) this.#finish(request, now);
    }
    this.#running = this.#running.filter(({ endsAt }) => endsAt > now);
    if (tokens > 0) this.#observe('iteration_tokens_total', tokens);
    this.#add('estimated_flops_per_gpu', tokens * 141_107_412_992);
    this.#add('estimated_read_bytes_per_gpu', 17_641_000_000 + tokens * 327_680);
    this.#add('estimated_write_bytes_per_gpu', tokens * 327_680);
    this.#gauges(now);
  }

  #gauges(now: number): void {
    let at = now + 0.0002 * this.#random.next();
    const set = (name: string, value: number) => {
      at += 0.000_004 + 0.000_006 * this.#random.next();
      this.#set(name, value, at);
    };
    const waiting = this.#running.filter(({ scheduledAt }) => scheduledAt > now).length;
    set('num_requests_running', this.#running.length - waiting);
    set('num_requests_waiting', waiting);
    set('num_requests_waiting_by_reason/capacity', waiting);
    set('num_requests_waiting_by_reason/deferred', 0);
    let blocks = 0;
    for (const { promptTokens, lastTokenAt, firstTokenAt } of this.#running) {
      blocks += Math.ceil((promptTokens + (lastTokenAt - firstTokenAt) / STEP_SECONDS) / 16);
    }
    set('kv_cache_usage_perc', blocks / 27_441);
  }

  #firstToken(request: Request, now: number): void {
    request.hasBegun = true;
    const { promptTokens, cachedTokens } = request;
    this.#observe('time_to_first_token_seconds', wall(now) - wall(request.arrivedAt));
    this.#add('prompt_tokens', promptTokens);
    this.#add('prompt_tokens_by_source/local_compute', promptTokens - cachedTokens);
    this.#add('prompt_tokens_by_source/local_cache_hit', cachedTokens);
    this.#add('prompt_tokens_cached', cachedTokens);
    this.#add('prefix_cache_queries', promptTokens);
    this.#add('prefix_cache_hits', cachedTokens);
    this.#transfer();
  }

  /** Blocks come from another instance. */
  #transfer(): void {
    const random = this.#random;
    const descriptors = 10 + random.below(2_000);
    this.#observe('nixl_xfer_time_seconds', clock(0.004 + 0.03 * random.next()));
    this.#observe('nixl_post_time_seconds', clock(0.0004 + 0.002 * random.next()));
    this.#observe('nixl_bytes_transferred', descriptors * 32_768);
    this.#observe('nixl_num_descriptors', descriptors);
  }

  #finish(request: Request, now: number): void {
    const { arrivedAt, queuedAt, scheduledAt, firstTokenAt, promptTokens, tokens } = request;
    const decode = monotonic(now) - monotonic(firstTokenAt);
    this.#add(`request_success/${this.#random.chance(0.9) ? 'stop' : 'length'}`, 1);
    this.#observe('e2e_request_latency_seconds', wall(now) - wall(arrivedAt));
    this.#observe('request_queue_time_seconds', monotonic(scheduledAt) - monotonic(queuedAt));
    this.#observe('request_inference_time_seconds', monotonic(now) - monotonic(scheduledAt));
    this.#observe('request_prefill_time_seconds', monotonic(firstTokenAt) - monotonic(scheduledAt));
    this.#observe('request_decode_time_seconds', decode);
    this.#observe('request_time_per_output_token_seconds', decode / (tokens - 1));
    this.#observe('request_prompt_tokens', promptTokens);
    this.#observe('request_generation_tokens', tokens);
    this.#observe('request_max_num_generation_tokens', tokens);
    this.#observe('request_params_n', 1);
    this.#observe('request_params_max_tokens', 2 ** (8 + this.#random.below(4)));
    this.#observe('request_prefill_kv_computed_tokens', promptTokens - request.cachedTokens);
    // One block in a hundred is sampled.
    if (!this.#random.chance((promptTokens + tokens) / 1600)) return;
    const lifetime = this.#exponential(60);
    this.#observe('kv_block_lifetime_seconds', monotonic(now) - monotonic(now - lifetime));
    const idle = monotonic(now) - monotonic(now - lifetime * this.#random.next());
    this.#observe('kv_block_idle_before_evict_seconds', idle);
    this.#observe('kv_block_reuse_gap_seconds', clock(this.#exponential(3)));
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random.next()) * mean;
  }

  #add(name: string, amount: number): void {
    this.#load.value[this.#entryOf.get(`vllm:${name}`)!]! += amount;
  }

  #set(name: string, value: number, at: number): void {
    const entry = this.#entryOf.get(`vllm:${name}`)!;
    this.#load.value[entry] = value;
    this.#load.timestampSeconds[entry] = wall(at);
  }

  #observe(name: string, value: number): void {
    const { sum, bounds } = this.#histogram(`vllm:${name}`);
    this.#load.value[sum]! += value;
    const bucket = bounds.findIndex((bound) => value <= bound);
    this.#load.value[sum + 1 + (bucket < 0 ? bounds.length : bucket)]! += 1;
  }

  #histogram(name: string): Histogram {
    return { sum: this.#entryOf.get(name)!, bounds: BOUNDS.get(name)! };
  }
}

const BOUNDS = new Map(vllm.HISTOGRAMS.map(({ name, bounds }) => [name, bounds]));

interface NamedEntry {
  readonly entry: Entry;
  /** Absent for those of the web framework. */
  readonly engine?: number;
  /** Of the family, with a slash and the value of its own label; of a histogram only its sum has it. */
  readonly name: string;
}

/** Files and entries of one server. */
function serverEntries(): { readonly type: string; readonly entries: readonly NamedEntry[] }[] {
  const counter: NamedEntry[] = [];
  const gauge: NamedEntry[] = [];
  const histogram: NamedEntry[] = [];
  for (let engine = 0; engine < vllm.ENGINES; engine++) {
    const labels = { model_name: vllm.MODEL, engine: String(engine) };
    const add = (
      to: NamedEntry[],
      make: typeof counterEntry,
      family: (typeof vllm.COUNTERS)[number],
    ) => {
      const [label, ...values] = family.label ?? [];
      if (label === undefined) to.push({ entry: make(family, labels), engine, name: family.name });
      for (const value of values) {
        const entry = make(family, { ...labels, [label!]: value });
        to.push({ entry, engine, name: `${family.name}/${value}` });
      }
    };
    for (const family of vllm.COUNTERS) add(counter, counterEntry, family);
    for (const family of vllm.GAUGES) add(gauge, gaugeEntry, family);
    for (const family of vllm.HISTOGRAMS) {
      const [sum, ...buckets] = histogramEntries(family, labels, family.bounds);
      histogram.push({ entry: sum!, engine, name: family.name });
      for (const entry of buckets) histogram.push({ entry, name: '' });
    }
  }
  const summary = vllm.HANDLERS.flatMap((handler) =>
    vllm.HTTP_SIZES.flatMap((family) => summaryEntries(family, { handler })),
  ).map((entry) => ({ entry, name: '' }));
  return [
    { type: 'counter', entries: counter },
    { type: 'gauge_mostrecent', entries: gauge },
    { type: 'histogram', entries: histogram },
    { type: 'summary', entries: summary },
  ];
}
