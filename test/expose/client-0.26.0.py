"""Writes client-0.26.0.ts: what prometheus_client itself makes of names, numbers and families.

    <venv with prometheus_client 0.26.0>/bin/python test/expose/client-0.26.0.py > test/expose/client-0.26.0.ts
    npx biome check --write test/expose/client-0.26.0.ts

Left out are names where promfold differs on purpose (src/reference.md N): those that end in a
newline, empty label names, and OpenMetrics sample names that are escaped in another way than HELP.
"""

import importlib.metadata
import json
import struct

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.utils import floatToGoString

VERSION = importlib.metadata.version('prometheus_client')
ESCAPINGS = ('underscores', 'dots', 'values', 'allow-utf-8')

NAMES = [
    'a', 'A9', '_', '__', '__a', '__name__', '_a_', ':', 'a:b', ':a', '7up', '77', 'a7', 'a.b', '.', '..', 'a_b',
    'a.b_c', 'a_dot_b', 'a b', ' ', 'a-b', 'http.server.requests', 'température', 'ß', '世界', '✓', 'a✓', '✓a',
    '\U0001f600', 'a\U0001f600b', '\uffee', '\x00', 'a\tb', 'a\nb', '\na', 'a"b', '"', 'a\\b', '{}', 'a,b', 'a=b',
    'U__a', 'U__a_2e_b', 'constructor', 'é', '٣', 'a٣', '\u2028', '\x7f', '\x80', '\ufeff', '\uffff', '\U0010ffff',
]

NUMBERS = [
    0.0, -0.0, 1.0, -1.0, 0.1, 0.3, 1 / 3, 2.5, 10.0, 123.456, 99999.0, 999999.0, 999999.5, 1e6, 1000000.5, 1234567.0,
    1.5e6, 9999999.0, 1e7, 123456789012.0, 1e10, 1e15, 1.5e15, 9007199254740993.0, 9999999999999998.0, 1e16, 1.5e16,
    1e17, 1e21, 1e22, 1.5e22, 1e100, 1.7976931348623157e308, -999999.0, -1e6, -1234567.5, -1e15, -9999999999999998.0,
    -1e16, -1e21, 0.001, 0.0001, 0.00012345, 0.00001, 0.000012345, 1e-6, 1e-7, 1.5e-7, 1e-10, 1e-100, 5e-324,
    2.2250738585072014e-308, -0.0001, -0.00001, 2.0**53, 2.0**63, 2.0**64, float('inf'), float('-inf'), float('nan'),
]

FLOATS = [
    '0', '1', '1.', '.5', '01.00', '1e0', '1E5', '1.e5', '+1', '-1', '-0', '1e+010', '1e-5', '1_0', '1_0.0_1', '1e1_0',
    '.5_0', ' 1 ', '\t1\n', '\v1\f\r', '\u30001', '\x851\xa0', '1\u2028', '１２', '٣.٥', '١e٢', '𝟎𝟗', '𝟙', 'inf', '+Inf',
    '-INF', 'Infinity', '-infinity', 'nan', '+NaN', '-nan', '1e400', '-1e400', '1e-400', '123456789012345678901234567890',
    '0.1000000000000000055511151231257827', '', ' ', '.', '+', '-', 'e5', '1e', '1e+', '1.2.3', '1 0', '_1', '1_', '1__0',
    '1_.0', '1._0', '1_e5', '1e_5', '0x1', '1f', '1d', 'in', 'infinit', 'in_f', 'inf_', '++1', '+-1', 'NaN1', '\x001', '1\x00',
    '\x1c1', '\ufeff1', '一', '½', '1,0', '1e5.0',
]


def bits(value):
    return struct.pack('>d', value).hex()


def parsed(text):
    try:
        return bits(float(text))
    except ValueError:
        return None


def family(name, type_, help_, samples):
    metric = Metric(name, help_, type_)
    for sample_name, labels in samples:
        metric.add_sample(sample_name, labels, 1.0)
    return metric


ODD_LABELS = {'path': 'a"b\\c\nd', 'é': '✓', 'z.z': '', 'B': '\r\t', '__x': '1', '7x': '7'}
FAMILIES = [
    family('requests', 'counter', 'Help', [('requests_total', {}), ('requests_total', {'a': 'b'})]),
    family('requests', 'counter', '', [('requests_total', {}), ('requests_created', {})]),
    family('http.requests', 'counter', 'a "quoted" \\ and\na line', [('http.requests_total', ODD_LABELS)]),
    family('http.requests', 'counter', 'x', [('http.requests_total', {})]),
    family('depth', 'gauge', 'x', [('depth', {'pid': '1'}), ('depth', {'pid': '2'})]),
    family('depth', 'gauge', 'x', []),
    family('build', 'info', 'x', [('build_info', {'version': '1'})]),
    family('state', 'stateset', 'x', [('state', {'state': 'on'}), ('state', {'state': 'off'})]),
    family('old', 'unknown', 'x', [('old', {})]),
    family('t', 'summary', 'x', [('t_count', {}), ('t_sum', {}), ('t_created', {})]),
    family('h', 'histogram', 'x', [('h_sum', {}), ('h_bucket', {'le': '1.0'}), ('h_bucket', {'le': '+Inf'}), ('h_count', {})]),
    family('gh', 'gaugehistogram', 'x\n', [
        ('gh_gsum', {}), ('gh_bucket', {'le': '+Inf'}), ('gh_gcount', {}), ('gh_created', {}), ('gh_gsum', {'a': 'b'})]),
    family('g.h', 'gaugehistogram', 'x', [('g.h_gcount', {}), ('g.h_bucket', {'le': '+Inf'})]),
]


def printed(metric):
    class Registry:
        def collect(self):
            return [metric]

    result = {}
    for escaping in ESCAPINGS:
        result[f'text-1.0.0 {escaping}'] = generate_latest(Registry(), escaping=escaping).decode()
    for escaping in ('underscores', 'allow-utf-8'):
        result[f'openmetrics {escaping}'] = openmetrics.generate_latest(Registry(), escaping=escaping).decode()
    return result


def show(comment, declaration, value):
    print(f'\n/** {comment} */\nexport {declaration} = {json.dumps(value)};')


print('/** Made by prometheus_client %s through client-0.26.0.py, which says how; do not edit. */' % VERSION)
show('A name, and its spelling as a metric name and as a label name in each scheme.',
     'const NAMES: readonly { name: string; metric: readonly string[]; label: readonly string[] }[]',
     [{'name': name,
       'metric': [openmetrics.escape_metric_name(name, escaping) for escaping in ESCAPINGS],
       'label': [openmetrics.escape_label_name(name, escaping) for escaping in ESCAPINGS]} for name in NAMES])
show('The bits of a double, big-endian, and what floatToGoString prints.',
     'const NUMBERS: readonly (readonly [bits: string, printed: string])[]',
     [[bits(value), floatToGoString(value)] for value in NUMBERS])
show('A text, and the bits of what float() reads, null where it raises ValueError.',
     'const FLOATS: readonly (readonly [text: string, bits: string | null])[]',
     [[text, parsed(text)] for text in FLOATS])
show('A family whose values are all 1, and its exposition in a format and an escaping.',
     'const FAMILIES: readonly { name: string; type: string; help: string; '
     'samples: readonly (readonly [string, Readonly<Record<string, string>>])[]; '
     'printed: Readonly<Record<string, string>> }[]',
     [{'name': metric.name, 'type': metric.type, 'help': metric.documentation,
       'samples': [[s.name, s.labels] for s in metric.samples],
       'printed': printed(metric)} for metric in FAMILIES])
