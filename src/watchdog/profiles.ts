/**
 * What the families of inference engines mean, by exact name: which gauges are the queue and the batch of an engine, which
 * counts move when it works, and which show that requests arrive. Names of different engines differ, so all profiles can be
 * used at once.
 *
 * Names are those of samples, as printed: a counter with `_total`, a histogram without `_sum` or `_bucket`.
 *
 * Sources: vLLM v1/metrics/loggers.py and entrypoints/serve/instrumentator/metrics.py at 7cfb97e33791; SGLang
 * srt/observability/metrics_collector.py at 016d8605e458; TensorRT-LLM metrics/collector.py at 050f80def8df; Dynamo
 * components/src/dynamo/common/utils/prometheus.py at 2a6da14c8361.
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

export interface Profile {
  readonly title: string;
  /** Labels that tell engines of a model from each other; an engine without them is `0`. */
  readonly engineLabels: readonly string[];
  readonly modelLabel: string;
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

const VLLM: Profile = {
  title: 'vLLM',
  engineLabels: ['engine'],
  modelLabel: 'model_name',
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
};

const SGLANG: Profile = {
  title: 'SGLang',
  engineLabels: ['dp_rank'],
  modelLabel: 'model_name',
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
};

const TENSORRT_LLM: Profile = {
  title: 'TensorRT-LLM',
  engineLabels: [],
  modelLabel: 'model_name',
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
};

/** A worker of Dynamo has the families of its engine; these are its own. Its front ends write no files. */
const DYNAMO: Profile = {
  title: 'Dynamo',
  engineLabels: ['dp_rank'],
  modelLabel: 'model',
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
