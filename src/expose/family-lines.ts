/**
 * The lines of a family, no two alike: where escaping makes them so (`wild$total` and `wild_total`, or
 * a label `a.b` of one series and `a_b` of another), Prometheus would take one and drop the rest. As
 * with names (collision.ts), the first in code-point order of the original keeps its spelling, and the
 * others are printed in `values`, with their sample name forced. Runs when a family is printed.
 */
import { compareCodePoints } from '../format/code-point.js';
import type { Labels } from '../format/key.js';
import type { Escaping } from './dialect.js';
import { escapeLabelName, escapeMetricName } from './escaping.js';
import type { ExposedSeries } from './family.js';
import { seriesLines } from './series-line.js';

/** @param renamed another family is called so already */
export function familyLines(
  escaping: Escaping,
  renamed: boolean,
  series: readonly ExposedSeries[],
): string[] {
  const line = series.map(seriesLines(escaping, renamed));
  const repeated = repeatedLines(escaping, series, line);
  if (repeated.length === 0) return line;
  const printForced = seriesLines('values', true);
  for (const i of repeated) line[i] = printForced(series[i]!);
  return line;
}

/** Indexes of the series whose line is an earlier one's by code point. */
function repeatedLines(
  escaping: Escaping,
  series: readonly ExposedSeries[],
  line: readonly string[],
): number[] {
  // Most of promfold's own families, which are printed at every scrape, have one series.
  if (series.length < 2 || escaping === 'allow-utf-8' || !hasEscapedName(series)) return [];
  if (new Set(line).size === line.length) return [];
  const original = series.map(({ sampleName, labels }) => JSON.stringify([sampleName, labels]));
  const order = series.map((_, i) => i);
  order.sort((a, b) => compareCodePoints(original[a]!, original[b]!));
  const taken = new Set<string>();
  return order.filter((i) => {
    const isRepeated = taken.has(line[i]!);
    taken.add(line[i]!);
    return isRepeated;
  });
}

/** The series that are printed in `values` under the default escaping. */
export function seriesThatGiveWay(series: readonly ExposedSeries[]): readonly ExposedSeries[] {
  if (!hasEscapedName(series)) return [];
  const line = series.map(seriesLines('underscores', false));
  return repeatedLines('underscores', series, line).map((i) => series[i]!);
}

function hasEscapedName(series: readonly ExposedSeries[]): boolean {
  let last: ExposedSeries | undefined;
  return series.some((one) => {
    // Thousands of series in a row have the same names.
    const isLikeLast =
      last !== undefined &&
      one.sampleName === last.sampleName &&
      sameNames(one.labels, last.labels);
    last = one;
    return !isLikeLast && isEscaped(one);
  });
}

function isEscaped({ sampleName, labels }: ExposedSeries): boolean {
  return (
    escapeMetricName(sampleName, 'underscores') !== sampleName ||
    labels.some(([name]) => escapeLabelName(name, 'underscores') !== name)
  );
}

/** Whether two series have labels of the same names. */
export function sameNames(a: Labels, b: Labels): boolean {
  return a.length === b.length && a.every(([name], i) => name === b[i]![0]);
}
