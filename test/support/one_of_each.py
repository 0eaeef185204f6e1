"""A worker of the real client with one metric of each kind, until stdin closes: JSON lines in, one answer each.

    {"set": n}          sets every gauge to n, adds n to the counter, observes n    -> {"pid"}
    {"collect": true}   what its own ProcessCollector says                          -> {"pid", "process": {name: value}}

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
    request = json.loads(line)
    if 'collect' in request:
        families = client.ProcessCollector(registry=None).collect()
        own = {sample.name: sample.value for family in families for sample in family.samples}
        print(json.dumps({'pid': os.getpid(), 'process': own}), flush=True)
        continue
    number = request['set']
    counter.inc(number)
    histogram.observe(number)
    summary.observe(number)
    for gauge in gauges:
        gauge.set(number)
    print(json.dumps({'pid': os.getpid()}), flush=True)
