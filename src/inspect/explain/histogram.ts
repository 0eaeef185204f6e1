/** One histogram: its observations, and those of each file. */
import { formatNumber } from '../../format/number.js';
import { observations } from '../observations.js';
import type { ReadFile } from '../reading.js';
import type { Contribution } from '../series-index.js';
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
  const sums = sum === undefined ? [] : context.contributions.of(sum.slot);
  const sumOf = (own: readonly Contribution[]) =>
    own.length === 0 ? undefined : own.reduce((total, { entry }) => total + entry.value, 0);
  const sumsByFile = groupByFile(sums);

  const all = observations(bounds, totals.all, sumOf(sums));
  const shares = [...totals.byFile].map(([file, own]): HistogramShare => {
    const seen = observations(bounds, own, sumOf(sumsByFile.get(file) ?? []));
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

function groupByFile(own: readonly Contribution[]): Map<ReadFile, Contribution[]> {
  const groups = new Map<ReadFile, Contribution[]>();
  for (const contribution of own) {
    const group = groups.get(contribution.file);
    if (group === undefined) groups.set(contribution.file, [contribution]);
    else group.push(contribution);
  }
  return groups;
}
