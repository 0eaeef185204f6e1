import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pace } from '../../src/live/pace.js';
import { sharesOf } from '../../src/record/shares.js';

function after(wantedSeconds: number, costs: readonly number[], seal = 0): number {
  const pace = new Pace(wantedSeconds);
  for (const cost of costs) pace.took(cost, seal);
  return pace.intervalSeconds;
}

const ticks = (count: number, cost: number) => new Array<number>(count).fill(cost);

describe('the pace of ticks', () => {
  const cases: [title: string, wanted: number, costs: number[], expected: number][] = [
    ['is as asked where ticks are cheap', 1, ticks(50, 0.009), 1],
    ['is slower where they take more than 1% of a core', 1, ticks(50, 0.015), 2],
    ['is below a second where that was asked', 0.1, ticks(50, 0.0015), 0.2],
    ['is one of few', 1, ticks(50, 0.08), 10],
    ['has an end', 1, ticks(50, 30), 60],
    ['is never faster than asked', 120, ticks(50, 30), 120],
    ['does not follow single ticks', 1, [5, ...ticks(30, 0.001), 5, 5, 5], 1],
    ['is not decided by the first ticks', 1, ticks(14, 0.5), 1],
    ['recovers', 1, [...ticks(30, 0.05), ...ticks(30, 0.001)], 1],
    ['does not change to and fro', 1, [...ticks(30, 0.011), ...ticks(30, 0.009)], 2],
  ];
  for (const [title, wanted, costs, expected] of cases) {
    it(title, () => assert.equal(after(wanted, costs), expected));
  }

  it('may have another share', () => {
    const pace = new Pace(0.1, 0.5);
    for (const cost of ticks(50, 0.04)) pace.took(cost, 0);
    assert.equal(pace.intervalSeconds, 0.1);
  });

  it('counts what sealing takes in the mean', () => {
    assert.equal(after(1, ticks(1000, 0.005), 0.001), 1);
    assert.equal(after(1, ticks(1000, 0.005), 0.01), 2);
  });
});

describe('shares of the budget', () => {
  const cases: [title: string, rates: number[], expected: number[]][] = [
    ['are all of it for one source', [7], [1000]],
    ['are even where nothing is known', [0, 0], [500, 500]],
    ['follow what is recorded, but for an even half', [30, 10], [625, 375]],
    ['leave room for a source that is quiet', [10, 0], [750, 250]],
    ['are none of none', [], []],
  ];
  for (const [title, rates, expected] of cases) {
    it(title, () => assert.deepEqual(sharesOf(1000, rates), expected));
  }
});
