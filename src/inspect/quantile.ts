/**
 * Quantiles estimated from buckets, as Prometheus' histogram_quantile() does.
 *
 * Source: Prometheus, promql/quantile.go, BucketQuantile and ensureMonotonicAndIgnoreSmallDeltas.
 */

/** A bucket as exposed. */
export interface CumulativeBucket {
  readonly bound: number;
  readonly count: number;
}

/**
 * Linear between bounds, from 0 below the first; the highest finite bound where the quantile is above it.
 *
 * @param buckets ascending bounds
 * @returns NaN without observations, or without a bucket +Inf
 */
export function histogramQuantile(quantile: number, buckets: readonly CumulativeBucket[]): number {
  const last = buckets.length - 1;
  if (last < 1 || buckets[last]!.bound !== Infinity) return Number.NaN;
  let highest = -Infinity;
  const counts = buckets.map(({ count }) => {
    highest = Math.max(highest, count);
    return highest;
  });
  const observations = counts[last]!;
  if (!(observations > 0)) return Number.NaN;

  const rank = quantile * observations;
  const at = counts.findIndex((count) => count >= rank);
  if (at === last) return buckets[last - 1]!.bound;
  const end = buckets[at]!.bound;
  if (at === 0 && end <= 0) return end;
  const start = at === 0 ? 0 : buckets[at - 1]!.bound;
  const below = at === 0 ? 0 : counts[at - 1]!;
  const within = counts[at]! - below;
  return start + (end - start) * ((rank - below) / within);
}
