"""A worker of the real client with one metric of each kind, until stdin closes: JSON lines in, one answer each.

    {"set": n}  sets every gauge to n, adds n to the counter, observes n    -> {"pid"}

It makes its metrics before it reads; PROMETHEUS_MULTIPROC_DIR is set by the caller. Arguments are gauge modes to
leave out.
"""
import json
import os
import sys

import prometheus_client as client

counter = client.Counter('jobs', 'Jobs.')
histogram = client.Histogram('seconds', 'Seconds.', buckets=(1, 10))
summary = client.Summary('size_bytes', 'Sizes.')
gauges = [client.Gauge('g_' + mode, 'A gauge.', multiprocess_mode=mode)
          for mode in ('all', 'liveall', 'max', 'livemax', 'sum', 'livesum', 'mostrecent', 'livemostrecent')
          if mode not in sys.argv[1:]]
print(json.dumps({'pid': os.getpid()}), flush=True)
for line in sys.stdin:
    number = json.loads(line)['set']
    counter.inc(number)
    histogram.observe(number)
    summary.observe(number)
    for gauge in gauges:
        gauge.set(number)
    print(json.dumps({'pid': os.getpid()}), flush=True)
