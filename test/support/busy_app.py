"""An application for gunicorn, with a counter and a histogram. A worker whose pid is in the file $SLOW takes five times as long."""
import os
import random
import time

from prometheus_client import Counter, Histogram

REQUESTS = Counter('shop_requests', 'Requests.', ['path'])
SECONDS = Histogram('shop_request_seconds', 'Time of requests.', ['path'])


def is_slow():
    with open(os.environ['SLOW']) as file:
        return str(os.getpid()) in file.read().split()


def app(environ, start_response):
    path = environ['PATH_INFO']
    with SECONDS.labels(path=path).time():
        time.sleep(0.01 * random.uniform(0.8, 1.2) * (5 if is_slow() else 1))
    REQUESTS.labels(path=path).inc()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'ok\n']
