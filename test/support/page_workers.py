"""Workers of the real client for the page: counters, histograms and gauges that move all the time, until stdin closes.

    page_workers.py WORKERS [hostile]     PROMETHEUS_MULTIPROC_DIR is set by the caller

Prints the pids on one line. The last worker is slower than the others. With `hostile` the first one also has label values that
a page could take for something else.
"""
import os
import random
import signal
import sys
import time


def work(index, count, hostile):
    import prometheus_client as client
    requests = client.Counter('shop_requests', 'Requests that were served.', ['path', 'status'])
    tokens = client.Counter('shop_tokens', 'Tokens that were generated.', ['model'])
    seconds = client.Histogram('shop_request_seconds', 'Time to serve a request.', ['path'],
                               buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5))
    size = client.Summary('shop_response_bytes', 'Size of answers.')
    running = client.Gauge('shop_running', 'Requests in progress.', multiprocess_mode='livesum')
    version = client.Gauge('shop_config_version', 'Configuration in use.', multiprocess_mode='mostrecent')
    memory = client.Gauge('shop_cache_entries', 'Entries in the cache.', multiprocess_mode='all')
    rng = random.Random(index)
    if hostile:
        for value in ('<script>document.title="owned"</script>', '\u202eevil\u202c', 'x' * 9000, 'a"b\\c\nd'):
            requests.labels('/hostile', value).inc(7)
    paths = ['/cart', '/items', '/login', '/pay', '/search']
    number = 0
    while True:
        number += 1
        path = rng.choice(paths)
        requests.labels(path, '200' if rng.random() < 0.97 else '500').inc()
        tokens.labels('small').inc(rng.randrange(20, 200))
        slow = 6 if index == count - 1 else 1
        seconds.labels(path).observe(slow * rng.lognormvariate(-3, 0.7))
        size.observe(rng.randrange(200, 9000))
        running.set(rng.randrange(12))
        if number % 40 == index * 3 % 40:
            version.set(number // 40)
        memory.set(1000 + rng.randrange(200))
        time.sleep(0.02 if index % 3 else 0.05)


count = int(sys.argv[1])
# They are gone as soon as they end.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
pids = []
for index in range(count):
    pid = os.fork()
    if pid == 0:
        try:
            work(index, count, index == 0 and 'hostile' in sys.argv)
        finally:
            os._exit(1)
    pids.append(pid)
time.sleep(0.5)
print(' '.join(map(str, pids)), flush=True)
sys.stdin.read()
for pid in pids:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
