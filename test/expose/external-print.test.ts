/** External pages as they are printed: dialects, escaping, selection, pieces. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ESCAPINGS } from '../../src/expose/dialect.js';
import type { ExternalPage } from '../../src/expose/external-page.js';
import {
  PIECE_COLUMNS,
  type PrintOptions,
  printExternalPage,
} from '../../src/expose/external-print.js';
import { dialect, OPENMETRICS, TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { printPage, readPage } from '../support/external-page.js';

const lines = (...text: string[]) => text.map((line) => `${line}\n`).join('');

describe('an external page', () => {
  const page = () => readPage('# TYPE a_b gauge\na_b{c_d="1",e="x_y\\\\"} 7\n');

  const plain: [escaping: (typeof ESCAPINGS)[number], line: string][] = [
    ['underscores', 'a_b{c_d="1",e="x_y\\\\"} 7'],
    ['dots', 'a__b{c__d="1",e="x_y\\\\"} 7'],
    ['values', 'a_b{c_d="1",e="x_y\\\\"} 7'],
    ['allow-utf-8', 'a_b{c_d="1",e="x_y\\\\"} 7'],
  ];
  for (const [escaping, line] of plain) {
    it(`with legal names is spelled in ${escaping}`, () => {
      for (const format of ['text-1.0.0', 'openmetrics'] as const) {
        assert.equal(printPage(page(), dialect(format, escaping)).split('\n')[2], line);
      }
    });
  }

  const odd: [escaping: (typeof ESCAPINGS)[number], text: string][] = [
    ['underscores', lines('# HELP a_b ', '# TYPE a_b gauge', 'a_b{_="1",c_d="2"} 7')],
    ['dots', lines('# HELP a_dot_b ', '# TYPE a_dot_b gauge', 'a_dot_b{__="1",c_dot_d="2"} 7')],
    [
      'values',
      lines(
        '# HELP U__a_2e_b ',
        '# TYPE U__a_2e_b gauge',
        'U__a_2e_b{U___65e5_="1",U__c_2e_d="2"} 7',
      ),
    ],
    ['allow-utf-8', lines('# HELP "a.b" ', '# TYPE "a.b" gauge', '{"a.b","c.d"="2","日"="1"} 7')],
  ];
  for (const [escaping, text] of odd) {
    it(`with names that are not legal is spelled in ${escaping}`, () => {
      const read = readPage('# TYPE "a.b" gauge\n{"a.b","日"="1","c.d"="2"} 7\n');
      const sorted = (printed: string) =>
        printed.replace(/\{(.*)\}/, (_, labels: string) => labels.split(',').sort().join());
      assert.equal(sorted(printPage(read, dialect('text-1.0.0', escaping))), sorted(text));
    });
  }

  it('has no two lines alike where names are escaped', () => {
    const read = readPage('# TYPE x gauge\nx{"a.b"="1"} 1\nx{a_b="1"} 2\nx{"a b"="1"} 3\n');
    for (const escaping of ESCAPINGS) {
      const text = printPage(read, dialect('text-1.0.0', escaping));
      const series = text
        .split('\n')
        .slice(2, -1)
        .map((line) => line.slice(0, -2));
      assert.equal(new Set(series).size, 3, text);
    }
  });

  it('is printed under forced names where another one has them', () => {
    assert.equal(
      printPage(page(), TEXT, { renamed: [0] }),
      lines('# HELP U__a__b ', '# TYPE U__a__b gauge', 'U__a__b{c_d="1",e="x_y\\\\"} 7'),
    );
  });

  it('has times as the format counts them', () => {
    const [text, openMetrics] = [
      readPage('x 1 1500\ny 1 -1\n'),
      readPage('x 1 1.5\ny 1 1700000000.1239\n# EOF\n', 'openmetrics'),
    ];
    const times = (printed: string) =>
      [...printed.matchAll(/^\w 1 (.*)$/gm)].map(([, time]) => time);
    assert.deepEqual(times(printPage(text)), ['1500', '-1']);
    assert.deepEqual(times(printPage(text, OPENMETRICS)), ['1.5', '-0.001']);
    assert.deepEqual(times(printPage(openMetrics)), ['1500', '1700000000124']);
    assert.deepEqual(times(printPage(openMetrics, OPENMETRICS)), ['1.5', '1700000000.1239']);
  });

  it('is valid in every dialect', () => {
    const read = readPage(
      lines(
        '# TYPE "h.x" histogram',
        '{"h.x_bucket",le="1"} 1',
        '{"h.x_bucket",le="+Inf"} 1',
      ).concat(
        lines(
          '{"h.x_sum"} 1',
          '{"h.x_count"} 1',
          '# TYPE "h.x_created" gauge',
          '{"h.x_created"} 5',
        ),
      ),
    );
    for (const format of ['text-1.0.0', 'openmetrics'] as const) {
      for (const escaping of ESCAPINGS) {
        const isOpenMetrics = format === 'openmetrics';
        const text = printPage(read, dialect(format, escaping)) + (isOpenMetrics ? '# EOF\n' : '');
        if (escaping !== 'dots') assert.deepEqual(faultsOf(text, isOpenMetrics), [], text);
      }
    }
  });
});

describe('name[] of an external page', () => {
  const page = lines('# TYPE h histogram', 'h_bucket{le="+Inf"} 1', 'h_sum 2', 'h_count 1').concat(
    lines('# TYPE c_total counter', 'c_total 3', '# TYPE c_created gauge', 'c_created 4'),
  );
  const cases: [title: string, wanted: string[], samples: string[]][] = [
    ['is a family', ['h'], ['h_bucket', 'h_sum', 'h_count']],
    ['is a sample', ['h_sum'], ['h_sum']],
    ['is a counter by either name', ['c'], ['c_total', 'c_created']],
    ['is a counter as text has it', ['c_total'], ['c_total', 'c_created']],
    ['is a time of creation', ['c_created'], ['c_created']],
    ['is none there is', ['x'], []],
  ];
  for (const [title, wanted, samples] of cases) {
    it(title, () => {
      const text = printPage(readPage(page), TEXT, { wanted });
      assert.deepEqual(
        [...text.matchAll(/^([a-z]\w*)/gm)].map(([, name]) => name),
        samples,
      );
    });
  }
});

describe('the pieces of a page', () => {
  function pieces(page: ExternalPage, options: Partial<PrintOptions>) {
    const { bytes, pieces: columns } = printExternalPage(page, {
      dialect: TEXT,
      wanted: undefined,
      apart: [],
      together: [],
      renamed: new Set(),
      isLeftOut: undefined,
      ...options,
    });
    const found: [number, number, string, string][] = [];
    let end = 0;
    for (let i = 0; i < columns.length; i += PIECE_COLUMNS) {
      const [family, block, from, linesFrom, to] = columns.subarray(i, i + PIECE_COLUMNS);
      assert.equal(from, end);
      const text = (a: number, b: number) => bytes.toString('utf8', a, b);
      found.push([family!, block!, text(from!, linesFrom!), text(linesFrom!, to!)]);
      end = to!;
    }
    return { found, rest: bytes.toString('utf8', end) };
  }
  const page = () =>
    readPage(
      lines('a 1', '# TYPE c_total counter', 'c_total{x="1"} 2', 'c_total{x="2"} 3').concat(
        lines('# TYPE c_created gauge', 'c_created{x="1"} 4', 'z 5'),
      ),
    );

  it('are the blocks of each family apart, and then all others', () => {
    assert.deepEqual(pieces(page(), { apart: [1], together: [0, 2] }), {
      found: [
        [1, 0, '# HELP c_total \n# TYPE c_total counter\n', 'c_total{x="1"} 2\nc_total{x="2"} 3\n'],
        [1, 1, '# HELP c_created \n# TYPE c_created gauge\n', 'c_created{x="1"} 4\n'],
      ],
      rest: '# HELP a \n# TYPE a untyped\na 1\n# HELP z \n# TYPE z untyped\nz 5\n',
    });
  });

  it('lack what is left out, and are not there where all is', () => {
    const read = page();
    const isLeftOut = new Uint8Array(read.order.length);
    // c_total{x="1"} and its time of creation: one label set.
    for (const place of [1, 2]) isLeftOut[place] = 1;
    const { found, rest } = pieces(read, { apart: [0, 1], isLeftOut });
    assert.deepEqual(
      found.map(([family, block, , text]) => [family, block, text]),
      [
        [0, 0, 'a 1\n'],
        [1, 0, 'c_total{x="2"} 3\n'],
      ],
    );
    assert.equal(rest, '');
    isLeftOut.fill(1);
    assert.deepEqual(pieces(read, { apart: [0, 1], isLeftOut }), { found: [], rest: '' });
  });
});
