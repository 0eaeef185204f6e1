"""Processes of the real client that write at full speed, are killed in the middle of it (SIGKILL), and
are replaced by others that take over their files, until stdin closes.

    workers.py COUNT PACE     PROMETHEUS_MULTIPROC_DIR is set by the caller

Process ids are slot numbers (process_identifier), so the directory does not grow for ever. Each worker
writes for a burst, then rests in proportion to PACE (1: no rest). Kills happen within bursts only.
Prints {"kills": n} now and then, and at the end.
"""
import json
import os
import random
import select
import signal
import sys
import time

import prometheus_client as client
from prometheus_client import values

BURST_SECONDS = 0.05
PATHS = 60


def work(slot, bursts, pace):
    values.ValueClass = values.MultiProcessValue(lambda: 'slot%d' % slot)
    client.metrics.values.ValueClass = values.ValueClass
    registry = client.CollectorRegistry()
    requests = client.Counter('busy_requests', 'requests', ['path'], registry=registry)
    seconds = client.Histogram('busy_seconds', 'seconds', ['path'], buckets=(0.1, 0.5, 1.0), registry=registry)
    size = client.Summary('busy_size_bytes', 'sizes', registry=registry)
    running = client.Gauge('busy_running', 'running', multiprocess_mode='livesum', registry=registry)
    loaded = client.Gauge('busy_loaded', 'loaded', ['path'], multiprocess_mode='mostrecent', registry=registry)
    rng = random.Random()
    number = 0
    while True:
        os.write(bursts, b'.')
        started = time.monotonic()
        while time.monotonic() < started + BURST_SECONDS:
            number += 1
            path = '/%d' % rng.randrange(min(PATHS, 1 + number // 50))
            requests.labels(path).inc()
            seconds.labels(path).observe(rng.random() * 2)
            size.observe(rng.randrange(1000))
            running.set(rng.randrange(10))
            loaded.labels(path).set(number)
        # At full speed 0: only whoever reads the bursts sets the pace.
        time.sleep(BURST_SECONDS * (1 / pace - 1))


def start(slot, pace):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            sys.stderr.close()
            work(slot, writer, pace)
        finally:
            # The directory may be away just now; the next one tries again.
            os._exit(1)
    os.close(writer)
    return pid, reader


def main():
    count, pace = int(sys.argv[1]), float(sys.argv[2])
    slots = dict((slot, start(slot, pace)) for slot in range(count))
    kills = 0
    told = time.monotonic()
    while True:
        by_reader = dict((reader, slot) for slot, (_, reader) in slots.items())
        ready, _, _ = select.select([sys.stdin] + list(by_reader), [], [])
        if sys.stdin in ready:
            break
        for reader in ready:
            slot = by_reader[reader]
            pid = slots[slot][0]
            alive = os.read(reader, 1)
            if alive and random.random() > 0.2:
                continue
            if alive:
                time.sleep(random.random() * BURST_SECONDS)
                os.kill(pid, signal.SIGKILL)
                kills += 1
            else:
                time.sleep(0.05)
            os.waitpid(pid, 0)
            os.close(reader)
            slots[slot] = start(slot, pace)
        if time.monotonic() > told + 0.5:
            print(json.dumps({'kills': kills}), flush=True)
            told = time.monotonic()
    for pid, _ in slots.values():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print(json.dumps({'kills': kills}), flush=True)


main()
