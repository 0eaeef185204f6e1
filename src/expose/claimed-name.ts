/**
 * Which names a family claims: its own, and those that its samples may have. So families from several
 * places never print a name twice. Before escaping.
 *
 * Source: registry.py, CollectorRegistry._get_names; OpenMetrics 1.0.0, "MetricFamily names".
 */
import type { MetricType } from '../format/filename.js';
import type { ExposedFamily } from './family.js';

type Named = Pick<ExposedFamily, 'name' | 'type' | 'keepsRawName'>;

const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ['_total', '_created'],
  summary: ['_sum', '_count', '_created'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  info: ['_info'],
  gauge: [],
  stateset: [],
  unknown: [],
};

export function claimedNames({ name, type, keepsRawName }: Named): string[] {
  return keepsRawName ? [name] : [name, ...SUFFIXES[type].map((suffix) => name + suffix)];
}

/**
 * Leaves out the families that would repeat a name: of several, the first keeps it.
 *
 * @param isTaken whether a name belongs to a family that is not in the list
 */
export function withoutRepeated<F extends Named>(
  families: readonly F[],
  isTaken: (name: string) => boolean,
): F[] {
  const seen = new Set<string>();
  return families.filter((family) => {
    const names = claimedNames(family);
    if (names.some((name) => seen.has(name) || isTaken(name))) return false;
    for (const name of names) seen.add(name);
    return true;
  });
}
