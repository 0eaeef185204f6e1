/**
 * What the demo's workers measure: families as an inference server and its HTTP front end have them,
 * every metric type and every gauge mode at least once. Help texts are our own.
 */

export type GaugeMode =
  | 'all'
  | 'liveall'
  | 'min'
  | 'livemin'
  | 'max'
  | 'livemax'
  | 'sum'
  | 'livesum'
  | 'mostrecent'
  | 'livemostrecent';

export interface DemoFamily {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** Of gauges. */
  readonly mode?: GaugeMode;
  /** Without `_total`. */
  readonly name: string;
  readonly help: string;
  /** Upper bounds of a histogram, without +Inf. */
  readonly bounds?: readonly number[];
}

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const FAMILY = {
  promptTokens: {
    type: 'counter',
    name: 'vllm:prompt_tokens',
    help: 'Tokens that were read from prompts.',
  },
  generationTokens: {
    type: 'counter',
    name: 'vllm:generation_tokens',
    help: 'Tokens that were generated.',
  },
  requestSuccess: {
    type: 'counter',
    name: 'vllm:request_success',
    help: 'Requests that were answered, by what ended them.',
  },
  requestsRunning: {
    type: 'gauge',
    mode: 'mostrecent',
    name: 'vllm:num_requests_running',
    help: 'Requests that an engine is working on.',
  },
  requestsWaiting: {
    type: 'gauge',
    mode: 'mostrecent',
    name: 'vllm:num_requests_waiting',
    help: 'Requests that wait for an engine.',
  },
  cacheUsage: {
    type: 'gauge',
    mode: 'livemostrecent',
    name: 'vllm:kv_cache_usage_perc',
    help: 'Share of the key-value cache in use, 1 is all of it.',
  },
  timeToFirstToken: {
    type: 'histogram',
    name: 'vllm:time_to_first_token_seconds',
    help: 'Time until the first token of an answer.',
    bounds: SECONDS,
  },
  requestLatency: {
    type: 'histogram',
    name: 'vllm:e2e_request_latency_seconds',
    help: 'Time from a request to the end of its answer.',
    bounds: SECONDS,
  },
  responseSize: {
    type: 'summary',
    name: 'http_response_size_bytes',
    help: 'Size of answers.',
  },
  requestsInProgress: {
    type: 'gauge',
    mode: 'livesum',
    name: 'http_requests_in_progress',
    help: 'Requests in progress, over all running workers.',
  },
  connectionsAccepted: {
    type: 'gauge',
    mode: 'sum',
    name: 'http_connections_accepted',
    help: 'Connections that were ever accepted, over all workers.',
  },
  workerRequests: {
    type: 'gauge',
    mode: 'all',
    name: 'demo_worker_requests',
    help: 'Requests each worker answered.',
  },
  workerBusy: {
    type: 'gauge',
    mode: 'liveall',
    name: 'demo_worker_busy_ratio',
    help: 'Share of its time each running worker is busy.',
  },
  firstStart: {
    type: 'gauge',
    mode: 'min',
    name: 'demo_first_start_time_seconds',
    help: 'When the first worker began.',
  },
  slowestRate: {
    type: 'gauge',
    mode: 'livemin',
    name: 'demo_slowest_requests_per_second',
    help: 'Rate of the slowest running worker.',
  },
  longestPrompt: {
    type: 'gauge',
    mode: 'max',
    name: 'demo_longest_prompt_tokens',
    help: 'Length of the longest prompt so far.',
  },
  highestQueue: {
    type: 'gauge',
    mode: 'livemax',
    name: 'demo_highest_queue_length',
    help: 'Length of the longest queue among running workers.',
  },
} as const satisfies Record<string, DemoFamily>;
