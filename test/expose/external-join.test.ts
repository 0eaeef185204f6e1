/** Which series of an external page join an existing family. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AddedLabel,
  labelSetLines,
  leaveOutExisting,
} from '../../src/expose/external-join.js';
import { labelSetText } from '../../src/expose/label-set.js';
import type { Labels } from '../../src/format/key.js';
import { readPage } from '../support/external-page.js';

const lines = (...text: string[]) => text.map((line) => `${line}\n`).join('');

/** Which series of the page's only family join existing label sets. */
function joining(page: string, existing: readonly Labels[], added: readonly AddedLabel[] = []) {
  const read = readPage(page, page.endsWith('# EOF\n') ? 'openmetrics' : 'text');
  assert.equal(read.families.length, 1);
  const isLeftOut = new Uint8Array(read.order.length);
  const sets = Buffer.from(existing.map((labels) => `${labelSetText(labels)}\n`).join(''));
  const leftOut = leaveOutExisting(read, read.families[0]!, [sets], added, isLeftOut);
  const joins = [...read.order].flatMap((row, place) => {
    const { prefixes } = read;
    const text = prefixes.bytesOf(row).toString('utf8', prefixes.from(row), prefixes.to(row));
    return isLeftOut[place] ? [] : [text];
  });
  return { joins, ...leftOut };
}

describe('an external series', () => {
  const gauge = lines('# TYPE x gauge', 'x{a="1"} 1', 'x{a="2",b="3"} 2');
  const histogram = lines('# TYPE h histogram').concat(
    ...['1', '2'].map((a) =>
      lines(`h_bucket{a="${a}",le="1"} 1`, `h_bucket{a="${a}",le="+Inf"} 1`).concat(
        lines(`h_sum{a="${a}"} 1`, `h_count{a="${a}"} 1`),
      ),
    ),
  );
  const cases: [
    title: string,
    page: string,
    existing: Labels[],
    joins: string[],
    duplicate: number,
    added?: AddedLabel[],
  ][] = [
    [
      'joins a family that has other label sets',
      gauge,
      [[['a', '9']]],
      ['x{a="1"}', 'x{a="2",b="3"}'],
      0,
    ],
    ['does not join where its label set is there', gauge, [[['a', '1']]], ['x{a="2",b="3"}'], 1],
    ['is the one that has the same labels and fewer', gauge, [[['b', '3']]], ['x{a="1"}'], 1],
    ['is the one that has no labels', gauge, [[]], [], 2],
    [
      'is not one that has more labels',
      gauge,
      [
        [
          ['a', '1'],
          ['b', '3'],
        ],
      ],
      ['x{a="1"}', 'x{a="2",b="3"}'],
      0,
    ],
    [
      'is one that has more labels, where promfold added them',
      gauge,
      [
        [
          ['a', '1'],
          ['pod', 'p'],
          ['source', 's'],
        ],
      ],
      ['x{a="2",b="3"}'],
      1,
      [
        ['pod', 'p'],
        ['source', undefined],
      ],
    ],
    [
      'is not one whose own label is called like an added one',
      gauge,
      [
        [
          ['a', '1'],
          ['pod', 'other'],
        ],
      ],
      ['x{a="1"}', 'x{a="2",b="3"}'],
      0,
      [['pod', 'p']],
    ],
    [
      'of a histogram goes with its label set: all of it, or nothing',
      histogram,
      [[['a', '1']]],
      ['h_bucket{a="2",le="1.0"}', 'h_bucket{a="2",le="+Inf"}', 'h_sum{a="2"}', 'h_count{a="2"}'],
      4,
    ],
    [
      'may be the time of creation of one that is there',
      lines(
        '# TYPE c_total counter',
        'c_total{a="1"} 1',
        '# TYPE c_created gauge',
        'c_created{a="1"} 5',
      ).concat(lines('c_created{a="2"} 5', 'c_total{a="2"} 1')),
      [[['a', '1']]],
      ['c_created{a="2"}', 'c_total{a="2"}'],
      2,
    ],
    [
      'is compared by its values, escapes and all',
      lines('# TYPE x gauge', 'x{a="\\"\\\\,b=\\"",c="\\n"} 1', 'x{a="\\"",c="\\n"} 1'),
      [
        [
          ['a', '"\\,b="'],
          ['c', '\n'],
        ],
      ],
      ['x{a="\\"",c="\\n"}'],
      1,
    ],
    [
      'is compared by names that are not legal, too',
      lines('# TYPE x gauge', 'x{"a.b"="1"} 1', 'x{"a.b"="2"} 1'),
      [[['a.b', '1']]],
      ['x{"a.b"="2"}'],
      1,
    ],
    [
      'of a stateset goes with its label set, however its name is spelled',
      lines('# TYPE "a.b" stateset', '{"a.b","a.b"="on"} 1', '{"a.b","a.b"="off"} 0', '# EOF'),
      [[]],
      [],
      2,
    ],
  ];
  for (const [title, page, existing, joins, duplicate, added] of cases) {
    it(title, () => {
      assert.deepEqual(joining(page, existing, added), { joins, duplicate, nameConflict: 0 });
    });
  }

  it('is left out where it would be printed like an existing one', () => {
    const page = lines('# TYPE x gauge', 'x{a_b="1"} 1', 'x{a_b="2"} 1');
    assert.deepEqual(joining(page, [[['a.b', '1']]]), {
      joins: ['x{a_b="2"}'],
      duplicate: 0,
      nameConflict: 1,
    });
    const odd = lines('# TYPE x gauge', 'x{"a.b"="1"} 1', 'x{"a.b"="2"} 1');
    assert.deepEqual(joining(odd, [[['a_b', '1']]]), {
      joins: ['x{"a.b"="2"}'],
      duplicate: 0,
      nameConflict: 1,
    });
  });

  it('is left out where the existing ones have too many sets of names', () => {
    const existing = (count: number) =>
      Array.from({ length: count }, (_, i): Labels => [[`n${i}`, '1']]);
    const page = lines('# TYPE x gauge', 'x{a="1"} 1', 'x{n63="1"} 1');
    assert.deepEqual(joining(page, existing(64)), {
      joins: ['x{a="1"}'],
      duplicate: 1,
      nameConflict: 0,
    });
    assert.deepEqual(joining(page, existing(65)), { joins: [], duplicate: 0, nameConflict: 2 });
  });
});

describe('the label sets of a family', () => {
  it('are lines, each once, without bounds', () => {
    const read = readPage(
      lines(
        '# TYPE h histogram',
        'h_bucket{b="2",a="1",le="1"} 1',
        'h_bucket{a="1",b="2",le="2"} 1',
      ).concat(lines('h_count{a="1",b="2"} 1', 'h_count{a="3"} 1', 'h_count 1')),
    );
    assert.equal(String(labelSetLines(read, read.families[0]!)), 'a="1",b="2"\na="3"\n\n');
  });
});
