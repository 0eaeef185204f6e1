/** One series: its value, and what each file contributes. */
import { joinColumns } from '../../plan/join.js';
import type { Histogram } from '../../plan/laid-out-family.js';
import { OPERATION, OPERATION_NAME, type Operation } from '../../plan/operation.js';
import type { Series } from '../../plan/series.js';
import { seriesName } from '../series-name.js';
import { bucketTotals } from './bucket-totals.js';
import { type Context, holderOf, isOfEarlierProcess, nameInFiles, percentOf } from './context.js';
import type { ExplainedSeries, Share } from './explanation.js';
import type { ChosenSeries } from './selection.js';
import { verdictOf } from './verdict.js';
import { warningsOfSeries } from './warnings.js';

export function explainSeries(
  context: Context,
  { family, series, group }: ChosenSeries,
): ExplainedSeries {
  const { index } = context;
  const { sampleName, labels, operation } = series;
  const { value, shares } =
    group === undefined
      ? plainShares(context, series, operation)
      : totalShares(context, group, series);
  const name = nameInFiles(context, series, group);
  const conflict = index.conflicts.get(name ?? family.name);
  const base = {
    series: seriesName(sampleName, labels),
    sampleName,
    labels: Object.fromEntries(labels),
    family: family.name,
    type: family.type,
    mode: family.type === 'gauge' && name !== undefined ? index.modes.get(name) : undefined,
    operation: OPERATION_NAME[operation],
    value,
    shares: shares.sort(shareOrder(operation)),
  };
  const warnings = warningsOfSeries(base, conflict);
  return { ...base, verdict: verdictOf({ ...base, warnings }).text, warnings };
}

function plainShares(
  context: Context,
  series: Series,
  operation: Operation,
): { value: number | undefined; shares: Share[] } {
  const { reading, contributions } = context;
  const own = contributions.of(series.slot);
  const { value, winner } = joinColumns(operation, own);
  const adds = operation === OPERATION.sum && own.values().every((part) => part >= 0);
  // Field by field: a directory of dead processes has a million of these.
  const shares: Share[] = [];
  for (let i = 0; i < own.length; i++) {
    const file = own.fileAt(i);
    const holder = holderOf(context, file);
    const { processId, liveness, lastSeenSeconds, role, program, file: name } = holder;
    const part = own.valueAt(i);
    const timestampSeconds = own.timestampAt(i);
    const set = timestampSeconds > 0 ? timestampSeconds : undefined;
    shares.push({
      processId,
      liveness,
      lastSeenSeconds,
      role,
      program,
      file: name,
      value: part,
      valueOffset: own.valueOffsetAt(i),
      percent: adds ? percentOf(part, value) : undefined,
      setSeconds: set,
      ageSeconds: set === undefined ? undefined : reading.takenAtSeconds - set,
      previousLife: isOfEarlierProcess(reading, file, timestampSeconds),
      decides: i === winner,
    });
  }
  return { value, shares };
}

/** A bucket or the count: for each file, the buckets up to it. */
function totalShares(
  context: Context,
  group: Histogram,
  series: Series,
): { value: number | undefined; shares: Share[] } {
  let totals = context.totals.get(group);
  if (totals === undefined) {
    totals = bucketTotals(context.contributions, group);
    context.totals.set(group, totals);
  }
  const bucket = totals.indexOf.get(series);
  const last = bucket ?? group.buckets.length - 1;
  // In a daemon a series may have lost its entries to damage that the last scrape found: it is not printed.
  const entries =
    bucket === undefined ? totals.byFile.size : context.contributions.of(series.slot).length;
  const value = entries === 0 ? undefined : totals.all[last];
  const shares = [...totals.byFile].map(
    ([file, own]): Share => ({
      ...holderOf(context, file),
      value: own[last]!,
      valueOffset: undefined,
      percent: percentOf(own[last]!, value),
      setSeconds: undefined,
      ageSeconds: undefined,
      previousLife: isOfEarlierProcess(context.reading, file, 0),
      decides: false,
    }),
  );
  return { value, shares };
}

function shareOrder(operation: Operation): (a: Share, b: Share) => number {
  const sign = operation === OPERATION.min ? -1 : 1;
  return (a, b) => {
    if (a.decides !== b.decides) return a.decides ? -1 : 1;
    if (a.setSeconds !== b.setSeconds) return (b.setSeconds ?? 0) - (a.setSeconds ?? 0);
    // NaN is neither greater nor less: it keeps its place.
    return sign * (b.value - a.value) || 0;
  };
}
