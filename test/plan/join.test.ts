import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinValues } from '../../src/plan/join.js';
import { OPERATION } from '../../src/plan/operation.js';

type Given = readonly (number | readonly [value: number, timestampSeconds: number])[];

const CASES: readonly [
  operation: keyof typeof OPERATION,
  given: Given,
  value: number | undefined,
  winner: number | undefined,
][] = [
  ['sum', [], undefined, undefined],
  ['sum', [1, 2, -4], -1, undefined],
  ['sum', [-0], 0, undefined],
  ['sum', [1, NaN], NaN, undefined],
  ['min', [2, 1, 1], 1, 1],
  ['min', [NaN, 1], NaN, 0],
  ['min', [1, NaN], 1, 0],
  ['max', [2, 3, 3], 3, 1],
  ['max', [NaN, Infinity], NaN, 0],
  ['last', [1, 2, NaN], NaN, 2],
  ['mostRecent', [1, 2], undefined, undefined],
  [
    'mostRecent',
    [
      [1, 10],
      [2, 20],
      [3, 20],
      [4, NaN],
    ],
    2,
    1,
  ],
  ['mostRecent', [[1, -5]], undefined, undefined],
];

describe('joinValues', () => {
  for (const [operation, given, value, winner] of CASES) {
    it(`joins ${JSON.stringify(given)} by ${operation}`, () => {
      const values = given.map((item) => {
        const [value, timestampSeconds] = typeof item === 'number' ? [item, 0] : item;
        return { value, timestampSeconds };
      });
      assert.deepEqual(joinValues(OPERATION[operation], values), { value, winner });
    });
  }
});
