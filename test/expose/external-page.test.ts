/** External pages: what is read of them, in which family and order, and what is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PageFormat } from '../../src/expose/external-families.js';
import { OPENMETRICS, TEXT } from '../support/dialect.js';
import { printPage, readPage, translated } from '../support/external-page.js';

const lines = (...text: string[]) => text.map((line) => `${line}\n`).join('');

describe('a page of text', () => {
  const cases: [title: string, page: string, expected: string][] = [
    ['is printed as it came', lines('# HELP x Text.', '# TYPE x gauge', 'x{a="1"} 7'), ''],
    ['may lack HELP and TYPE', lines('x 1'), lines('# HELP x ', '# TYPE x untyped', 'x 1')],
    [
      'may have blank lines, comments and blanks',
      lines(
        '',
        '# comment',
        '#',
        ' # TYPE x gauge ',
        '\tx { b = "2", a="1" }  7 \r',
        '#TYPE y gauge',
      ),
      lines('# HELP x ', '# TYPE x gauge', 'x{a="1",b="2"} 7'),
    ],
    [
      'may end without a newline',
      '# TYPE x gauge\nx 1',
      lines('# HELP x ', '# TYPE x gauge', 'x 1'),
    ],
    [
      'prints no family without a sample',
      lines('# HELP y Why.', '# TYPE y counter', 'x 1'),
      lines('# HELP x ', '# TYPE x untyped', 'x 1'),
    ],
    [
      'has a help with escapes, and a quote that is not one',
      lines('# HELP x a\\\\b\\nc\\"d', '# TYPE x gauge', 'x 1'),
      lines('# HELP x a\\\\b\\nc\\\\"d', '# TYPE x gauge', 'x 1'),
    ],
    [
      'may come twice, one after the other: the first counts',
      lines('# HELP x One.', '# TYPE x gauge', 'x{a="1"} 1', 'x{a="2"} 2').concat(
        lines('# HELP x Two.', '# TYPE x counter', 'x{a="2"} 3', 'x{a="3"} 4', 'y 5'),
      ),
      lines('# HELP x One.', '# TYPE x gauge', 'x{a="1"} 1', 'x{a="2"} 2', 'x{a="3"} 4').concat(
        lines('# HELP y ', '# TYPE y untyped', 'y 5'),
      ),
    ],
    [
      'has the samples of a family together',
      lines('# TYPE x gauge', 'x{a="1"} 1', 'y 2', 'x{a="2"} 3'),
      lines('# HELP x ', '# TYPE x gauge', 'x{a="1"} 1', 'x{a="2"} 3').concat(
        lines('# HELP y ', '# TYPE y untyped', 'y 2'),
      ),
    ],
    [
      'has the samples of a label set together, buckets ascending',
      lines('# TYPE h histogram', 'h_count{a="1"} 3', 'h_bucket{a="2",le="+Inf"} 1').concat(
        lines('h_bucket{a="1",le="+Inf"} 3', 'h_bucket{a="1",le="1"} 2', 'h_sum{a="1"} 4'),
      ),
      lines('# HELP h ', '# TYPE h histogram', 'h_bucket{a="1",le="1.0"} 2').concat(
        lines('h_bucket{a="1",le="+Inf"} 3', 'h_count{a="1"} 3', 'h_sum{a="1"} 4'),
        lines('h_bucket{a="2",le="+Inf"} 1'),
      ),
    ],
    [
      'has two spellings of a bound as one bucket',
      lines(
        '# TYPE h histogram',
        'h_bucket{le="1"} 1',
        'h_bucket{le="1.00"} 2',
        'h_bucket{le="inf"} 3',
      ),
      lines('# HELP h ', '# TYPE h histogram', 'h_bucket{le="1.0"} 1', 'h_bucket{le="+Inf"} 3'),
    ],
    [
      'leaves a label that is called like a bound alone',
      lines('# TYPE g gauge', 'g{le="1"} 1', 'h_bucket{le="2"} 3'),
      lines('# HELP g ', '# TYPE g gauge', 'g{le="1"} 1').concat(
        lines('# HELP h_bucket ', '# TYPE h_bucket untyped', 'h_bucket{le="2"} 3'),
      ),
    ],
    [
      'has quantiles',
      lines('# TYPE s summary', 's{quantile="0.5"} 1', 's{quantile="1"} 2', 's_sum 3', 's_count 4'),
      lines('# HELP s ', '# TYPE s summary', 's{quantile="0.5"} 1', 's{quantile="1.0"} 2').concat(
        lines('s_sum 3', 's_count 4'),
      ),
    ],
    [
      'prints numbers as they came, and infinity as every parser knows it',
      lines(
        '# TYPE x gauge',
        'x{n="1"} 1e3',
        'x{n="2"} -0.50',
        'x{n="3"} inf',
        'x{n="4"} -Infinity',
      ).concat(lines('x{n="5"} nan', 'x{n="6"} .5', 'x{n="7"} +7')),
      lines(
        '# HELP x ',
        '# TYPE x gauge',
        'x{n="1"} 1e3',
        'x{n="2"} -0.50',
        'x{n="3"} +Inf',
      ).concat(lines('x{n="4"} -Inf', 'x{n="5"} NaN', 'x{n="6"} 0.5', 'x{n="7"} 7.0')),
    ],
    [
      'keeps timestamps',
      lines('# TYPE x gauge', 'x{a="1"} 1 1700000000123', 'x{a="2"} 1 -5', 'x{a="3"} 1'),
      lines(
        '# HELP x ',
        '# TYPE x gauge',
        'x{a="1"} 1 1700000000123',
        'x{a="2"} 1 -5',
        'x{a="3"} 1',
      ),
    ],
    [
      'has the time of creation after the family it belongs to',
      lines(
        '# TYPE c_created gauge',
        'c_created 1.5e+09',
        '# HELP c_total C.',
        '# TYPE c_total counter',
        'c_total 1',
      ),
      lines('# HELP c_total C.', '# TYPE c_total counter', 'c_total 1').concat(
        lines('# HELP c_created C.', '# TYPE c_created gauge', 'c_created 1.5e+09'),
      ),
    ],
    [
      'may have a gauge that is only called as if it were one',
      lines('# TYPE x_created gauge', 'x_created 1', '# TYPE x gauge', 'x 2'),
      lines('# HELP x_created ', '# TYPE x_created gauge', 'x_created 1').concat(
        lines('# HELP x ', '# TYPE x gauge', 'x 2'),
      ),
    ],
    [
      'has a TYPE that is none of its own',
      lines('# TYPE x stateset', 'x 1'),
      lines('# HELP x ', '# TYPE x untyped', 'x 1'),
    ],
    [
      'gives a name of a histogram to the family that is called so',
      lines('# TYPE x histogram', 'x_bucket{le="+Inf"} 1', '# TYPE x_count gauge', 'x_count 7'),
      lines('# HELP x ', '# TYPE x histogram', 'x_bucket{le="+Inf"} 1').concat(
        lines('# HELP x_count ', '# TYPE x_count gauge', 'x_count 7'),
      ),
    ],
    [
      'keeps label values as they are, whatever they are',
      lines('# TYPE x gauge', 'x{a="\u202e\u0007日本 \\\\ \\" \\n"} 1'),
      '',
    ],
  ];
  for (const [title, page, expected] of cases) {
    it(title, () => {
      const same = page.includes('# HELP') ? page : page.replace('# TYPE', '# HELP x \n# TYPE');
      assert.equal(translated(page, 'text', TEXT), expected === '' ? same : expected);
    });
  }

  it('is translated into OpenMetrics', () => {
    const page = lines('# HELP c_total "C".', '# TYPE c_total counter', 'c_total 1').concat(
      lines('# TYPE c_created gauge', 'c_created 1.5e+09', '# TYPE bare counter', 'bare 2 1500'),
      lines('plain 3'),
    );
    assert.equal(
      translated(page, 'text', OPENMETRICS),
      lines('# HELP c \\"C\\".', '# TYPE c counter', 'c_total 1', 'c_created 1.5e+09').concat(
        lines('# HELP bare ', '# TYPE bare unknown', 'bare 2 1.5'),
        lines('# HELP plain ', '# TYPE plain unknown', 'plain 3'),
      ),
    );
  });
});

describe('a page of OpenMetrics', () => {
  const page = lines(
    '# HELP vllm:request_latency_seconds Latency, \\"all\\".',
    '# TYPE vllm:request_latency_seconds histogram',
    '# UNIT vllm:request_latency_seconds seconds',
    'vllm:request_latency_seconds_sum{model_name="m",engine="0"} 3.5',
    'vllm:request_latency_seconds_count{model_name="m",engine="0"} 2',
    'vllm:request_latency_seconds_bucket{le="1.0",model_name="m",engine="0"} 1 # {trace_id="a\\"b # {"} 0.5 1700000000.5',
    'vllm:request_latency_seconds_bucket{le="+Inf",model_name="m",engine="0"} 2',
    'vllm:request_latency_seconds_created{model_name="m",engine="0"} 1700000000.25',
    '# TYPE requests counter',
    'requests_total{code="200"} 7 1700000000.123 # {} 1',
    '# TYPE temperature gaugehistogram',
    'temperature_bucket{le="+Inf"} 4',
    'temperature_gcount 4',
    'temperature_gsum 80',
    '# TYPE build info',
    'build_info{version="1"} 1',
    '# TYPE mode stateset',
    'mode{mode="on"} 1',
    'mode{mode="off"} 0',
    '# TYPE rpc summary',
    'rpc{quantile="0.5"} 1',
    'rpc_sum 3',
    'rpc_count 2',
    '# TYPE any unknown',
    'any 3',
    'loose 4',
    '# EOF',
  );

  it('is printed in OpenMetrics, without exemplars', () => {
    assert.equal(
      translated(page, 'openmetrics', OPENMETRICS),
      lines(
        '# HELP vllm:request_latency_seconds Latency, \\"all\\".',
        '# TYPE vllm:request_latency_seconds histogram',
        '# UNIT vllm:request_latency_seconds seconds',
        'vllm:request_latency_seconds_sum{engine="0",model_name="m"} 3.5',
        'vllm:request_latency_seconds_count{engine="0",model_name="m"} 2',
        'vllm:request_latency_seconds_bucket{engine="0",le="1.0",model_name="m"} 1',
        'vllm:request_latency_seconds_bucket{engine="0",le="+Inf",model_name="m"} 2',
        'vllm:request_latency_seconds_created{engine="0",model_name="m"} 1700000000.25',
        '# HELP requests ',
        '# TYPE requests counter',
        'requests_total{code="200"} 7 1700000000.123',
        '# HELP temperature ',
        '# TYPE temperature gaugehistogram',
        'temperature_bucket{le="+Inf"} 4',
        'temperature_gcount 4',
        'temperature_gsum 80',
        '# HELP build ',
        '# TYPE build info',
        'build_info{version="1"} 1',
        '# HELP mode ',
        '# TYPE mode stateset',
        'mode{mode="on"} 1',
        'mode{mode="off"} 0',
        '# HELP rpc ',
        '# TYPE rpc summary',
        'rpc{quantile="0.5"} 1',
        'rpc_sum 3',
        'rpc_count 2',
        '# HELP any ',
        '# TYPE any unknown',
        'any 3',
        '# HELP loose ',
        '# TYPE loose unknown',
        'loose 4',
      ),
    );
  });

  it('is printed in text, where some samples are families of their own', () => {
    assert.equal(
      translated(page, 'openmetrics', TEXT),
      lines(
        '# HELP vllm:request_latency_seconds Latency, "all".',
        '# TYPE vllm:request_latency_seconds histogram',
        'vllm:request_latency_seconds_sum{engine="0",model_name="m"} 3.5',
        'vllm:request_latency_seconds_count{engine="0",model_name="m"} 2',
        'vllm:request_latency_seconds_bucket{engine="0",le="1.0",model_name="m"} 1',
        'vllm:request_latency_seconds_bucket{engine="0",le="+Inf",model_name="m"} 2',
        '# HELP vllm:request_latency_seconds_created Latency, "all".',
        '# TYPE vllm:request_latency_seconds_created gauge',
        'vllm:request_latency_seconds_created{engine="0",model_name="m"} 1700000000.25',
        '# HELP requests_total ',
        '# TYPE requests_total counter',
        'requests_total{code="200"} 7 1700000000123',
        '# HELP temperature ',
        '# TYPE temperature histogram',
        'temperature_bucket{le="+Inf"} 4',
        '# HELP temperature_gcount ',
        '# TYPE temperature_gcount gauge',
        'temperature_gcount 4',
        '# HELP temperature_gsum ',
        '# TYPE temperature_gsum gauge',
        'temperature_gsum 80',
        '# HELP build_info ',
        '# TYPE build_info gauge',
        'build_info{version="1"} 1',
        '# HELP mode ',
        '# TYPE mode gauge',
        'mode{mode="on"} 1',
        'mode{mode="off"} 0',
        '# HELP rpc ',
        '# TYPE rpc summary',
        'rpc{quantile="0.5"} 1',
        'rpc_sum 3',
        'rpc_count 2',
        '# HELP any ',
        '# TYPE any untyped',
        'any 3',
        '# HELP loose ',
        '# TYPE loose untyped',
        'loose 4',
      ),
    );
  });

  it('has a unit only where its name ends in it', () => {
    const unit = (name: string, type: string, of: string) =>
      translated(
        lines(`# TYPE ${name} ${type}`, `# UNIT ${name} ${of}`, `${name} 1`, '# EOF'),
        'openmetrics',
        OPENMETRICS,
      );
    assert.match(unit('a_bytes', 'gauge', 'bytes'), /^# UNIT a_bytes bytes$/m);
    for (const [name, type, of] of [
      ['a_bytes', 'gauge', 'seconds'],
      ['a_bytes', 'gauge', ''],
      ['a_x y', 'stateset', 'y'],
    ] as const) {
      assert.doesNotMatch(unit(name.split(' ')[0]!, type, of), /UNIT/);
    }
  });
});

describe('a page that is refused', () => {
  const text: [title: string, page: string, fault: RegExp][] = [
    ['a web page', '<html>\n', /^line 1: not a sample: <html>$/],
    ['control characters', 'a 1\n\u0000 x\n', /^line 2: not a sample/],
    ['a label twice', 'a{x="1",x="2"} 1\n', /^line 1: label x is there twice$/],
    ['a label twice, in quotes', 'a{"x"="1",x="2"} 1\n', /^line 1: label x is there twice$/],
    ['an exemplar in text', 'a 1 # {} 1\n', /^line 1: not a timestamp after the value$/],
    ['a timestamp with a fraction in text', 'a 1 1.5\n', /^line 1: not a timestamp/],
    ['a timestamp beyond all time', `a 1 ${'9'.repeat(30)}\n`, /^line 1: not a timestamp/],
    ['two timestamps', 'a 1 2 3\n', /^line 1: not a timestamp/],
  ];
  const openMetrics: typeof text = [
    ['an end that is missing', 'a 1\n', /^no # EOF at the end of OpenMetrics$/],
    ['an empty page', '', /^no # EOF/],
    ['something after the end', '# EOF\na 1\n', /^line 2: something after # EOF$/],
    ['a blank line after the end', '# EOF\n\n', /^line 2: something after # EOF$/],
    [
      'a sample that its family cannot have',
      '# TYPE a counter\na 1\n# EOF\n',
      /^line 2: a is not a sample of a counter$/,
    ],
    ['a timestamp that is none', 'a 1 NaN\n# EOF\n', /^line 1: not a timestamp/],
    ['half an exemplar', 'a 1 #\n# EOF\n', /^line 1: not a timestamp/],
  ];
  for (const [format, cases] of [
    ['text', text],
    ['openmetrics', openMetrics],
  ] as const) {
    for (const [title, page, fault] of cases) {
      it(`has ${title}`, () => {
        assert.throws(() => readPage(page, format), { message: fault });
      });
    }
  }
});

describe('the budget', () => {
  const budget = {
    families: 3,
    familyNameBytes: 8,
    samples: 4,
    lineBytes: 20,
    labels: 2,
    nameBytes: 5,
  };
  const cases: [title: string, at: string, beyond: string, fault: RegExp][] = [
    [
      'of families counts those without a sample',
      '# TYPE a gauge\n# HELP b x\nc 1\n',
      '# TYPE a gauge\n# HELP b x\nc 1\nd 1\n',
      /^line 4: more than 3 families$/,
    ],
    [
      'of samples counts those of a series that is there',
      'a 1\na 1\nb 1\nc 1\n',
      'a 1\na 1\nb 1\nc 1\na 1\n',
      /^line 5: more than 4 samples$/,
    ],
    [
      'of a line counts its bytes',
      `a{b="${'x'.repeat(11)}"} 1\n`,
      `a 1\na{b="${'x'.repeat(12)}"} 1\n`,
      /^line 2: longer than 20 bytes$/,
    ],
    [
      'of a line is that of a comment, too',
      `#${' '.repeat(19)}\n`,
      `#${' '.repeat(20)}\n`,
      /longer/,
    ],
    [
      'of the names of families counts each once',
      '# TYPE abcd gauge\nabcd 1\nefgh 1\n',
      '# TYPE abcd gauge\nefgh 1\ni 1\n',
      /^line 3: more than 8 bytes of names of families$/,
    ],
    ['of labels', 'a{b="",c=""} 1\n', 'a{b="",c="",d=""}1', /^line 1: more than 2 labels$/],
    ['of a name', 'abcde 1\n', 'abcdef 1\n', /^line 1: a name of more than 5 bytes$/],
    ['of a name in TYPE', '# TYPE abcde x\n', '# TYPE abcdef x\n', /^line 1: a name of more than/],
  ];
  for (const [title, at, beyond, fault] of cases) {
    it(title, () => {
      readPage(at, 'text', budget);
      assert.throws(() => readPage(beyond, 'text', budget), { message: fault });
    });
  }
});

describe('a page that comes again', () => {
  const page = lines('# TYPE x gauge', 'x{b="1",a="2"} 7', 'x{a="3"} 8 5', '', 'y 9', 'x{a="3"} 1');
  const again = (text: string, format: PageFormat = 'text') => {
    const read = readPage(format === 'text' ? page : `${page}# EOF\n`, format);
    const isTaken = read.update(Buffer.from(text));
    return isTaken ? printPage(read) : undefined;
  };

  it('gives its new values, and is as if it had been read', () => {
    const next = lines(
      '# TYPE x gauge',
      'x{b="1",a="2"} +Inf',
      'x{a="3"} 80000 6',
      '',
      'y 9.25 1',
      'x{a="3"} 5',
    );
    assert.equal(again(next), translated(next, 'text', TEXT));
  });

  it('may lose or get timestamps', () => {
    const next = page.replace('8 5', '8').replace('y 9', 'y 9 10');
    assert.equal(again(next), translated(next, 'text', TEXT));
  });

  it('may have other exemplars', () => {
    const next = `${page.replace('y 9', 'y 9 # {a="b"} 1')}# EOF\n`;
    assert.equal(again(next, 'openmetrics'), translated(next, 'openmetrics', TEXT));
  });

  it('is the same again and again', () => {
    const read = readPage(page);
    for (let value = 0; value < 5; value++) {
      assert.ok(read.update(Buffer.from(page.replace('y 9', `y ${10 ** value}`))));
      assert.match(printPage(read), new RegExp(`^y ${10 ** value}$`, 'm'));
    }
  });

  const others: [title: string, text: string][] = [
    ['a series more', `${page}z 1\n`],
    ['a series less', page.replace('x{a="3"} 1\n', '')],
    ['another label', page.replace('b="1"', 'b="2"')],
    ['another type', page.replace('gauge', 'counter')],
    ['a comment more', `# hi\n${page}`],
    ['a comment at the end', `${page}#\n`],
    ['no newline at the end', page.trimEnd()],
    ['a value that is none', page.replace('y 9', 'y nine')],
    ['a timestamp that is none', page.replace('8 5', '8 five')],
    ['nothing', ''],
  ];
  for (const [title, text] of others) {
    it(`is a different one with ${title}, and is left unchanged`, () => {
      const read = readPage(page);
      const before = printPage(read);
      assert.ok(!read.update(Buffer.from(text)));
      assert.equal(printPage(read), before);
    });
  }
});
