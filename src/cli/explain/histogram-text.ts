/** Histograms as text: one with its buckets and processes, several with a row each. */
import type { ExplainedHistogram, Warning } from '../../inspect/explain/explanation.js';
import { type List, mapList, sliceList } from '../../inspect/list.js';
import type { Observations } from '../../inspect/observations.js';
import {
  counted,
  formatAge,
  formatCount,
  formatMeasure,
  formatRate,
  formatValue,
  unitOf,
} from '../../inspect/quantity.js';
import { printable } from '../printable.js';
import { roleText, stateText } from '../state.js';
import { renderTable, tableLines } from '../table.js';
import { wrapSeries, wrapText } from '../text-width.js';
import { LabelSummary, type Room, type Space, warningLines } from './text.js';

/** Buckets of a histogram; more than any application has by design. */
const SHOWN_BUCKETS = 100;

const QUANTILE_NAMES = ['p50', 'p90', 'p99'] as const;

/** Count, mean and quantiles, in the unit of the family. */
function observationCells({ count, sum, quantiles }: Observations, family: string): string[] {
  const unit = unitOf(family);
  return [
    formatValue(count),
    sum === undefined || count === 0 ? '-' : formatMeasure(sum / count, unit),
    ...QUANTILE_NAMES.map((name) => formatMeasure(quantiles[name], unit)),
  ];
}

export function oneHistogram(
  histogram: ExplainedHistogram,
  windowSeconds: number | undefined,
  { width, rows, now }: Room,
): string[] {
  const { family, shares, le, window, warnings } = histogram;
  const header = ['', 'COUNT', 'MEAN', ...QUANTILE_NAMES.map((name) => name.toUpperCase())];
  const summary = [['since start', ...observationCells(histogram, family)]];
  if (window !== undefined) {
    summary.push([`last ${formatAge(windowSeconds)}`, ...observationCells(window, family)]);
  }
  const shown = shares.slice(0, Math.min(rows, 10));
  const hasRoles = shares.some(roleText);
  const who = ['PROCESS', 'STATE', ...(hasRoles ? ['ROLE'] : [])];
  const processHeader = [...who, 'SHARE', ...header.slice(1)];
  const processes = shown.map((share) => [
    share.processId,
    stateText(share, now),
    ...(hasRoles ? [roleText(share)] : []),
    share.percent === undefined ? '' : `${share.percent.toFixed(1)}%`,
    ...observationCells(share, family),
  ]);
  const bucketColumns = shares.slice(0, 5);
  // Once a bucket has all observations, the rest up to +Inf are the same.
  const full = histogram.buckets.indexOf(histogram.count);
  const told = le.map((_, i) => i).filter((i) => i <= full || i === le.length - 1);
  const untold = le.length - told.length;
  const shownBuckets = told.slice(0, rows === Number.POSITIVE_INFINITY ? rows : SHOWN_BUCKETS);
  const hidden = told.length - shownBuckets.length;
  const buckets = mapList(shownBuckets, (i) => [
    le[i]!,
    formatValue(histogram.buckets[i]!),
    ...(window === undefined ? [] : [formatValue(window.buckets[i]!)]),
    ...bucketColumns.map((share) => formatValue(share.buckets[i]!)),
  ]);
  const bucketHeader = [
    'LE',
    'ALL',
    ...(window === undefined ? [] : ['WINDOW']),
    ...bucketColumns.map(({ processId }) => processId),
  ];
  const rest = shares.length - shown.length;
  const right = (columns: readonly string[], from: number) =>
    columns.map((_, i) => i).filter((i) => i >= from);
  return [
    ...wrapSeries(printable(histogram.histogram), width),
    ...wrapText(
      'histogram: buckets are summed over processes; quantiles are estimated from them',
      width,
    ),
    '',
    ...renderTable(header, summary, { width, alignRight: right(header, 1) }),
    '',
    ...renderTable(processHeader, processes, {
      width,
      alignRight: right(processHeader, who.length),
      flexible: who.length - 1,
    }),
    ...(rest > 0 ? [`and ${formatCount(rest)} more processes`] : []),
    '',
    ...tableLines(bucketHeader, buckets, { width, alignRight: right(bucketHeader, 0) }),
    ...(hidden > 0 ? [`and ${counted(hidden, 'more bucket')}; --all shows them`] : []),
    ...(untold > 0
      ? [`${counted(untold, 'bucket')} before +Inf with the same totals left out`]
      : []),
    ...(shares.length > bucketColumns.length
      ? [`of the ${bucketColumns.length} processes with most observations; --json has all`]
      : []),
    ...warningLines(warnings, width),
  ];
}

export function* manyHistograms(
  all: List<ExplainedHistogram>,
  windowSeconds: number | undefined,
  { width, rows }: Space,
): IterableIterator<string> {
  const shown = sliceList(all, 0, rows);
  const hasWindow = windowSeconds !== undefined;
  const summary = new LabelSummary();
  for (const { family: sampleName, labels } of all) summary.add({ sampleName, labels });
  const isOneFamily = summary.hasOneName;
  const header = [
    'HISTOGRAM',
    'COUNT',
    'MEAN',
    ...QUANTILE_NAMES.map((name) => name.toUpperCase()),
  ];
  if (hasWindow) header.push('RATE/S', 'P50', 'P99');
  const body = mapList(shown, (explained) => {
    const { family, histogram, labels, window } = explained;
    const name = isOneFamily ? summary.textOf({ sampleName: family, labels }) : histogram;
    const cells = [name, ...observationCells(explained, family)];
    if (window !== undefined) {
      const { p50, p99 } = window.quantiles;
      const unit = unitOf(family);
      cells.push(formatRate(window.ratePerSecond));
      cells.push(formatMeasure(p50, unit), formatMeasure(p99, unit));
    }
    return cells;
  });
  const alignRight = header.map((_, i) => i).slice(1);
  const rest = all.length - shown.length;
  const first = all.at(0)!;
  if (isOneFamily) yield* wrapSeries(printable(`${first.family}${summary.common}`), width);
  yield hasWindow ? `since start, and in the last ${formatAge(windowSeconds)}` : 'since start';
  yield '';
  yield* tableLines(header, body, { width, alignRight, flexible: 0, wrap: true });
  if (rest > 0) yield `and ${formatCount(rest)} more; --all shows them`;
  yield '';
  yield* wrapText(`for buckets and processes: promfold explain '${first.histogram}'`, width);

  const warnings = new Map<string, Warning>();
  for (const { warnings: own } of shown)
    for (const warning of own) warnings.set(warning.code, warning);
  yield* warningLines([...warnings.values()], width);
}
