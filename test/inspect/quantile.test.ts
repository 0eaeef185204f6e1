import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { histogramQuantile } from '../../src/inspect/quantile.js';

const buckets = (...pairs: [bound: number, count: number][]) =>
  pairs.map(([bound, count]) => ({ bound, count }));

// Expected values: Prometheus 2.42, `histogram_quantile` over these series.
describe('histogramQuantile', () => {
  const cases: [
    title: string,
    quantile: number,
    given: ReturnType<typeof buckets>,
    expected: number,
  ][] = [
    ['is linear within a bucket', 0.5, buckets([1, 0], [2, 10], [Infinity, 10]), 1.5],
    ['begins at 0 below the first bound', 0.5, buckets([1, 10], [2, 10], [Infinity, 10]), 0.5],
    ['is the first bound where that is not above 0', 0.5, buckets([-1, 10], [Infinity, 10]), -1],
    ['is the highest finite bound above it', 0.99, buckets([1, 1], [2, 2], [Infinity, 10]), 2],
    ['is NaN without observations', 0.5, buckets([1, 0], [Infinity, 0]), Number.NaN],
    ['is NaN without +Inf', 0.5, buckets([1, 5], [2, 10]), Number.NaN],
    ['is NaN with +Inf alone', 0.5, buckets([Infinity, 10]), Number.NaN],
    [
      'takes a bucket that fell for its neighbour',
      0.5,
      buckets([1, 6], [2, 5], [Infinity, 10]),
      5 / 6,
    ],
  ];
  for (const [title, quantile, given, expected] of cases) {
    it(title, () => assert.equal(histogramQuantile(quantile, given), expected));
  }
});
