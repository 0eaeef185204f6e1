"""Short-lived processes of the real client that write, end, and are replaced by others of the same ids, until stdin closes.

    short_lives.py COUNT TRUTH     PROMETHEUS_MULTIPROC_DIR is set by the caller

COUNT processes live at any time, each with one of 4 * COUNT ids (process_identifier), so that a process often opens the
files of a dead one of its id, as with pid reuse. Before each increment a process says so in TRUTH, and after it that it
is done: two unsigned 64-bit numbers for each id (started, done). Reads are right if they are between the sums of both.
"""
import mmap
import os
import random
import select
import signal
import struct
import sys
import time
import traceback

import prometheus_client as client
from prometheus_client import values

PAIR = struct.Struct('<QQ')
LONGEST_LIFE_SECONDS = 0.6


def store(truth, index, number):
    # At once: pack_into() writes zeros first.
    truth[8 * index : 8 * index + 8] = struct.pack('<Q', number)


def live(ident, truth, seed):
    values.ValueClass = values.MultiProcessValue(lambda: 'p%d' % ident)
    rng = random.Random(seed)
    registry = client.CollectorRegistry()
    started, done = PAIR.unpack_from(truth, ident * PAIR.size)
    jobs = client.Counter('jobs', 'Jobs done.', ['kind'], registry=registry)
    took = client.Histogram('took_seconds', 'How long they took.', buckets=(1.0, 2.0), registry=registry)
    most = client.Gauge('most_jobs', 'The largest batch.', multiprocess_mode='max', registry=registry)
    last = client.Gauge('last_batch', 'The latest batch.', multiprocess_mode='mostrecent', registry=registry)
    now = client.Gauge('running', 'Jobs that run.', multiprocess_mode='livesum', registry=registry)
    most.set(7)
    last.set(7)
    until = time.monotonic() + rng.random() * LONGEST_LIFE_SECONDS
    while time.monotonic() < until:
        started += 1
        store(truth, 2 * ident, started)
        jobs.labels(str(rng.randrange(3))).inc()
        took.observe(1)
        done += 1
        store(truth, 2 * ident + 1, done)
        now.set(rng.randrange(5))
        time.sleep(rng.random() * 0.004)


def start(ident, truth):
    seed = random.random()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            live(ident, truth, seed)
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def main():
    count, path = int(sys.argv[1]), sys.argv[2]
    with open(path, 'r+b') as file:
        truth = mmap.mmap(file.fileno(), 0)
    idents = {}
    failed = 0
    born = 0
    while True:
        while len(idents) < count:
            ident = random.choice([i for i in range(4 * count) if i not in idents.values()])
            idents[start(ident, truth)] = ident
            born += 1
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            del idents[pid]
            failed += status != 0
        elif select.select([sys.stdin], [], [], 0.005)[0]:
            break
    for pid in idents:
        failed += os.waitpid(pid, 0)[1] != 0
    print('{"born": %d, "failed": %d}' % (born, failed), flush=True)


signal.signal(signal.SIGINT, signal.SIG_IGN)
main()
