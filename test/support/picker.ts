/**
 * What a picker takes from an exposition. It shares no code with src/: the rules are read from llm-d-router at ebab687927f5,
 * pkg/epp/framework/plugins/datalayer/extractor/metrics: spec.go (the first series, since no sample has a time),
 * loraspec.go (the largest value), extractor.go (labels of the cache, whole numbers, 0 for a family without a type).
 */
import { linesOf, numberOf, parseSample, type Sample } from './exposition.js';

interface Mapping {
  readonly waiting: string;
  readonly running: string;
  readonly usage: string;
  readonly lora?: string;
  readonly info?: { readonly name: string; readonly size: string; readonly blocks: string };
  readonly gauges?: { readonly size: string; readonly blocks: string };
}

/** factories.go, defaultEngineConfigs; `sglang-2619` since llm-d-router#2619. */
const MAPPINGS = {
  vllm: {
    waiting: 'vllm:num_requests_waiting',
    running: 'vllm:num_requests_running',
    usage: 'vllm:kv_cache_usage_perc',
    lora: 'vllm:lora_requests_info',
    info: { name: 'vllm:cache_config_info', size: 'block_size', blocks: 'num_gpu_blocks' },
  },
  sglang: {
    waiting: 'sglang:num_queue_reqs',
    running: 'sglang:num_running_reqs',
    usage: 'sglang:token_usage',
    info: { name: 'sglang:cache_config_info', size: 'page_size', blocks: 'num_pages' },
  },
  'sglang-2619': {
    waiting: 'sglang:num_queue_reqs',
    running: 'sglang:num_running_reqs',
    usage: 'sglang:token_usage',
    gauges: { size: 'sglang:page_size', blocks: 'sglang:num_pages' },
  },
  'trtllm-serve': {
    waiting: 'trtllm_num_requests_waiting',
    running: 'trtllm_num_requests_running',
    usage: 'trtllm_kv_cache_utilization',
    gauges: { size: 'trtllm_kv_cache_tokens_per_block', blocks: 'trtllm_kv_cache_max_blocks' },
  },
} as const satisfies Record<string, Mapping>;

/** Undefined where the picker keeps what it had. */
export interface Picked {
  readonly waiting: number | undefined;
  readonly running: number | undefined;
  readonly usage: number | undefined;
  readonly blockSize: number | undefined;
  readonly blocks: number | undefined;
  readonly runningAdapters: string | undefined;
}

export function pick(exposition: string, engine: keyof typeof MAPPINGS = 'vllm'): Picked {
  const families = new Map<string, Sample[]>();
  const types = new Map<string, string>();
  for (const line of linesOf(exposition)) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) types.set(name, type!);
    if (line.startsWith('#')) continue;
    const sample = parseSample(line);
    families.set(sample.name, [...(families.get(sample.name) ?? []), sample]);
  }
  const amountOf = ({ name, value }: Sample) =>
    ['gauge', 'counter'].includes(types.get(name) ?? 'untyped') ? numberOf(value) : 0;
  const first = (name: string | undefined) => families.get(name ?? '')?.[0];
  const number = (name: string | undefined) => {
    const sample = first(name);
    return sample === undefined ? undefined : amountOf(sample);
  };
  const whole = (name: string | undefined) => {
    const value = number(name);
    return value === undefined ? undefined : Math.trunc(value);
  };
  const label = (sample: Sample | undefined, wanted: string | undefined) =>
    sample?.labels.find(([name]) => name === wanted)?.[1];
  const { waiting, running, usage, lora, info, gauges }: Mapping = MAPPINGS[engine];
  const ofInfo = (wanted: string | undefined) => {
    const text = label(first(info?.name), wanted);
    return text === undefined ? undefined : Number(text);
  };
  let newest: Sample | undefined;
  for (const sample of families.get(lora ?? '') ?? []) {
    if (amountOf(sample) > (newest === undefined ? -1 : amountOf(newest))) newest = sample;
  }
  return {
    waiting: whole(waiting),
    running: whole(running),
    usage: number(usage),
    blockSize: ofInfo(info?.size) ?? whole(gauges?.size),
    blocks: ofInfo(info?.blocks) ?? whole(gauges?.blocks),
    runningAdapters: label(newest, 'running_lora_adapters'),
  };
}
