import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHeldByZero, isStale, unixTimesIn } from '../../src/inspect/misleading.js';

describe('unixTimesIn', () => {
  const now = 1.8e9;
  const cases: [title: string, values: number[], count: number][] = [
    ['none', [], 0],
    ['zeros, which were never set', [0, 0], 0],
    ['times and zeros', [now, 0, now + 5], 2],
    ['one time', [now], 1],
    ['a time and a count', [now, 17], 0],
    ['a time and NaN', [now, NaN], 0],
    ['times that are 20 years apart', [1e9, 1.7e9], 0],
    ['what is beyond 2065', [3.1e9, 3.1e9], 0],
  ];
  for (const [title, values, count] of cases) {
    it(`counts ${title}`, () => assert.equal(unixTimesIn(values), count));
  }
});

describe('isHeldByZero', () => {
  const cases: [minimum: number | undefined, values: number[], isSo: boolean][] = [
    [0, [0, 3], true],
    [0, [0, 0], false],
    [0, [0, NaN], false],
    [-1, [-1, 0, 3], false],
    [undefined, [], false],
  ];
  for (const [minimum, values, isSo] of cases) {
    it(`says ${isSo} of ${minimum} among ${values}`, () => {
      assert.equal(isHeldByZero(minimum, values), isSo);
    });
  }
});

describe('isStale', () => {
  it('begins after ten minutes', () => {
    assert.deepEqual([isStale(600), isStale(601)], [false, true]);
  });
});
