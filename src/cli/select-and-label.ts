/**
 * The flags that choose families and add labels, of `serve` and `scrape` alike, as the rules of a plan.
 */
import { PAGE_BUDGET } from '../expose/external-page.js';
import type { PlanRules } from '../plan/plan.js';
import { appendLimits } from '../scrape/default-limits.js';
import { AppendedPages } from '../scrape/endpoints/appended-pages.js';
import type { FlagKey, FlagValues } from './flags.js';

export const SELECT_AND_LABEL = [
  'include',
  'exclude',
  'keepSeries',
  'dropSeries',
  'dropLabels',
  'gaugeModes',
  'label',
] as const satisfies readonly FlagKey[];

export function planRules({
  include,
  exclude,
  keepSeries: keep,
  dropSeries: drop,
  dropLabels,
  gaugeModes,
  label,
}: FlagValues<(typeof SELECT_AND_LABEL)[number]>): PlanRules {
  return {
    prefixes: { include, exclude },
    labels: { fixed: label },
    series: { keep, drop, dropLabels, gaugeModes },
  };
}

/** The prefixes, and not the rules of series, also select from these families; labels are not added to them. */
export function appendedPages({
  appendUrl,
  include,
  exclude,
}: FlagValues<'appendUrl' | 'include' | 'exclude'>): AppendedPages | undefined {
  if (appendUrl.length === 0) return undefined;
  const { pageBytes, heapMegabytes } = appendLimits(appendUrl.length);
  return new AppendedPages(appendUrl, {
    prefixes: { include, exclude },
    budget: { ...PAGE_BUDGET, bytes: pageBytes },
    heapMegabytes,
  });
}
