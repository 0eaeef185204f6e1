"""A worker of the real client whose names, labels and help are hostile to whoever prints them.

    hostile_texts.py NUMBER     adds NUMBER to each counter, sets each gauge to it, observes it

PROMETHEUS_MULTIPROC_DIR is set by the caller.
"""
import sys

import prometheus_client as client

TEXTS = [
    '<script>alert(1)</script>',
    'a\u202eb\u2067c',
    'x' * 9000,
    '"quoted" and \'quoted\'',
    'two\nlines\r',
    'back\\slash\\n',
    '{}',
    '{__name__="up"}',
    '',
    'a&b=c#d%2Fe/f+g',
    '\U0001f600 ümläut',
    '\x00\x1b[31m',
]
NAMES = ['plain', 'http.requests', 'a{b="c"}', '<b>bold</b>', 'sp ace']

number = float(sys.argv[1])
for i, name in enumerate(NAMES):
    counter = client.Counter(name, 'Help <i>of</i>\n' + name, ['text', 'with.dots'])
    for text in TEXTS:
        counter.labels(text, name).inc(number)
gauge = client.Gauge('last.set', 'A gauge.', ['text'], multiprocess_mode='mostrecent')
every = client.Gauge('every', 'A gauge of each process.', ['text'], multiprocess_mode='all')
seconds = client.Histogram('took.seconds', 'Seconds.', ['text'], buckets=(1, 10))
for text in TEXTS:
    gauge.labels(text).set(number)
    every.labels(text).set(number)
    seconds.labels(text).observe(number)
never = client.Gauge('odd_values', 'Numbers that JSON does not have.', ['text'], multiprocess_mode='sum')
for text in ('nan', 'inf', '-inf'):
    never.labels(text).set(float(text))
