import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAny, type List, listOf, mapList, sliceList } from '../../src/inspect/list.js';

const squares = listOf(4, (i) => i * i);

describe('a list that makes its elements when they are asked for', () => {
  const cases: [title: string, list: List<unknown>, elements: unknown[]][] = [
    ['has all of them in order', squares, [0, 1, 4, 9]],
    [
      'has others in their place',
      mapList(squares, (n, i) => `${i}:${n}`),
      ['0:0', '1:1', '2:4', '3:9'],
    ],
    ['has a part of them', sliceList(squares, 1, 3), [1, 4]],
    ['ends where the whole ends', sliceList(squares, 2, Number.POSITIVE_INFINITY), [4, 9]],
    ['is empty beyond the end', sliceList(squares, 5, 7), []],
    ['may be an array', mapList([1, 2], (n) => n + 1), [2, 3]],
  ];
  for (const [title, list, elements] of cases) {
    it(title, () => {
      assert.deepEqual([...list], elements);
      assert.equal(list.length, elements.length);
      assert.deepEqual(
        elements.map((_, i) => list.at(i)),
        elements,
      );
      assert.equal(list.at(elements.length), undefined);
    });
  }

  it('makes none before it is asked for', () => {
    let made = 0;
    const list = mapList(
      listOf(1_000_000, () => made++),
      (n) => n,
    );
    assert.ok(isAny(list, (n) => n === 2));
    assert.equal(made, 3);
  });
});
