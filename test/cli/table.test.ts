import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderTable, tableLines } from '../../src/cli/table.js';
import { type ColorChoice, painter, takesColour, terminalWidth } from '../../src/cli/terminal.js';
import {
  cutToWidth,
  textWidth,
  widthUpTo,
  wrapSeries,
  wrapText,
} from '../../src/cli/text-width.js';

describe('textWidth', () => {
  const cases: [title: string, text: string, width: number][] = [
    ['ASCII', 'abc', 3],
    ['accents, in one code point or two', 'é e\u0301', 3],
    ['East Asian scripts are wide', '日本語', 6],
    ['half-width forms are not', 'ｱ', 1],
    ['an emoji', '🚀', 2],
    ['a flag of two code points', '🇩🇪', 2],
    ['a symbol drawn as emoji', '❤️', 2],
    ['the same symbol as text', '❤', 1],
    ['nothing', '', 0],
  ];
  for (const [title, text, width] of cases) {
    it(title, () => assert.equal(textWidth(text), width));
  }
});

describe('widthUpTo', () => {
  const cases: [text: string, most: number, width: number][] = [
    ['abc', 5, 3],
    ['abcdef', 5, 5],
    ['日本語', 5, 5],
    ['日本', 5, 4],
  ];
  for (const [text, most, width] of cases) {
    it(`of ${text}, ${most} at most`, () => assert.equal(widthUpTo(text, most), width));
  }
  it('looks no further than it must', () => {
    const text = '日'.repeat(2 ** 20);
    const startedAt = performance.now();
    for (let i = 0; i < 100; i++) assert.equal(widthUpTo(text, 80), 80);
    // The whole would take a second each time.
    assert.ok(performance.now() - startedAt < 10_000);
  });
});

describe('cutToWidth', () => {
  const cases: [text: string, width: number, cut: string][] = [
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['ab', 1, '…'],
    ['ab', 0, ''],
  ];
  for (const [text, width, cut] of cases) {
    it(`${text} to ${width}`, () => assert.equal(cutToWidth(text, width), cut));
  }
});

describe('wrapText', () => {
  it('breaks at blanks only', () => {
    assert.deepEqual(wrapText('one two three-four', 8), ['one two', 'three-four']);
  });
  it('has one line for nothing', () => assert.deepEqual(wrapText('', 8), ['']));
  it('does not break where there is no width', () => {
    assert.deepEqual(wrapText('one two', Number.POSITIVE_INFINITY), ['one two']);
  });
});

describe('wrapSeries', () => {
  const cases: [text: string, width: number, lines: string[]][] = [
    ['up{a="b"}', 10, ['up{a="b"}']],
    ['up{a="b",c="d"}', 10, ['up{a="b",', 'c="d"}']],
    ['abcdefgh', 3, ['abc', 'def', 'gh']],
    ['日本語', 5, ['日本', '語']],
  ];
  for (const [text, width, lines] of cases) {
    it(`${text} in ${width}`, () => assert.deepEqual(wrapSeries(text, width), lines));
  }
  it('cuts what would fill screens', () => {
    const lines = wrapSeries(`up{a="${'x'.repeat(2 ** 20)}"}`, 10);
    assert.ok(lines.length >= 50 && lines.length <= 52, `${lines.length} lines`);
    assert.match(lines.at(-1)!, /x…$/);
  });
  it('cuts nothing where there is no width', () => {
    const text = `up{a="${'x'.repeat(2 ** 20)}"}`;
    assert.deepEqual(wrapSeries(text, Number.POSITIVE_INFINITY), [text]);
  });
});

describe('renderTable', () => {
  const rows = [
    ['1', 'a long name'],
    ['234', 'b'],
  ];
  it('makes columns as wide as their widest cell', () => {
    assert.deepEqual(renderTable(['ID', 'NAME'], rows, { width: 80, alignRight: [0] }), [
      ' ID  NAME',
      '  1  a long name',
      '234  b',
    ]);
  });
  it('cuts the flexible column', () => {
    assert.deepEqual(renderTable(['ID', 'NAME'], rows, { width: 14, flexible: 1 }), [
      'ID   NAME',
      '1    a long n…',
      '234  b',
    ]);
  });
  it('cuts nothing where there is no width', () => {
    const options = { width: Number.POSITIVE_INFINITY, flexible: 1 };
    assert.equal(renderTable(['ID', 'NAME'], rows, options)[1], '1    a long name');
  });
  it('lets a very long cell stick out on its own line', () => {
    const long = 'x'.repeat(10_000);
    const [, first, second] = renderTable(
      ['NAME', 'N'],
      [
        [long, '1'],
        ['b', '2'],
      ],
      {
        width: Number.POSITIVE_INFINITY,
        alignRight: [1],
      },
    );
    assert.equal(first, `${long}  1`);
    assert.equal(second, `${'b'.padEnd(500)}  2`);
  });
  it('goes through rows that are made when they are asked for', () => {
    const made = {
      *[Symbol.iterator]() {
        yield* rows;
      },
    };
    const options = { width: 80, alignRight: [0] };
    assert.deepEqual(
      [...tableLines(['ID', 'NAME'], made, options)],
      renderTable(['ID', 'NAME'], rows, options),
    );
  });
  it('wraps the flexible column, where nothing may be lost', () => {
    const body = [
      ['1', 'requests_total{method="GET",path="/a"}'],
      ['234', 'b'],
    ];
    const options = { width: 30, flexible: 1, wrap: true, alignRight: [0] };
    assert.deepEqual(renderTable(['ID', 'SERIES'], body, options), [
      ' ID  SERIES',
      '  1  requests_total{',
      '     method="GET",path="/a"}',
      '234  b',
    ]);
  });
  it('lets no cell move the cursor', () => {
    assert.deepEqual(renderTable(['A'], [['x\u001b[2J\ny']], { width: 80 })[1], 'x\\u001b[2J\\ny');
  });
  it('fits wide text', () => {
    assert.deepEqual(
      renderTable(
        ['A', 'B'],
        [
          ['日本', 'x'],
          ['abcd', 'y'],
        ],
        { width: 80 },
      ),
      ['A     B', '日本  x', 'abcd  y'],
    );
  });
});

describe('the terminal', () => {
  it('has a width, unless it is none', () => {
    assert.equal(terminalWidth({}, { isTTY: true, columns: 120 }), 120);
    assert.equal(terminalWidth({ COLUMNS: '60' }, { isTTY: true, columns: 120 }), 60);
    assert.equal(terminalWidth({}, { isTTY: true, columns: 0 }), 80);
    assert.equal(terminalWidth({ COLUMNS: '60' }, { columns: 120 }), Number.POSITIVE_INFINITY);
  });
  const colours: [
    title: string,
    choice: ColorChoice,
    environment: Record<string, string>,
    isTTY: boolean,
    taken: boolean,
  ][] = [
    ['in a terminal', 'auto', {}, true, true],
    ['not in a pipe', 'auto', {}, false, false],
    ['not with NO_COLOR', 'auto', { NO_COLOR: '1' }, true, false],
    ['with an empty NO_COLOR', 'auto', { NO_COLOR: '' }, true, true],
    ['not in a dumb terminal', 'auto', { TERM: 'dumb' }, true, false],
    ['not with CLICOLOR=0', 'auto', { CLICOLOR: '0' }, true, false],
    ['in a pipe with CLICOLOR_FORCE', 'auto', { CLICOLOR_FORCE: '1', TERM: 'dumb' }, false, true],
    ['not in a pipe with CLICOLOR_FORCE=0', 'auto', { CLICOLOR_FORCE: '0' }, false, false],
    ['not with both', 'auto', { NO_COLOR: '1', CLICOLOR_FORCE: '1' }, true, false],
    ['in a pipe where a flag says so', 'always', { NO_COLOR: '1' }, false, true],
    ['not where a flag says so', 'never', { CLICOLOR_FORCE: '1' }, true, false],
  ];
  for (const [title, choice, environment, isTTY, taken] of colours) {
    it(`takes colour ${title}`, () => {
      assert.equal(takesColour(choice, environment, { isTTY }), taken);
    });
  }
  it('has codes for styles', () => {
    assert.equal(painter(false)('red', 'x'), 'x');
    assert.equal(painter(true)('red', 'x'), '\u001b[31mx\u001b[0m');
  });
});
