/**
 * What one vLLM API server writes: the families, labels and bounds of vLLM with prefix caching, NIXL
 * and offloading on. Source: vLLM, v1/metrics/loggers.py; https://docs.vllm.ai/en/latest/usage/metrics/. The help texts are
 * our own.
 */
import type { Family } from './families.js';

interface Labelled extends Family {
  /** A label besides model_name and engine, and its values. */
  readonly label?: readonly [name: string, ...values: string[]];
}
interface Bounded extends Family {
  readonly bounds: readonly number[];
}

export const ENGINES = 8;
export const MODEL = 'meta-llama/Llama-3.3-70B-Instruct';

/** 1, 2, 5, 10 … up to `most`. */
function oneTwoFive(most: number): number[] {
  const bounds: number[] = [];
  for (let ten = 1; ten <= most; ten *= 10) bounds.push(ten, ten * 2, ten * 5);
  return bounds.filter((bound) => bound <= most);
}
const TOKENS = oneTwoFive(100_000);
const FIRST_TOKEN = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  160, 640, 2560,
];
const BETWEEN_TOKENS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];
const REQUEST = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
];
const BLOCK = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600,
  1200, 1800,
];
const TRANSFER = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 5];

export const COUNTERS: readonly Labelled[] = [
  { name: 'vllm:prompt_tokens', help: 'Prompt tokens computed so far' },
  {
    name: 'vllm:prompt_tokens_by_source',
    help: 'Prompt tokens by where they came from',
    label: ['source', 'local_compute', 'local_cache_hit', 'external_kv_transfer'],
  },
  { name: 'vllm:prompt_tokens_cached', help: 'Prompt tokens that a cache already had' },
  { name: 'vllm:generation_tokens', help: 'Tokens generated so far' },
  {
    name: 'vllm:request_success',
    help: 'Finished requests by the reason they ended',
    label: ['finished_reason', 'stop', 'length', 'abort', 'error', 'repetition'],
  },
  { name: 'vllm:num_preemptions', help: 'Requests the engine had to put back' },
  { name: 'vllm:prefix_cache_queries', help: 'Tokens looked up in the prefix cache' },
  { name: 'vllm:prefix_cache_hits', help: 'Tokens found in the prefix cache' },
  { name: 'vllm:external_prefix_cache_queries', help: 'Tokens looked up in other instances' },
  { name: 'vllm:external_prefix_cache_hits', help: 'Tokens found in other instances' },
  { name: 'vllm:mm_cache_queries', help: 'Images and sounds looked up in their cache' },
  { name: 'vllm:mm_cache_hits', help: 'Images and sounds found in their cache' },
  { name: 'vllm:corrupted_requests', help: 'Requests whose logits had NaNs' },
  { name: 'vllm:estimated_flops_per_gpu', help: 'Estimated operations of one GPU' },
  { name: 'vllm:estimated_read_bytes_per_gpu', help: 'Estimated bytes one GPU has read' },
  { name: 'vllm:estimated_write_bytes_per_gpu', help: 'Estimated bytes one GPU has written' },
  { name: 'vllm:spec_decode_num_drafts', help: 'Drafts made ahead' },
  { name: 'vllm:spec_decode_num_draft_tokens', help: 'Tokens in drafts made ahead' },
  { name: 'vllm:spec_decode_num_accepted_tokens', help: 'Draft tokens that were right' },
  { name: 'vllm:nixl_num_failed_transfers', help: 'Transfers that failed' },
  { name: 'vllm:nixl_num_failed_notifications', help: 'Notifications that failed' },
  { name: 'vllm:nixl_num_kv_expired_reqs', help: 'Requests whose blocks were given up waiting' },
];

/** All of mode `mostrecent`. */
export const GAUGES: readonly Labelled[] = [
  { name: 'vllm:num_requests_running', help: 'Requests in a batch now' },
  { name: 'vllm:num_requests_waiting', help: 'Requests waiting for a batch now' },
  {
    name: 'vllm:num_requests_waiting_by_reason',
    help: 'Waiting requests by what they wait for',
    label: ['reason', 'capacity', 'deferred'],
  },
  {
    name: 'vllm:engine_sleep_state',
    help: 'Which of the sleep states the engine is in',
    label: ['sleep_state', 'awake', 'weights_offloaded', 'discard_all'],
  },
  { name: 'vllm:kv_cache_usage_perc', help: 'Share of the cache in use, 1 for all of it' },
  { name: 'vllm:cache_config_info', help: 'How the cache was set up', label: ['block_size', '16'] },
];

export const HISTOGRAMS: readonly Bounded[] = [
  { name: 'vllm:request_prompt_tokens', help: 'Prompt tokens of a request', bounds: TOKENS },
  { name: 'vllm:request_generation_tokens', help: 'Tokens made for a request', bounds: TOKENS },
  {
    name: 'vllm:iteration_tokens_total',
    help: 'Tokens of one engine step',
    bounds: [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384],
  },
  {
    name: 'vllm:request_max_num_generation_tokens',
    help: 'Most tokens any choice of a request got',
    bounds: TOKENS,
  },
  { name: 'vllm:request_params_n', help: 'What requests set n to', bounds: [1, 2, 5, 10, 20] },
  {
    name: 'vllm:request_params_max_tokens',
    help: 'What requests set max_tokens to',
    bounds: TOKENS,
  },
  {
    name: 'vllm:time_to_first_token_seconds',
    help: 'Seconds until a first token',
    bounds: FIRST_TOKEN,
  },
  {
    name: 'vllm:inter_token_latency_seconds',
    help: 'Seconds between two tokens',
    bounds: BETWEEN_TOKENS,
  },
  {
    name: 'vllm:request_time_per_output_token_seconds',
    help: 'Seconds a token took, averaged over its request',
    bounds: BETWEEN_TOKENS,
  },
  { name: 'vllm:e2e_request_latency_seconds', help: 'Seconds of a whole request', bounds: REQUEST },
  { name: 'vllm:request_queue_time_seconds', help: 'Seconds spent waiting', bounds: REQUEST },
  { name: 'vllm:request_inference_time_seconds', help: 'Seconds spent running', bounds: REQUEST },
  { name: 'vllm:request_prefill_time_seconds', help: 'Seconds spent on prompts', bounds: REQUEST },
  { name: 'vllm:request_decode_time_seconds', help: 'Seconds spent on answers', bounds: REQUEST },
  {
    name: 'vllm:request_prefill_kv_computed_tokens',
    help: 'Tokens a prompt needed computing for',
    bounds: TOKENS,
  },
  { name: 'vllm:kv_block_lifetime_seconds', help: 'Seconds a cache block lived', bounds: BLOCK },
  {
    name: 'vllm:kv_block_idle_before_evict_seconds',
    help: 'Seconds a cache block lay idle before it went',
    bounds: BLOCK,
  },
  {
    name: 'vllm:kv_block_reuse_gap_seconds',
    help: 'Seconds between two uses of a cache block',
    bounds: BLOCK,
  },
  { name: 'vllm:nixl_xfer_time_seconds', help: 'Seconds a transfer took', bounds: TRANSFER },
  {
    name: 'vllm:nixl_post_time_seconds',
    help: 'Seconds until a transfer was posted',
    bounds: [0.001, ...TRANSFER],
  },
  {
    name: 'vllm:nixl_bytes_transferred',
    help: 'Bytes of a transfer',
    bounds: Array.from({ length: 12 }, (_, i) => 2 ** (11 + 2 * i)),
  },
  {
    name: 'vllm:nixl_num_descriptors',
    help: 'Descriptors of a transfer',
    bounds: [10, 20, 30, 50, 75, 100, 200, 400, 1000, 2000, 4000, 10000, 20000, 50000],
  },
];

/** Of the web framework: by handler, not by engine. */
export const HTTP_SIZES: readonly Family[] = [
  { name: 'http_request_size_bytes', help: 'Bytes of requests by handler' },
  { name: 'http_response_size_bytes', help: 'Bytes of answers by handler' },
];
export const HTTP_REQUESTS: Family = {
  name: 'http_requests',
  help: 'Requests by method, status and handler',
};
export const HTTP_DURATION: Bounded = {
  name: 'http_request_duration_seconds',
  help: 'Seconds of a request by handler',
  bounds: [0.1, 0.5, 1],
};
export const HANDLERS = ['/v1/completions', '/v1/chat/completions', '/v1/embeddings', '/tokenize'];
