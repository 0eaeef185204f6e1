/** Evaluates the running totals of a histogram: the number of observations, and estimated quantiles. */
import { histogramQuantile } from './quantile.js';

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Observations of one process or of all. */
export interface Observations {
  readonly count: number;
  /** Undefined if there is no sum. */
  readonly sum: number | undefined;
  readonly quantiles: Quantiles;
  /** Running totals, one for each bound, ascending. */
  readonly buckets: readonly number[];
}

/** REQUIRES: a running total for each bound. */
export function observations(
  bounds: readonly number[],
  buckets: readonly number[],
  sum: number | undefined,
): Observations {
  const exposed = bounds.map((bound, i) => ({ bound, count: buckets[i]! }));
  const at = (quantile: number) => histogramQuantile(quantile, exposed);
  return {
    count: buckets.at(-1) ?? 0,
    sum,
    quantiles: { p50: at(0.5), p90: at(0.9), p99: at(0.99) },
    buckets,
  };
}
