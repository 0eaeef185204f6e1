import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAccept } from '../../src/expose/accept.js';

describe('what a client accepts', () => {
  const cases: [string, string, [value: string, quality: number][]][] = [
    ['is nothing in an empty header', ' , ,', []],
    [
      'comes by falling quality, equal ones in their order',
      'a;q=0.5, b, c;q=0, d;q=.5, e',
      [
        ['b', 1],
        ['e', 1],
        ['a', 0.5],
        ['d', 0.5],
        ['c', 0],
      ],
    ],
    ['is in lower case', 'Text/PLAIN', [['text/plain', 1]]],
    ['may have blanks anywhere', ' a ; q = 0.3 ', [['a', 0.3]]],
    ['has a quality in capitals', 'a;Q=0.3', [['a', 0.3]]],
    ['may have its quality quoted', 'a;q="0.3"', [['a', 0.3]]],
    ['has the first of two qualities', 'a;q=0.3;q=0.6', [['a', 0.3]]],
    ['has a quality of at most 1', 'a;q=7', [['a', 1]]],
    [
      'has quality 1 where it is not a number',
      'a;q=x, b;q=-1, c;q, d;q=',
      [
        ['a', 1],
        ['b', 1],
        ['c', 1],
        ['d', 1],
      ],
    ],
    ['may have separators in quotes', 'a;x=",;q=0.1";q=0.3', [['a', 0.3]]],
    ['may have an escaped quote in quotes', 'a;x="\\",";q=0.3', [['a', 0.3]]],
    ['runs to the end from a quote that is not closed', 'a;x="b, c;q=0.3', [['a', 1]]],
  ];
  for (const [title, header, expected] of cases) {
    it(title, () => {
      assert.deepEqual(
        parseAccept(header).map(({ value, quality }) => [value, quality]),
        expected,
      );
    });
  }

  it('has parameters by name, unquoted', () => {
    const [item] = parseAccept('a;Version="1.0.0";x="b\\"c";y;z="');
    assert.deepEqual(Object.fromEntries(item!.parameters), { version: '1.0.0', x: 'b"c', z: '' });
  });

  it('is something for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => void parseAccept(header)));
  });
});
