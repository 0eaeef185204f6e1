/**
 * What the families of inference engines mean, by exact name: which gauges are the queue and the batch of an engine, which
 * counts move when it works, which show that requests arrive, and what a router reads of it. Names of different engines
 * differ, so all profiles can be used at once.
 *
 * Names are those of samples, as printed: a counter with `_total`, a histogram without `_sum` or `_bucket`. Each profile
 * names the source that it was read from. What routers read is from the mapping of llm-d's picker:
 * pkg/epp/framework/plugins/datalayer/extractor/metrics/factories.go of llm-d-router at ebab687927f5.
 */

/** A gauge, where only one value of a label counts. */
export interface LabelledGauge {
  readonly name: string;
  readonly label: string;
  readonly value: string;
}

/** A counter of requests to a front end, by the labels that it has. */
export interface ArrivalCounter {
  readonly name: string;
  /** The label with the path, and the paths whose requests reach an engine. */
  readonly pathLabel: string;
  readonly paths: readonly string[];
  /** The label with the status, where the counter has one. What was refused as wrong (4xx) reached no engine. */
  readonly statusLabel?: string;
  /** A request is counted when it has ended, not when it arrives. */
  readonly countsEnded: boolean;
}

/** How an engine says what its cache for keys and values has: as labels of a gauge that is always 1, or as gauges. */
export interface CacheConfig {
  readonly info?: {
    readonly name: string;
    /** Labels that are the same for all engines: tokens in a block. The first one is always there. */
    readonly same: readonly [string, ...string[]];
    /** The label with the number of blocks of an engine. */
    readonly blocks: string;
  };
  readonly gauges?: { readonly same: string; readonly blocks: string };
}

export interface Profile {
  readonly title: string;
  /** Of the names of all its families. */
  readonly prefix: string;
  /** Labels that tell engines of a model from each other; an engine without them is `0`. */
  readonly engineLabels: readonly string[];
  readonly modelLabel: string;
  /**
   * Labels that tell apart who says it, and not what it is about: ranks that all know the same queue. Of their values the
   * largest one counts. `pid` is that of a gauge of mode `all`: of any, not only of queues and caches.
   */
  readonly rankLabels: readonly string[];
  /** Labels of a part: a series that has another value here than '' is already counted by the one with ''. */
  readonly partLabels: readonly string[];
  /** Requests in the batch of an engine. */
  readonly running: readonly string[];
  /** Requests that wait for it. */
  readonly waiting: readonly string[];
  /** Of those, the ones that wait for room: others wait for something else, as for the transfer of a cache. */
  readonly waitingForRoom: readonly LabelledGauge[];
  /** 1 while an engine is awake; 0 while its weights are away. */
  readonly awake: readonly LabelledGauge[];
  /** Above 0 while requests are held back on purpose, as for new weights. */
  readonly paused: readonly string[];
  /** Counters and histograms that move while an engine works. */
  readonly progress: readonly string[];
  /** Counters of requests that an engine has finished. */
  readonly finished: readonly string[];
  /** How long one step may take: a histogram of seconds. */
  readonly longestStep: readonly string[];
  readonly arrivals: readonly ArrivalCounter[];
  /** Share of the cache for keys and values that is in use. */
  readonly cacheUsage: readonly string[];
  readonly cacheConfig: CacheConfig;
  /** A gauge whose value is the time it was set, so that the newest series says what is so now. */
  readonly adapters: readonly string[];
}

const GENERATION_PATHS = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/embeddings',
  '/v1/score',
  '/v1/rerank',
  '/v1/audio/transcriptions',
  '/v1/audio/translations',
  '/generate',
  '/classify',
  '/pooling',
  '/score',
  '/rerank',
  '/inference/v1/generate',
];

/** v1/metrics/loggers.py and entrypoints/serve/instrumentator/metrics.py at 7cfb97e33791. */
const VLLM: Profile = {
  title: 'vLLM',
  prefix: 'vllm:',
  engineLabels: ['engine'],
  modelLabel: 'model_name',
  rankLabels: [],
  partLabels: [],
  running: ['vllm:num_requests_running'],
  waiting: ['vllm:num_requests_waiting'],
  waitingForRoom: [
    { name: 'vllm:num_requests_waiting_by_reason', label: 'reason', value: 'capacity' },
  ],
  awake: [{ name: 'vllm:engine_sleep_state', label: 'sleep_state', value: 'awake' }],
  paused: [],
  progress: [
    'vllm:generation_tokens_total',
    'vllm:prompt_tokens_total',
    'vllm:iteration_tokens_total',
    'vllm:request_success_total',
  ],
  finished: ['vllm:request_success_total'],
  longestStep: ['vllm:request_prefill_time_seconds'],
  arrivals: [
    {
      name: 'http_requests_total',
      pathLabel: 'handler',
      paths: GENERATION_PATHS,
      statusLabel: 'status',
      countsEnded: true,
    },
  ],
  cacheUsage: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'],
  cacheConfig: {
    info: {
      name: 'vllm:cache_config_info',
      // The second one since llm-d-router#2455.
      same: ['block_size', 'prefix_match_unit'],
      blocks: 'num_gpu_blocks',
    },
  },
  adapters: ['vllm:lora_requests_info'],
};

/**
 * srt/observability/metrics_collector.py at 016d8605e458; `cache_config_info` is of earlier releases (sglang#17273, removed
 * by #24197), and pickers before llm-d-router#2619 read nothing else.
 */
const SGLANG: Profile = {
  title: 'SGLang',
  prefix: 'sglang:',
  engineLabels: ['dp_rank'],
  modelLabel: 'model_name',
  rankLabels: ['tp_rank', 'pp_rank', 'moe_ep_rank'],
  partLabels: ['priority'],
  running: ['sglang:num_running_reqs'],
  waiting: ['sglang:num_queue_reqs'],
  waitingForRoom: [],
  awake: [],
  paused: ['sglang:num_paused_reqs'],
  progress: [
    'sglang:realtime_tokens_total',
    'sglang:generation_tokens_total',
    'sglang:prompt_tokens_total',
    'sglang:num_requests_total',
  ],
  finished: ['sglang:num_requests_total'],
  longestStep: [],
  arrivals: [
    {
      name: 'sglang:http_requests_total',
      pathLabel: 'endpoint',
      paths: GENERATION_PATHS,
      countsEnded: false,
    },
  ],
  cacheUsage: ['sglang:token_usage'],
  cacheConfig: {
    info: { name: 'sglang:cache_config_info', same: ['page_size'], blocks: 'num_pages' },
    gauges: { same: 'sglang:page_size', blocks: 'sglang:num_pages' },
  },
  adapters: [],
};

/** metrics/collector.py at 050f80def8df. Its gauges are of mode `all`. */
const TENSORRT_LLM: Profile = {
  title: 'TensorRT-LLM',
  prefix: 'trtllm_',
  engineLabels: [],
  modelLabel: 'model_name',
  rankLabels: ['pid'],
  partLabels: [],
  running: ['trtllm_num_requests_running'],
  waiting: ['trtllm_num_requests_waiting'],
  waitingForRoom: [],
  awake: [],
  paused: ['trtllm_num_paused_requests'],
  progress: [
    'trtllm_generation_tokens_total',
    'trtllm_prompt_tokens_total',
    'trtllm_request_success_total',
    'trtllm_num_requests_completed_total',
    'trtllm_iteration_latency_seconds',
  ],
  finished: ['trtllm_request_success_total'],
  longestStep: ['trtllm_request_prefill_time_seconds'],
  arrivals: [],
  cacheUsage: ['trtllm_kv_cache_utilization'],
  cacheConfig: {
    gauges: { same: 'trtllm_kv_cache_tokens_per_block', blocks: 'trtllm_kv_cache_max_blocks' },
  },
  adapters: [],
};

/**
 * A worker of Dynamo has the families of its engine; these are its own. Its front ends write no files.
 * components/src/dynamo/common/utils/prometheus.py at 2a6da14c8361.
 */
const DYNAMO: Profile = {
  title: 'Dynamo',
  prefix: 'dynamo_component_',
  engineLabels: ['dp_rank'],
  modelLabel: 'model',
  rankLabels: [],
  partLabels: [],
  running: [],
  waiting: [],
  waitingForRoom: [],
  awake: [],
  paused: [],
  progress: [],
  finished: [],
  longestStep: [],
  arrivals: [],
  cacheUsage: ['dynamo_component_gpu_cache_usage_percent'],
  cacheConfig: {},
  adapters: [],
};

export const PROFILES = {
  vllm: VLLM,
  sglang: SGLANG,
  trtllm: TENSORRT_LLM,
  dynamo: DYNAMO,
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof PROFILES;

/** Values of `--watchdog.profile`. */
export const PROFILE_CHOICES = [
  'all',
  ...Object.keys(PROFILES),
  'none',
] as readonly ProfileChoice[];
export type ProfileChoice = ProfileName | 'all' | 'none';

/** A worker of Dynamo writes what its engine writes. */
const USED: Readonly<Record<ProfileChoice, readonly ProfileName[]>> = {
  all: ['vllm', 'sglang', 'trtllm', 'dynamo'],
  vllm: ['vllm'],
  sglang: ['sglang'],
  trtllm: ['trtllm'],
  dynamo: ['dynamo', 'vllm', 'sglang', 'trtllm'],
  none: [],
};

export function profilesOf(choice: ProfileChoice): readonly Profile[] {
  return USED[choice].map((name) => PROFILES[name]);
}

/** Those of engines that a router may send requests to. Dynamo has a planner and a router of its own. */
export const ROUTED_PROFILES: readonly Profile[] = [VLLM, SGLANG, TENSORRT_LLM];
