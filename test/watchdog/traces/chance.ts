/** Numbers by chance, as traffic has them. */
import type { Random } from '../../support/random.js';

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

export function logNormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random));
}

/** Heavy-tailed, up to a limit such as the timeout of a proxy. */
export function pareto(random: Random, least: number, alpha: number, most: number): number {
  return Math.min(most, least / (1 - random.next()) ** (1 / alpha));
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** How many events there are where `mean` are expected. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}
