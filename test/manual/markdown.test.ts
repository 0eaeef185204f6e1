/** The Markdown of the manual as blocks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Block, blocksOf, sectionOf } from '../../src/manual/markdown.js';

describe('blocks of Markdown', () => {
  const cases: [title: string, text: string, blocks: Block[]][] = [
    ['a heading', '## Two words', [{ kind: 'heading', level: 2, text: 'Two words' }]],
    ['a paragraph over lines', 'one\ntwo\n', [{ kind: 'paragraph', text: 'one two' }]],
    [
      'items, with lines below them',
      '- one\n  more\n- two\n\n1. three\n   more\n',
      [
        { kind: 'item', mark: '-', text: 'one more' },
        { kind: 'item', mark: '-', text: 'two' },
        { kind: 'item', mark: '1.', text: 'three more' },
      ],
    ],
    [
      'items right after a paragraph',
      'These:\n- one\n',
      [
        { kind: 'paragraph', text: 'These:' },
        { kind: 'item', mark: '-', text: 'one' },
      ],
    ],
    [
      'code, as it is',
      '```sh\n# no heading\n\n- x\n```\n',
      [{ kind: 'code', lines: ['# no heading', '', '- x'] }],
    ],
    [
      'a table, with a border in a cell',
      '| a | b |\n|---|---|\n| `x\\|y` |  |\n',
      [{ kind: 'table', head: ['a', 'b'], rows: [['`x|y`', '']] }],
    ],
    ['no comment', '<!-- flags -->\none\n<!-- /flags -->\n', [{ kind: 'paragraph', text: 'one' }]],
  ];
  for (const [title, text, blocks] of cases) {
    it(`are ${title}`, () => assert.deepEqual(blocksOf(text), blocks));
  }
});

describe('a section', () => {
  const text = '# Title\n\n## A\n\none\n\n### A1\n\ntwo\n\n## B\n\nthree\n';

  it('goes up to the next heading that is not below it', () => {
    assert.equal(sectionOf(text, 'A'), '## A\n\none\n\n### A1\n\ntwo');
    assert.equal(sectionOf(text, 'B'), '## B\n\nthree');
  });

  it('that is not there is undefined', () => assert.equal(sectionOf(text, 'C'), undefined));
});
