"""Expositions as prometheus_client reads and prints them: requests in, answers out, one JSON line each.

    {"families": exposition, "openMetrics": bool}  -> {"families": [...]} or {"error": ...}
    {"print": exposition, "openMetrics": bool}     -> {"text": ..., "openMetrics": ...}: what was read, in both formats

A family is {name, type, help, unit, samples}, a sample [name, {label: value}, value, timestamp]: numbers, and those
in bounds and quantiles, as repr() writes them, the time in seconds.
"""
import io
import json
import sys

from prometheus_client import exposition
from prometheus_client import parser as text_parser
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.openmetrics import parser as openmetrics_parser


def read(text, open_metrics):
    parser = openmetrics_parser if open_metrics else text_parser
    return list(parser.text_fd_to_metric_families(io.StringIO(text, newline='\n')))


def labels_of(family, labels):
    inner = {'histogram': 'le', 'gaugehistogram': 'le', 'summary': 'quantile'}.get(family.type)
    return {name: repr(float(value)) if name == inner else value for name, value in labels.items()}


def as_json(family):
    samples = [
        [s.name, labels_of(family, s.labels), repr(float(s.value)), None if s.timestamp is None else repr(float(s.timestamp))]
        for s in family.samples
    ]
    return {'name': family.name, 'type': family.type, 'help': family.documentation, 'unit': family.unit, 'samples': samples}


class Read:
    def __init__(self, families):
        self.families = families

    def collect(self):
        return self.families


for line in sys.stdin:
    request = json.loads(line)
    try:
        if 'families' in request:
            answer = {'families': [as_json(f) for f in read(request['families'], request['openMetrics'])]}
        else:
            families = read(request['print'], request['openMetrics'])
            for family in families:
                # The text formats have none, and the client refuses to print some.
                family.samples = [s._replace(exemplar=None) for s in family.samples]
            answer = {
                'text': exposition.generate_latest(Read(families), escaping='allow-utf-8').decode(),
                'openMetrics': openmetrics_exposition.generate_latest(Read(families), escaping='allow-utf-8').decode(),
            }
    except Exception as error:
        answer = {'error': repr(error)}
    print(json.dumps(answer), flush=True)
