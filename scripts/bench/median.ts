/** The middle one: a single page fault would move a mean and say nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** NaN among none. */
export function lowest(values: readonly number[]): number {
  return quantile(values, 0);
}

/** NaN among none. */
export function highest(values: readonly number[]): number {
  return quantile(values, 1);
}

/** Nearest rank. */
export function quantile(values: readonly number[], at: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))]!;
}
