/**
 * One series in a few words, for the person on call: `7, set 41m ago, no step since`.
 */

import { isStale } from '../misleading.js';
import { formatAge, formatCount, formatValue } from '../quantity.js';
import type { ExplainedSeries } from './explanation.js';

export interface Verdict {
  /**
   * What a reader must know in addition to value and age: `earlier process`, `no step since`; empty where all is
   * well.
   */
  readonly short: string;
  /** Includes value and age. */
  readonly text: string;
}

export function verdictOf(series: Omit<ExplainedSeries, 'verdict'>): Verdict {
  const { value, operation, shares, family } = series;
  if (value === undefined) return { short: 'never set', text: 'never set: no sample is printed' };
  const decider = shares.find(({ decides }) => decides);
  const parts = [formatValue(value)];
  const shorts: string[] = [];
  const say = (short: string) => {
    shorts.push(short);
    parts.push(short);
  };

  if (decider?.ageSeconds !== undefined) {
    parts.push(`set ${formatAge(decider.ageSeconds)} ago`);
    // vLLM sets these on every step of an engine.
    if (isStale(decider.ageSeconds) && !decider.previousLife)
      say(family.startsWith('vllm:') ? 'no step since' : 'not set since');
  }
  if (decider?.previousLife) say('earlier process');
  else if (decider?.liveness === 'dead') say('its process is dead');

  if (operation === 'sum') {
    const gone = shares.filter(({ liveness, previousLife }) => liveness === 'dead' || previousLife);
    const percent = gone.reduce((sum, share) => sum + (share.percent ?? 0), 0);
    if (gone.length > 0)
      say(
        `${formatCount(gone.length)} of ${formatCount(shares.length)} processes dead, with ${Math.round(percent)}%`,
      );
  }
  return { short: shorts.join(', '), text: parts.join(', ') };
}
