/**
 * When a merged number misleads, and why: each warning has a stable code and a sentence.
 *
 * Source: `src/reference.md` E and G; vllm#30220 (a sum of times), client_python#495 (dead processes),
 * Couchers-org/couchers#8855 (a minimum held at 0 after a fork).
 */

import { isHeldByZero, unixTimesIn } from '../misleading.js';
import { formatCount, formatValue } from '../quantity.js';
import type { ExplainedSeries, HistogramShare, Share, Warning } from './explanation.js';

export function warningsOfSeries(
  series: Pick<ExplainedSeries, 'type' | 'operation' | 'value' | 'shares'>,
  conflict: string | undefined,
): Warning[] {
  const { type, operation, value, shares } = series;
  const warnings: Warning[] = [];
  const warn = (code: Warning['code'], text: string) => warnings.push({ code, text });
  const decider = shares.find(({ decides }) => decides);

  if (operation === 'mostRecent' && decider === undefined) {
    warn('NEVER_SET', 'no process ever set it, so there is HELP and TYPE but no sample');
  }
  if (decider !== undefined) {
    const held = `comes from process ${decider.processId}`;
    if (decider.previousLife) {
      warn('PREVIOUS_LIFE', `the value ${held}, but an earlier process with the same id set it`);
    } else if (decider.liveness === 'dead' && operation === 'last') {
      warn(
        'DEAD_PROCESS',
        `process ${decider.processId} is dead; the series stays until its file is removed`,
      );
    } else if (decider.liveness === 'dead') {
      const what =
        operation === 'min' ? 'the minimum' : operation === 'max' ? 'the maximum' : 'the value';
      warn('DEAD_DECIDES', `${what} ${held}, which is dead`);
    }
    const values = shares.map((share) => share.value);
    if (operation === 'min' && isHeldByZero(value, values)) {
      warn(
        'ZERO_IS_MIN',
        `the 0 is that of process ${decider.processId}: a forked child starts with 0 in each metric it inherits`,
      );
    }
  }
  if (operation === 'sum') {
    if (type === 'gauge') warnOfGaugeSum(shares, value, warn);
    const nan = shares.find((share) => Number.isNaN(share.value));
    if (nan) warn('NOT_A_NUMBER', `process ${nan.processId} holds NaN, which makes the sum NaN`);
  }
  if (conflict !== undefined) warn('FILES_DISAGREE', `the family ${conflict}`);
  return warnings;
}

function warnOfGaugeSum(
  shares: readonly Share[],
  value: number | undefined,
  warn: (code: Warning['code'], text: string) => void,
): void {
  const times = unixTimesIn(shares.map((share) => share.value));
  if (times > 0) {
    const meaning =
      times > 1
        ? `the sum of ${formatCount(times)} times means nothing`
        : 'with another process the sum would mean nothing';
    warn('SUM_OF_TIMES', `the values look like Unix times: ${meaning}`);
    return;
  }
  const gone = shares.filter(
    (share) => (share.liveness === 'dead' || share.previousLife) && share.value !== 0,
  );
  if (gone.length > 0 && value !== undefined) {
    const held = gone.reduce((sum, share) => sum + share.value, 0);
    const who =
      gone.length === 1
        ? `dead process ${gone[0]!.processId}`
        : `${formatCount(gone.length)} dead processes`;
    warn(
      'DEAD_ADDS',
      `${who} still account${gone.length === 1 ? 's' : ''} for ${formatValue(Number(held.toPrecision(6)))} of it`,
    );
  }
}

export function warningsOfHistogram(
  { shares }: { readonly shares: readonly HistogramShare[] },
  bounds: readonly ReadonlySet<number>[],
  conflict: string | undefined,
): Warning[] {
  const warnings: Warning[] = [];
  const sets = new Set(bounds.map((own) => [...own].sort((a, b) => a - b).join(' ')));
  if (sets.size > 1) {
    warnings.push({
      code: 'BUCKETS_DIFFER',
      text: `the ${formatCount(shares.length)} processes have ${formatCount(sets.size)} different sets of bounds: totals and quantiles are wrong`,
    });
  }
  if (conflict !== undefined) {
    warnings.push({ code: 'FILES_DISAGREE', text: `the family ${conflict}` });
  }
  return warnings;
}
