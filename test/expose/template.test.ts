/** Plain families against prometheus_client itself: client.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dialect } from '../../src/expose/dialect.js';
import type { ExposedFamily } from '../../src/expose/family.js';
import { dialectFor } from '../../src/expose/formats.js';
import { collidingFamilies, familyBlocks } from '../../src/expose/template.js';

const TEXT = dialectFor('text');
const TEXT_UTF8 = dialectFor('text-1.0.0', 'allow-utf-8');
const OPENMETRICS = dialectFor('openmetrics');
const OPENMETRICS_UTF8 = dialectFor('openmetrics', 'allow-utf-8');

type Series = [sampleName: string, labels?: Record<string, string>];

/** Labels must be given in code-point order. */
function family(
  type: ExposedFamily['type'],
  name: string,
  series: Series[],
  more: Partial<ExposedFamily> = {},
): ExposedFamily {
  return {
    name,
    type,
    help: 'h',
    keepsRawName: false,
    series: series.map(([sampleName, labels = {}]) => ({
      sampleName,
      labels: Object.entries(labels),
    })),
    ...more,
  };
}

/** Each line with the index of its series in place of the number. */
function print(dialect: Dialect, exposed: ExposedFamily, renamed = false): string[] {
  return familyBlocks(dialect, exposed, renamed).flatMap(({ header, seriesIndex, lineOf }) => [
    ...header.split('\n').slice(0, -1),
    ...seriesIndex.map((i) => `${lineOf(i)}${i}`),
  ]);
}

describe('a family', () => {
  const ownBlocks = family('gaugehistogram', 'gh', [
    ['gh_gsum'],
    ['gh_bucket', { le: '+Inf' }],
    ['gh_created'],
    ['gh_gcount'],
    ['gh_gsum', { a: 'b' }],
  ]);
  const keepsRawName = family('counter', 'c', [['c']], { keepsRawName: true });
  const colon = family('counter', 'vllm:x', [['vllm:x_total', { a: 'b' }]]);
  const dotted = family('counter', 'a.b', [['a.b_total'], ['a.b_total', { 'c.d': 'e' }]]);
  const twice = family('gauge', 'g', [['g', { 'a.b': '1', a_b: '2' }]]);
  const mixed = family('gauge', 'g', [
    ['g', { 'a.b': '1', a_b: '2' }],
    ['g', { a_b: '3' }],
  ]);
  const metricName = family('gauge', 'g', [['g', { '..name..': '1' }]]);
  const meeting = family('gauge', 'g', [
    ['g_a', { n: '1' }],
    ['g$a', { n: '1' }],
    ['g$a', { n: '2' }],
    ['g', { 'a.b': '1' }],
    ['g', { a_b: '1' }],
  ]);

  const cases: [string, Dialect, ExposedFamily, string[]][] = [
    [
      'prints no line twice where escaping makes two of its lines equal',
      TEXT,
      meeting,
      [
        '# HELP g h',
        '# TYPE g gauge',
        'U__g__a{n="1"} 0',
        'g_a{n="1"} 1',
        'g_a{n="2"} 2',
        'g{a_b="1"} 3',
        'U__g{a_b="1"} 4',
      ],
    ],
    [
      'has its lines as they are where names are not escaped',
      TEXT_UTF8,
      meeting,
      [
        '# HELP g h',
        '# TYPE g gauge',
        'g_a{n="1"} 0',
        '{"g$a",n="1"} 1',
        '{"g$a",n="2"} 2',
        'g{"a.b"="1"} 3',
        'g{a_b="1"} 4',
      ],
    ],
    [
      'has its _created, _gcount and _gsum samples after it in text',
      TEXT,
      ownBlocks,
      [
        '# HELP gh h',
        '# TYPE gh histogram',
        'gh_bucket{le="+Inf"} 1',
        '# HELP gh_created h',
        '# TYPE gh_created gauge',
        'gh_created 2',
        '# HELP gh_gcount h',
        '# TYPE gh_gcount gauge',
        'gh_gcount 3',
        '# HELP gh_gsum h',
        '# TYPE gh_gsum gauge',
        'gh_gsum 0',
        'gh_gsum{a="b"} 4',
      ],
    ],
    [
      'has them in their place in OpenMetrics',
      OPENMETRICS,
      ownBlocks,
      [
        '# HELP gh h',
        '# TYPE gh gaugehistogram',
        'gh_gsum 0',
        'gh_bucket{le="+Inf"} 1',
        'gh_created 2',
        'gh_gcount 3',
        'gh_gsum{a="b"} 4',
      ],
    ],
    [
      'that keeps its raw name has no _total in text',
      TEXT,
      keepsRawName,
      ['# HELP c h', '# TYPE c counter', 'c 0'],
    ],
    [
      'that keeps its raw name is of unknown type in OpenMetrics',
      OPENMETRICS,
      keepsRawName,
      ['# HELP c h', '# TYPE c unknown', 'c 0'],
    ],
    [
      'that is not a counter cannot keep a raw name',
      OPENMETRICS,
      { ...keepsRawName, type: 'gauge' },
      ['# HELP c h', '# TYPE c gauge', 'c 0'],
    ],
    [
      'keeps the colons of its sample names in OpenMetrics',
      OPENMETRICS,
      colon,
      ['# HELP vllm:x h', '# TYPE vllm:x counter', 'vllm:x_total{a="b"} 0'],
    ],
    [
      'keeps legal sample names in values in OpenMetrics',
      dialectFor('openmetrics', 'values'),
      colon,
      ['# HELP vllm:x h', '# TYPE vllm:x counter', 'vllm:x_total{a="b"} 0'],
    ],
    [
      'has a name of any characters quoted inside the braces',
      TEXT_UTF8,
      dotted,
      [
        '# HELP "a.b_total" h',
        '# TYPE "a.b_total" counter',
        '{"a.b_total"} 0',
        '{"a.b_total","c.d"="e"} 1',
      ],
    ],
    [
      'has it quoted in OpenMetrics, too',
      OPENMETRICS_UTF8,
      dotted,
      ['# HELP "a.b" h', '# TYPE "a.b" counter', '{"a.b_total"} 0', '{"a.b_total","c.d"="e"} 1'],
    ],
    [
      'has the later of two labels forced that escaping makes equal',
      TEXT,
      twice,
      ['# HELP g h', '# TYPE g gauge', 'g{a_b="1",U__a__b="2"} 0'],
    ],
    [
      'has a label forced only where the other is there',
      TEXT,
      mixed,
      ['# HELP g h', '# TYPE g gauge', 'g{a_b="1",U__a__b="2"} 0', 'g{a_b="3"} 1'],
    ],
    [
      'has both labels as they are where nothing makes them equal',
      TEXT_UTF8,
      twice,
      ['# HELP g h', '# TYPE g gauge', 'g{"a.b"="1",a_b="2"} 0'],
    ],
    [
      'has a label forced that would be the metric name',
      TEXT,
      metricName,
      ['# HELP g h', '# TYPE g gauge', 'g{U___2e__2e_name_2e__2e_="1"} 0'],
    ],
    [
      'without series is its HELP and TYPE',
      TEXT,
      family('gauge', 'g', []),
      ['# HELP g h', '# TYPE g gauge'],
    ],
  ];
  for (const [title, dialect, exposed, expected] of cases) {
    it(title, () => assert.deepEqual(print(dialect, exposed), expected));
  }

  it('that is renamed has all its names forced, those of blocks after it, too', () => {
    const exposed = family('counter', 'a_b', [['a_b_total', { c_d: 'e' }], ['a_b_created']]);
    assert.deepEqual(print(TEXT, exposed, true), [
      '# HELP U__a__b__total h',
      '# TYPE U__a__b__total counter',
      'U__a__b__total{c_d="e"} 0',
      '# HELP U__a__b__created h',
      '# TYPE U__a__b__created gauge',
      'U__a__b__created 1',
    ]);
    assert.deepEqual(print(OPENMETRICS, exposed, true), [
      '# HELP U__a__b h',
      '# TYPE U__a__b counter',
      'U__a__b__total{c_d="e"} 0',
      'U__a__b__created 1',
    ]);
  });

  it('of 10,000 series is printed with every value in its own line', () => {
    const series = Array.from({ length: 10_000 }, (_, i): Series => ['g', { i: `${i}` }]);
    const [block] = familyBlocks(TEXT, family('gauge', 'g', series), false);
    assert.deepEqual(
      block!.seriesIndex.map(block!.lineOf),
      series.map((_, i) => `g{i="${i}"} `),
    );
  });
});

describe('families collide', () => {
  type Named = Pick<ExposedFamily, 'name' | 'type' | 'keepsRawName'>;
  const named = (type: ExposedFamily['type'], name: string, keepsRawName = false): Named => ({
    name,
    type,
    keepsRawName,
  });

  const cases: [string, Dialect, Named[], number[]][] = [
    ['not when their names differ', TEXT, [named('gauge', 'a'), named('gauge', 'b')], []],
    [
      'when escaping makes them equal, and the first in code-point order keeps its name',
      TEXT,
      [named('gauge', 'a_b'), named('gauge', 'a.b'), named('gauge', 'a-b')],
      [0, 1],
    ],
    ['not where escaping does not', TEXT_UTF8, [named('gauge', 'a_b'), named('gauge', 'a.b')], []],
    [
      'when the _total of a counter makes them equal in text',
      TEXT_UTF8,
      [named('gauge', 'x_total'), named('counter', 'x')],
      [0],
    ],
    [
      'not in OpenMetrics, which prints no _total there',
      OPENMETRICS,
      [named('gauge', 'x_total'), named('counter', 'x')],
      [],
    ],
    [
      'not with a counter that keeps its raw name, without _total',
      TEXT,
      [named('gauge', 'x_total'), named('counter', 'x', true)],
      [],
    ],
    [
      'when the _info of an info makes them equal in text',
      TEXT,
      [named('info', 'x'), named('gauge', 'x_info')],
      [1],
    ],
    [
      'also with the name that a renamed one gets',
      TEXT,
      [named('gauge', 'a_b'), named('gauge', 'a.b'), named('gauge', 'U__a__b')],
      [0, 2],
    ],
  ];
  for (const [title, dialect, families, expected] of cases) {
    it(title, () => assert.deepEqual([...collidingFamilies(dialect, families)].sort(), expected));
  }
});
