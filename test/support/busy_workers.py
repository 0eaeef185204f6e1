"""Eight processes of the real client that write without a pause and come and go, until stdin closes.

    busy_workers.py WORKERS     PROMETHEUS_MULTIPROC_DIR is set by the caller

Prints the pid of each worker when it begins. Dead workers' files stay, as they do in production.
"""
import os
import random
import select
import signal
import sys


def work():
    import prometheus_client as client
    requests = client.Counter('busy_requests', 'requests', ['path'])
    seconds = client.Histogram('busy_seconds', 'seconds', ['path'], buckets=(0.1, 0.5, 1.0))
    size = client.Summary('busy_size_bytes', 'sizes')
    running = client.Gauge('busy_running', 'running', multiprocess_mode='livesum')
    loaded = client.Gauge('busy_loaded', 'loaded', ['path'], multiprocess_mode='mostrecent')
    rng = random.Random(os.getpid())
    number = 0
    while True:
        number += 1
        # New label sets for ever, ever more slowly.
        path = '/%d' % rng.randrange(1 + number // 2000)
        requests.labels(path).inc()
        seconds.labels(path).observe(rng.random() * 2)
        size.observe(rng.randrange(1000))
        running.set(rng.randrange(10))
        loaded.labels(path).set(number)


def start():
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    print(pid, flush=True)
    return pid


count = int(sys.argv[1])
workers = [start() for _ in range(count)]
while not select.select([sys.stdin], [], [], 0.4)[0]:
    index = random.randrange(count)
    os.kill(workers[index], random.choice([signal.SIGKILL, signal.SIGTERM]))
    os.waitpid(workers[index], 0)
    workers[index] = start()
for pid in workers:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
