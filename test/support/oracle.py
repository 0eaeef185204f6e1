"""The real prometheus_client as an oracle: requests in, answers out, one JSON line each.

    {"merge": directory, "old": [file name, ...]}   -> {"text": ...} or {"error": ...}
    {"parse": [{"title", "openMetrics", "exposition"}, ...]}  -> {"faults": [{"title", "error"}, ...]}

`merge` is what MultiProcessCollector says of the directory's files in sorted order. The files named in
`old` are in an 8-byte format: they are rewritten with 16-byte values first, since the reference reads
one layout only.
"""
import glob
import io
import json
import os
import struct
import sys
import tempfile

from prometheus_client import exposition
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client import parser as text_parser


def rewrite(source, target):
    """8-byte values to 16-byte ones with timestamp 0, entry by entry."""
    with open(source, 'rb') as f:
        data = f.read()
    used = struct.unpack_from('<i', data)[0] if len(data) >= 4 else 0
    out = bytearray(8)
    at = 8
    while at < used:
        length = struct.unpack_from('<i', data, at)[0]
        value_at = at + 4 + length + 8 - (length + 4) % 8
        out += data[at:value_at + 8] + struct.pack('<d', 0.0)
        at = value_at + 8
    struct.pack_into('<i', out, 0, len(out))
    with open(target, 'wb') as f:
        f.write(out)


class Files:
    def __init__(self, paths):
        self.paths = paths

    def collect(self):
        return MultiProcessCollector.merge(self.paths, accumulate=True)


def merge(directory, old):
    paths = sorted(glob.glob(os.path.join(glob.escape(directory), '*.db')))
    # What a worker leaves that was killed while it made a file; the reference would die of it.
    paths = [p for p in paths if os.path.getsize(p) >= 4]
    with tempfile.TemporaryDirectory() as rewritten:
        for name in old:
            rewrite(os.path.join(directory, name), os.path.join(rewritten, name))
        paths = [os.path.join(rewritten, os.path.basename(p)) if os.path.basename(p) in old else p for p in paths]
        return exposition.generate_latest(Files(paths)).decode()


def parse(pages):
    faults = []
    for page in pages:
        read = openmetrics_parser if page['openMetrics'] else text_parser
        try:
            for _ in read.text_fd_to_metric_families(io.StringIO(page['exposition'], newline='\n')):
                pass
        except Exception as error:  # whatever it raises is the answer
            faults.append({'title': page['title'], 'error': repr(error)})
    return faults


for line in sys.stdin:
    request = json.loads(line)
    try:
        if 'merge' in request:
            answer = {'text': merge(request['merge'], set(request['old']))}
        else:
            answer = {'faults': parse(request['parse'])}
    except Exception as error:
        answer = {'error': repr(error)}
    print(json.dumps(answer), flush=True)
