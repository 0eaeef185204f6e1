"""Writes a metrics directory with the real prometheus_client, on request: JSON lines in, one answer each.

    {"spawn": seed}                               -> {"pid"}     a new worker, with its own metrics at once
    {"pid", "act": n, "seed"}                     -> {"done"}    n random operations
    {"pid", "fork": n, "seed", "kill": seconds}   -> {"child"}   a child inherits all metrics, does n operations
    {"pid", "act": n, "seed", "kill": seconds}    -> {"done"}    the worker is killed (SIGKILL) meanwhile
    {"pid", "end": markDead}                      -> {"done"}    a worker ends, marked dead or not

This process never imports prometheus_client: each worker does after it was forked, as in a pre-fork
server that loads the application late. PROMETHEUS_MULTIPROC_DIR is set by the caller. Nothing writes
between two answers. It runs on prometheus_client 0.16.0 and 0.26.0.
"""
import json
import os
import random
import signal
import sys
import time

VALUES = [0.0, 1.0, 0.1, 0.2, 2.5, 1e6, 123456.789, 9007199254740993.0, 1e16, 1e-7, 5e-324, 3.0]
SIGNED = VALUES + [-0.0, -1.0, -1e6, -1e16, float('inf'), float('-inf'), float('nan')]
TEXTS = ['', 'a', 'GET', '/items/{id}', 'with "quotes"', 'back\\slash', 'two\nlines', 'tab\there', 'ümläut', '\U0001f600',
         '\uffee', ' ', 'x' * 300]
LABELS = [(), ('method',), ('path', 'method'), ('Zone', 'a', '_b'), ('engine', 'model_name')]
BUCKETS = [(1, 2, 5), (0.005, 0.1, 2.5), (0.25, 1.0, 1e6), (-1, 0, 1)]


class Worker:
    """A process's metrics and the random operations on them."""

    def __init__(self, seed):
        import prometheus_client as client
        from prometheus_client.values import ValueClass  # noqa: F401  (fails early where the client is odd)
        rng = random.Random(seed)
        modes = sorted(client.Gauge._MULTIPROC_MODES if hasattr(client.Gauge, '_MULTIPROC_MODES')
                       else ['min', 'max', 'livesum', 'liveall', 'all'])
        registry = client.CollectorRegistry()
        self.metrics = []
        for number in range(4):
            labels = LABELS[number % len(LABELS)]
            # Now and then two workers disagree about help, buckets or mode.
            odd = rng.random() < 0.05
            help_text = 'another help' if odd else 'help of %d, with \\ and\nnewline' % number
            self.metrics.append(('counter', client.Counter('c%d' % number, help_text, labels, registry=registry)))
            self.metrics.append(('histogram', client.Histogram(
                'h:%d' % number, help_text, labels, registry=registry,
                buckets=BUCKETS[(number + odd) % len(BUCKETS)])))
            self.metrics.append(('summary', client.Summary('s%d' % number, help_text, labels, registry=registry)))
        for number, mode in enumerate(modes):
            labels = LABELS[(number + seed % 2) % len(LABELS)]
            if rng.random() < 0.02:
                mode = rng.choice(modes)
            self.metrics.append(('gauge', client.Gauge('g%d' % number, 'a gauge', labels, registry=registry,
                                                       multiprocess_mode=mode)))
        self.modes = modes

    def act(self, count, seed):
        rng = random.Random(seed)
        for _ in range(count):
            kind, metric = rng.choice(self.metrics)
            if metric._labelnames:
                metric = metric.labels(*[rng.choice(TEXTS) for _ in metric._labelnames])
            value = rng.choice(VALUES)
            if kind == 'counter':
                metric.inc(value)
            elif kind == 'gauge':
                if 'mostrecent' in metric._multiprocess_mode or rng.random() < 0.7:
                    metric.set(rng.choice(SIGNED))
                else:
                    rng.choice([metric.inc, metric.dec])(value)
            else:
                metric.observe(rng.choice(SIGNED[:-1]) if rng.random() < 0.1 else value)


def kill_after(seconds):
    """This process dies by SIGKILL in `seconds`, wherever it is: the parent of a timer child."""
    victim = os.getpid()
    if os.fork() == 0:
        time.sleep(seconds)
        try:
            os.kill(victim, signal.SIGKILL)
        finally:
            os._exit(0)


def serve_worker(seed, requests, answers):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    worker = Worker(seed)
    answers.write('{"done": true}\n')
    answers.flush()
    for line in requests:
        request = json.loads(line)
        if 'end' in request:
            break
        if 'fork' in request:
            child = os.fork()
            if child == 0:
                if request.get('kill'):
                    kill_after(request['kill'])
                worker.act(request['fork'], request['seed'])
                os._exit(0)
            os.waitpid(child, 0)
            answers.write(json.dumps({'child': child}) + '\n')
            answers.flush()
            continue
        if request.get('kill'):
            kill_after(request['kill'])
            while True:  # until it comes
                worker.act(request['act'], request['seed'])
                request['seed'] += 1
        worker.act(request['act'], request['seed'])
        answers.write('{"done": true}\n')
        answers.flush()


def main():
    workers = {}

    def spawn(seed):
        to_worker, from_worker = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(to_worker[1])
            os.close(from_worker[0])
            for _, requests, answers in workers.values():
                requests.close()
                answers.close()
            code = 1
            try:
                serve_worker(seed, os.fdopen(to_worker[0]), os.fdopen(from_worker[1], 'w'))
                code = 0
            finally:
                sys.stderr.flush()
                if code:
                    import traceback
                    traceback.print_exc()
                os._exit(code)
        os.close(to_worker[0])
        os.close(from_worker[1])
        workers[pid] = (pid, os.fdopen(to_worker[1], 'w'), os.fdopen(from_worker[0]))
        return pid, workers[pid][2].readline()

    for line in sys.stdin:
        request = json.loads(line)
        if 'spawn' in request:
            pid, answer = spawn(request['spawn'])
            print(json.dumps({'pid': pid} if answer else {'error': 'the worker died'}), flush=True)
            continue
        pid, requests, answers = workers[request['pid']]
        requests.write(line)
        requests.flush()
        if 'end' in request or request.get('kill') and 'act' in request:
            _, status = os.waitpid(pid, 0)
            requests.close()
            answers.close()
            del workers[pid]
            if request.get('end'):
                for mode in os.listdir(os.environ['PROMETHEUS_MULTIPROC_DIR']):
                    if mode.startswith('gauge_live') and mode.endswith('_%d.db' % pid):
                        os.remove(os.path.join(os.environ['PROMETHEUS_MULTIPROC_DIR'], mode))
            print(json.dumps({'done': status}), flush=True)
            continue
        answer = answers.readline()
        print(answer.strip() or json.dumps({'error': 'worker %d died' % pid}), flush=True)

    for pid, requests, answers in workers.values():
        requests.close()
        os.waitpid(pid, 0)


main()
