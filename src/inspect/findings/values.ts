/**
 * Values that are right by the rules and still mislead. vllm#22545 (gauges that are not set any more), vllm#28792
 * (mode `all` by omission), vllm#30220 (a sum of times), Couchers-org/couchers#8855 (a minimum held at 0 after a
 * fork).
 */
import { joinColumns } from '../../plan/join.js';
import { OPERATION } from '../../plan/operation.js';
import { isHeldByZero, isStale, unixTimesIn } from '../misleading.js';
import { counted, formatAge, formatCount, formatValue } from '../quantity.js';
import { seriesName } from '../series-name.js';
import type { Rule } from './finding.js';

export const sumOfTimes: Rule = {
  code: 'SUM_OF_TIMES',
  severity: 'warning',
  title: 'a sum of timestamps',
  effect:
    'Each process stores a Unix time, and the mode adds them up: with N processes the sum is N times too large, a date far in the future.',
  cure: 'Use mode max or mostrecent. For vllm:lora_requests_info, trust the labels, not the value.',
  *find({ families, partsOf }) {
    for (const { name, mode, rule, series: allSeries } of families) {
      if (mode === undefined || rule.operation !== OPERATION.sum) continue;
      for (const series of allSeries) {
        const parts = partsOf(series);
        const times = unixTimesIn(parts.values());
        if (times < 2) continue;
        const sum = formatValue(joinColumns(rule.operation, parts).value!);
        yield {
          text: `${seriesName(series.sampleName, series.labels)} ${sum} is the sum of ${formatCount(times)} times`,
          family: name,
        };
        break;
      }
    }
  },
};

export const minHeldByZero: Rule = {
  code: 'MIN_HELD_BY_ZERO',
  severity: 'warning',
  title: 'a minimum of 0 that a process never set',
  effect:
    'A forked process stores 0 for every gauge it inherits, so the minimum stays 0 although other processes have higher values.',
  cure: 'Set the gauge in every process, or use mostrecent, which ignores values never set.',
  *find({ families, partsOf }) {
    for (const { name, rule, series: allSeries } of families) {
      if (rule.operation !== OPERATION.min) continue;
      for (const series of allSeries) {
        const parts = partsOf(series);
        const { value } = joinColumns(rule.operation, parts);
        const values = value === 0 ? parts.values() : [];
        if (!isHeldByZero(value, values)) continue;
        const zeros = [...values.keys()].filter((i) => values[i] === 0);
        const positive = values.filter((part) => part > 0);
        const ids = zeros.map((i) => parts.fileAt(i).fileName!.processId);
        const more = ids.length > 3 ? ` and ${formatCount(ids.length - 3)} more` : '';
        yield {
          text: `${seriesName(series.sampleName, series.labels)} is 0 in process ${ids.slice(0, 3).join(', ')}${more}, above 0 in ${counted(positive.length, 'other')}`,
          family: name,
        };
        break;
      }
    }
  },
};

export const staleGauge: Rule = {
  code: 'STALE_GAUGE',
  severity: 'info',
  title: 'mostrecent gauges that have not been set for a long time',
  effect:
    'The number looks current but is not: the process that set it has stopped, or has been idle since.',
  cure: '`promfold explain SERIES` shows which process set it, and whether that process is alive; routers should not trust it.',
  *find({ families, partsOf, reading }) {
    for (const { name, rule, series: allSeries } of families) {
      if (rule.operation !== OPERATION.mostRecent) continue;
      // What describes the process is set once and stays true.
      if (name.endsWith('_info')) continue;
      let stale = 0;
      let oldest = 0;
      let example = '';
      for (const series of allSeries) {
        const parts = partsOf(series);
        const { winner } = joinColumns(rule.operation, parts);
        if (winner === undefined) continue;
        const value = parts.valueAt(winner);
        if (value === 0) continue;
        const age = reading.takenAtSeconds - parts.timestampAt(winner);
        if (!isStale(age)) continue;
        stale++;
        if (age <= oldest) continue;
        oldest = age;
        example = `${formatValue(value)} was set ${formatAge(age)} ago`;
      }
      if (stale === 0) continue;
      const which =
        allSeries.length === 1
          ? ''
          : `${formatCount(stale)} of ${formatCount(allSeries.length)} series, `;
      yield { text: `${name}: ${which}${example}`, family: name };
    }
  },
};
