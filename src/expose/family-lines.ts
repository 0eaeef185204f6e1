/**
 * The lines of a family, no two of them equal. Where escaping makes lines equal (`wild$total` and `wild_total`, or
 * a label `a.b` of one series and `a_b` of another), Prometheus would take one and drop the rest. As
 * with names (collision.ts), the first in code-point order of the original keeps its spelling, and the
 * others are printed in `values`, with their sample name forced. Runs when a family is printed.
 */
import { compareCodePoints } from '../format/code-point.js';
import type { Escaping } from './dialect.js';
import type { ExposedSeries, LineOf } from './family.js';
import { seriesLines } from './series-line.js';

/**
 * @param renamed the family is printed under forced names, since another one has its name
 * @returns the line of series[index]
 */
export function familyLines(
  escaping: Escaping,
  renamed: boolean,
  series: readonly ExposedSeries[],
): LineOf {
  const print = seriesLines(escaping, renamed);
  const repeated = repeatedLines(escaping, series, print);
  if (repeated.length === 0) return (index) => print(series[index]!);
  const isRepeated = new Set(repeated);
  const printForced = seriesLines('values', true);
  return (index) => (isRepeated.has(index) ? printForced : print)(series[index]!);
}

/** Indexes of the series that have the same line as one that precedes them in code-point order. */
function repeatedLines(
  escaping: Escaping,
  series: readonly ExposedSeries[],
  print: (series: ExposedSeries) => string,
): number[] {
  // Most of promfold's own families, which are printed at every scrape, have one series.
  if (series.length < 2 || escaping === 'allow-utf-8' || !mayRepeat(series, print)) return [];
  const line = series.map(print);
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

/**
 * Whether series that differ in sample or label names may print the same line. Those that have the same names differ in
 * their label values. There may be a million series, but few sets of names.
 */
function mayRepeat(
  series: readonly ExposedSeries[],
  print: (series: ExposedSeries) => string,
): boolean {
  const printed = new Map<string, string>();
  let last: ExposedSeries | undefined;
  for (const current of series) {
    const isLikeLast =
      last !== undefined && current.sampleName === last.sampleName && haveSameNames(current, last);
    last = current;
    if (isLikeLast) continue;
    const names = labelNamesOf(current);
    const blank = print({
      sampleName: current.sampleName,
      labels: names.map((name) => [name, '']),
    });
    const original = JSON.stringify([current.sampleName, names]);
    if ((printed.get(blank) ?? original) !== original) return true;
    printed.set(blank, original);
  }
  return false;
}

/** The series that are renamed under the default escaping: they are printed in `values`. */
export function renamedSeries(series: readonly ExposedSeries[]): readonly ExposedSeries[] {
  const print = seriesLines('underscores', false);
  return repeatedLines('underscores', series, print).map((i) => series[i]!);
}

export function labelNamesOf(series: ExposedSeries): readonly string[] {
  return series.labelNames ?? series.labels.map(([name]) => name);
}

/** Whether two series have labels of the same names. */
export function haveSameNames(a: ExposedSeries, b: ExposedSeries): boolean {
  if (a.labelNames !== undefined && a.labelNames === b.labelNames) return true;
  const names = labelNamesOf(a);
  const others = labelNamesOf(b);
  return names.length === others.length && names.every((name, i) => name === others[i]);
}
