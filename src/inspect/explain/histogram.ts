/** One histogram: its observations, and those of each file. */
import { formatNumber } from '../../format/number.js';
import { joinColumns } from '../../plan/join.js';
import { OPERATION } from '../../plan/operation.js';
import { observations } from '../observations.js';
import type { ReadFile } from '../reading.js';
import type { Parts } from '../series-index.js';
import { seriesName } from '../series-name.js';
import { bucketTotals } from './bucket-totals.js';
import { type Context, holderOf, nameInFiles, percentOf } from './context.js';
import type { ExplainedHistogram, HistogramShare } from './explanation.js';
import type { ChosenHistogram } from './selection.js';
import { warningsOfHistogram } from './warnings.js';

export function explainHistogram(
  context: Context,
  { family, group, sum }: ChosenHistogram,
): ExplainedHistogram {
  const { buckets, count } = group;
  const bounds = buckets.map(({ bound }) => bound!);
  const totals = bucketTotals(context.contributions, group);
  const sums = sum === undefined ? undefined : context.contributions.of(sum.slot);
  const sumsByFile = sums === undefined ? new Map<ReadFile, number>() : sumByFile(sums);

  const sumOfAll = sums && joinColumns(OPERATION.sum, sums).value;
  const all = observations(bounds, totals.all, sumOfAll);
  const shares = [...totals.byFile].map(([file, own]): HistogramShare => {
    const seen = observations(bounds, own, sumsByFile.get(file));
    return {
      ...holderOf(context, file),
      ...seen,
      percent: percentOf(seen.count, all.count),
    };
  });
  const base = {
    histogram: seriesName(family.name, count.labels),
    labels: Object.fromEntries(count.labels),
    family: family.name,
    operation: 'sum' as const,
    ...all,
    le: bounds.map(formatNumber),
    shares: shares.sort((a, b) => b.count - a.count),
  };
  const conflict = context.index.conflicts.get(nameInFiles(context, count, group) ?? family.name);
  return { ...base, warnings: warningsOfHistogram(base, [...totals.boundsOf.values()], conflict) };
}

function sumByFile(parts: Parts): Map<ReadFile, number> {
  const sums = new Map<ReadFile, number>();
  for (let i = 0; i < parts.length; i++) {
    const file = parts.fileAt(i);
    sums.set(file, (sums.get(file) ?? 0) + parts.valueAt(i));
  }
  return sums;
}
