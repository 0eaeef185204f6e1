/**
 * Which families are served at all: `--metrics.include` and `--metrics.exclude`. Decided once, when a
 * key is first seen; what is left out is neither folded nor printed.
 *
 * A prefix is compared with the name that the text format has in HELP and TYPE, `_total` of a counter
 * included. A family is in or out as a whole: a prefix that only `x_bucket` or `x_created` begins with
 * does not match the family `x`. (Dynamo matches single lines of the page, which would split a family.)
 *
 * Source: NVIDIA Dynamo, get_prometheus_expfmt(metric_prefix_filters, exclude_prefixes).
 */
import type { Key } from '../format/key.js';

export interface Prefixes {
  /** Empty for all. */
  readonly include: readonly string[];
  /** Wins over `include`. */
  readonly exclude: readonly string[];
}

export const EVERYTHING: Prefixes = { include: [], exclude: [] };

export function selectsAll({ include, exclude }: Prefixes): boolean {
  return include.length === 0 && exclude.length === 0;
}

export function selectsName({ include, exclude }: Prefixes, name: string): boolean {
  const begins = (prefix: string) => name.startsWith(prefix);
  return !exclude.some(begins) && (include.length === 0 || include.some(begins));
}

export function selectsKey(prefixes: Prefixes, { family, sampleName }: Key): boolean {
  return selectsName(prefixes, sampleName === `${family}_total` ? sampleName : family);
}
