import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareCodePoints } from '../../../src/format/code-point.js';
import { marked, pageInOrder, ranksOf } from '../../../src/inspect/series/ordering.js';
import { atOnce } from '../../../src/steps.js';
import { Random, seed } from '../../support/random.js';

describe('a page in order', () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(NaN, Infinity, -Infinity));

  it('is that part of the list when it is sorted, equal ones in their order', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 40 }),
        fc.boolean(),
        fc.nat({ max: 45 }),
        fc.integer({ min: 1, max: 45 }),
        (values, descending, offset, limit) => {
          const items = Uint32Array.from(values.keys()).filter((i) => i % 3 !== 0);
          const column = Float64Array.from(values);
          const found = atOnce(pageInOrder(items, column, descending, { offset, limit }));
          const numbers = [...items].filter((i) => !Number.isNaN(column[i]!));
          const sign = descending ? -1 : 1;
          numbers.sort((a, b) => (column[a] === column[b] ? 0 : sign * (column[a]! - column[b]!)));
          const others = [...items].filter((i) => Number.isNaN(column[i]!));
          const expected = [...numbers, ...others].slice(offset, offset + limit);
          assert.deepEqual([...found], expected);
        },
      ),
      { seed: seed() },
    );
  });

  it('is the same when the list is longer than a step', () => {
    const random = new Random(seed());
    const column = Float64Array.from({ length: 10_000 }, () => random.below(500));
    const items = Uint32Array.from(column.keys());
    const whole = [...items].sort((a, b) => column[a]! - column[b]! || a - b);
    for (const offset of [0, 4_990, 9_990]) {
      const page = atOnce(pageInOrder(items, column, false, { offset, limit: 20 }));
      assert.deepEqual([...page], whole.slice(offset, offset + 20));
    }
  });
});

describe('ranks', () => {
  it('are those of code points, equal for equal texts', () => {
    // Of which one half of a pair sorts before the last of the plane in UTF-16.
    const texts = ['b', '\u{1f600}', 'a', '\uffee', 'b', ''];
    const ranks = atOnce(ranksOf(texts));
    const sorted = [...new Set(texts)].sort(compareCodePoints);
    assert.deepEqual(
      [...ranks],
      texts.map((text) => sorted.indexOf(text)),
    );
  });
});

describe('marked rows', () => {
  it('are ascending', () => {
    assert.deepEqual([...marked(Uint8Array.from([0, 1, 1, 0, 1]))], [1, 2, 4]);
  });
});
