"""A server that uses PROMETHEUS_MULTIPROC_DIR as vLLM does, with the real prometheus_client.

    vllm_like.py [--api-server-count N] [--engines N] [--model NAME] [--late] [anything else, as --api-key]

As vLLM: the launcher imports prometheus_client, makes a temporary directory (random name, mode 0700) where the
variable is not set and there are several API servers, and spawns them, so that they import the client afresh and
write. Their titles are `VLLM::APIServer_0` and so on. The engines (`VLLM::EngineCore_DP0`) inherit the variable
and write nothing. Every API server creates the series of all engines; an engine's gauges hop between servers. A
single API server is the launcher itself. The directory goes when the launcher ends in order, and only then.

`--late` is Dynamo's worker: one process that imports the client, and only then sets the variable. Its own values
stay in memory; the engine, spawned later, writes what lives in it (lmcache).

It reads requests once everything has started, one JSON line each, and answers each with one:

    {"facts": true}                 -> {"directory", "launcher", "servers": [pid], "engines": [pid]}
    {"serve": server, "engine": e, "requests": n}   a server finishes n requests     -> {"done": true}
    {"kill": server}                by SIGKILL      -> {"done": true}
    {"restart": server}             in the same directory                            -> {"pid"}
    {"crash": true}                 all by SIGKILL: the directory stays; no answer

The end of stdin and SIGTERM end it in order. Help texts are not vLLM's.
"""
import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time

TOKENS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
STEP_TOKENS = (1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
FIRST_TOKEN = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160,
               640, 2560)
BETWEEN_TOKENS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80)
REQUEST = (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680)
HIGHR = (0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60)

# vLLM's table as far as a default server has it: name, (mode,) and the labels beside model and engine with their values.
COUNTERS = [
    ('estimated_flops_per_gpu', {}), ('estimated_read_bytes_per_gpu', {}), ('estimated_write_bytes_per_gpu', {}),
    ('prefix_cache_queries', {}), ('prefix_cache_hits', {}),
    ('external_prefix_cache_queries', {}), ('external_prefix_cache_hits', {}),
    ('mm_cache_queries', {}), ('mm_cache_hits', {}), ('num_preemptions', {}),
    ('prompt_tokens', {}), ('prompt_tokens_cached', {}), ('generation_tokens', {}),
    ('prompt_tokens_by_source', {'source': ('local_compute', 'local_cache_hit', 'external_kv_transfer')}),
    ('request_success', {'finished_reason': ('stop', 'length', 'abort', 'error', 'repetition')}),
]
GAUGES = [
    ('num_requests_running', 'mostrecent', {}), ('num_requests_waiting', 'mostrecent', {}),
    ('num_requests_waiting_by_reason', 'mostrecent', {'reason': ('capacity', 'deferred')}),
    ('engine_sleep_state', 'mostrecent', {'sleep_state': ('awake', 'weights_offloaded', 'discard_all')}),
    ('kv_cache_usage_perc', 'mostrecent', {}), ('kv_offload_cpu_cache_usage_perc', 'all', {}),
]
HISTOGRAMS = [
    ('request_prompt_tokens', TOKENS), ('request_generation_tokens', TOKENS), ('iteration_tokens_total', STEP_TOKENS),
    ('request_max_num_generation_tokens', TOKENS), ('request_params_n', (1, 2, 5, 10, 20)),
    ('request_params_max_tokens', TOKENS), ('time_to_first_token_seconds', FIRST_TOKEN),
    ('inter_token_latency_seconds', BETWEEN_TOKENS), ('request_time_per_output_token_seconds', BETWEEN_TOKENS),
    ('e2e_request_latency_seconds', REQUEST), ('request_queue_time_seconds', REQUEST),
    ('request_inference_time_seconds', REQUEST), ('request_prefill_time_seconds', REQUEST),
    ('request_decode_time_seconds', REQUEST), ('request_prefill_kv_computed_tokens', TOKENS),
]


def set_title(title):
    """What setproctitle does: writes over the arguments where the kernel reads them, and names the thread."""
    import ctypes
    with open('/proc/self/stat', 'rb') as stat:
        fields = stat.read().rpartition(b')')[2].split()
    # proc(5): arg_start and arg_end are fields 48 and 49, and the first one here is field 3.
    start, end = int(fields[45]), int(fields[46])
    text = title.encode()[:end - start - 1]
    ctypes.memmove(start, text + b'\0' * (end - start - len(text)), end - start)
    ctypes.CDLL(None).prctl(15, text[:15] + b'\0', 0, 0, 0)  # PR_SET_NAME


class Metrics:
    """The metrics of one API server: the series of all engines, from the start."""

    def __init__(self, model, engines):
        import prometheus_client as client
        self.engines = [str(engine) for engine in range(engines)]
        self.model = model
        self.counters, self.gauges, self.histograms = {}, {}, {}
        for name, more in COUNTERS:
            metric = client.Counter('vllm:' + name, name + '.', ['model_name', 'engine', *more])
            self.counters[name] = self.children(metric, more)
        for name, mode, more in GAUGES:
            metric = client.Gauge('vllm:' + name, name + '.', ['model_name', 'engine', *more], multiprocess_mode=mode)
            self.gauges[name] = self.children(metric, more)
        for name, buckets in HISTOGRAMS:
            metric = client.Histogram('vllm:' + name, name + '.', ['model_name', 'engine'], buckets=buckets)
            self.histograms[name] = self.children(metric, {})
        self.lora = client.Gauge('vllm:lora_requests_info', 'LoRA adapters.', multiprocess_mode='sum',
                                 labelnames=['max_lora', 'waiting_lora_adapters', 'running_lora_adapters'])
        self.config = client.Gauge('vllm:cache_config_info', 'The cache.', ['block_size', 'engine', 'num_gpu_blocks'],
                                   multiprocess_mode='mostrecent')
        for engine in self.engines:
            self.config.labels('16', engine, '1000').set(1)
        self.sockets = client.Gauge('vllm:websocket_connections_active', 'Connections.', multiprocess_mode='livesum')
        self.http_requests = client.Counter('http_requests', 'Requests.', ['method', 'status', 'handler'])
        self.http_size = client.Summary('http_request_size_bytes', 'Sizes.', ['handler'])
        self.http_seconds = client.Histogram('http_request_duration_highr_seconds', 'Durations.', buckets=HIGHR)

    def children(self, metric, more):
        values = [()]
        for texts in more.values():
            values = [old + (text,) for old in values for text in texts]
        return {(engine, *rest): metric.labels(self.model, engine, *rest) for engine in self.engines for rest in values}

    def serve(self, engine, requests):
        """Finishes requests of 100 prompt and 20 generated tokens each; as many run on."""
        engine = str(engine)
        for _ in range(requests):
            self.counters['prompt_tokens'][engine,].inc(100)
            self.counters['generation_tokens'][engine,].inc(20)
            self.counters['request_success'][engine, 'stop'].inc()
            for name, _ in HISTOGRAMS:
                self.histograms[name][engine,].observe(20 if 'tokens' in name else 0.7)
            self.http_requests.labels('POST', '2xx', '/v1/completions').inc()
            self.http_size.labels('/v1/completions').observe(512)
            self.http_seconds.observe(0.7)
        self.gauges['num_requests_running'][engine,].set(requests)
        self.gauges['kv_cache_usage_perc'][engine,].set(requests / 100)
        self.gauges['kv_offload_cpu_cache_usage_perc'][engine,].set(requests / 100)
        self.lora.labels('1', '', 'adapter').set(time.time())
        self.sockets.set(requests)


def end_with_launcher():
    """Also when the launcher is killed: a test must leave nobody behind."""
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != multiprocessing.parent_process().pid:
        os._exit(1)


def run_api_server(index, model, engines, pipe):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_launcher()
    set_title('VLLM::APIServer_%d' % index)
    metrics = Metrics(model, engines)
    pipe.send('ready')
    while True:
        try:
            metrics.serve(*pipe.recv())
        except EOFError:
            return
        pipe.send('done')


def run_engine(index, writes, pipe):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_launcher()
    set_title('VLLM::EngineCore_DP%d' % index)
    if writes:
        import prometheus_client as client
        client.Counter('lmcache:num_retrieve_requests', 'Retrievals.').inc(3)
    pipe.send('ready')
    try:
        pipe.recv()
    except EOFError:
        pass


class Launcher:
    def __init__(self, options):
        self.options = options
        self.spawn = multiprocessing.get_context('spawn')
        self.temporary = None
        # vLLM and Dynamo have imported it long before they think of the variable.
        import prometheus_client  # noqa: F401
        if 'PROMETHEUS_MULTIPROC_DIR' not in os.environ and (options.api_server_count > 1 or options.late):
            self.temporary = tempfile.TemporaryDirectory(prefix='vllm_prometheus_' if options.late else None)
            os.environ['PROMETHEUS_MULTIPROC_DIR'] = self.temporary.name
        self.metrics = None
        if options.late or options.api_server_count == 1:
            self.metrics = Metrics(options.model, options.engines)
        self.servers = [] if self.metrics else [self.start_server(i) for i in range(options.api_server_count)]
        self.engines = [self.start(run_engine, i, options.late) for i in range(options.engines)]

    def start(self, target, *arguments):
        here, there = self.spawn.Pipe()
        process = self.spawn.Process(target=target, args=(*arguments, there))
        process.start()
        there.close()
        here.recv()
        return process, here

    def start_server(self, index):
        return self.start(run_api_server, index, self.options.model, self.options.engines)

    def answer(self, request):
        if 'facts' in request:
            return {
                'directory': os.environ.get('PROMETHEUS_MULTIPROC_DIR'),
                'launcher': os.getpid(),
                'servers': [process.pid for process, _ in self.servers] or [os.getpid()],
                'engines': [process.pid for process, _ in self.engines],
            }
        if 'serve' in request:
            work = (request.get('engine', 0), request.get('requests', 1))
            if self.metrics:
                self.metrics.serve(*work)
            else:
                _, pipe = self.servers[request['serve']]
                pipe.send(work)
                pipe.recv()
            return {'done': True}
        if 'kill' in request:
            process, _ = self.servers[request['kill']]
            process.kill()
            process.join()
            return {'done': True}
        if 'restart' in request:
            self.servers[request['restart']] = self.start_server(request['restart'])
            return {'pid': self.servers[request['restart']][0].pid}
        if 'crash' in request:
            for process, _ in self.servers + self.engines:
                process.kill()
            os.kill(os.getpid(), signal.SIGKILL)
        return {'error': 'unknown request'}

    def stop(self):
        for process, pipe in self.servers + self.engines:
            pipe.close()
            process.join()
        if self.temporary:
            self.temporary.cleanup()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--api-server-count', type=int, default=2)
    parser.add_argument('--engines', type=int, default=1)
    parser.add_argument('--model', default='demo-7b')
    parser.add_argument('--late', action='store_true')
    # What else a command line has, such as --api-key.
    options, _ = parser.parse_known_args()
    launcher = Launcher(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for line in sys.stdin:
            print(json.dumps(launcher.answer(json.loads(line))), flush=True)
    finally:
        launcher.stop()


if __name__ == '__main__':
    main()
