"""The reference: prometheus_client merging one directory inside its own process.

    reference.py DIRECTORY

Reads one word a line and answers one JSON line each, {"seconds": …, "bytes": …, "series": …}:

    text   one generate_latest over MultiProcessCollector
    gzip   the same and gzip.compress, as prometheus_client's own exposition does

The registry is made once, and no HTTP is involved: both favour the reference.
"""

import gzip
import importlib.metadata
import json
import sys
import time

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

registry = CollectorRegistry()
MultiProcessCollector(registry, path=sys.argv[1])

print(json.dumps({
    "version": importlib.metadata.version("prometheus_client"),
    "python": sys.version.split()[0],
}), flush=True)

for line in sys.stdin:
    started = time.perf_counter()
    body = generate_latest(registry)
    if line.strip() == "gzip":
        body = gzip.compress(body)
    seconds = time.perf_counter() - started
    # Counted after the clock has stopped; 0 for compressed bytes.
    series = (b"\n" + body).count(b"\n") - 1 - (b"\n" + body).count(b"\n# ")
    if line.strip() == "gzip":
        series = 0
    print(json.dumps({"seconds": seconds, "bytes": len(body), "series": series}), flush=True)
    del body
