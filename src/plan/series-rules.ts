/**
 * Which series are served and how they join, where the operator says more than the files: `--metrics.keep`, `--metrics.drop`,
 * `--metrics.drop-label` and `--gauge-mode`. Decided when a series appears; a scrape only sees the result.
 *
 *   a family is in by --metrics.include and --metrics.exclude (selection.ts), then
 *   a series is served if some `keep` selects it, or there is none, and no `drop` does.
 *
 * Series that become equal without a label join by the operation of their family. What would have no meaning then is
 * refused: the family is served as the files say, and the reason is told.
 */
import type { MetricType } from '../format/filename.js';
import type { Labels } from '../format/key.js';
import { type MergeRule, mergeRule, OPERATION, plainMode } from './operation.js';

/** Selects series by name and labels, both as they are printed. */
export interface SeriesSelector {
  selects(series: {
    readonly family: string;
    readonly sampleName: string;
    readonly labels: Labels;
  }): boolean;
}

export interface SeriesRules {
  readonly keep: readonly SeriesSelector[];
  /** Wins over `keep`. */
  readonly drop: readonly SeriesSelector[];
  /** Labels that series lose, by family. */
  readonly dropLabels: ReadonlyMap<string, ReadonlySet<string>>;
  /** The mode that gauges of files of mode `all` get, by family. */
  readonly gaugeModes: ReadonlyMap<string, string>;
}

export const NO_SERIES_RULES: SeriesRules = {
  keep: [],
  drop: [],
  dropLabels: new Map(),
  gaugeModes: new Map(),
};

/** Modes whose values may join those of mode `all`: of one process each, whole, and without a time. */
export const GAUGE_MODES = ['min', 'max', 'sum'] as const;

/** What a family is called: in the files, and in HELP and TYPE. */
export interface FamilyNames {
  readonly stored: string;
  readonly exposed: string;
  readonly type: MetricType;
}

export interface RuleFound {
  readonly rule: MergeRule;
  /** Why something that was asked for is not done; empty if all is. */
  readonly refused: readonly string[];
}

/** @param mode of the last gauge file that has the family */
export function ruleFor(
  { gaugeModes, dropLabels }: SeriesRules,
  names: FamilyNames,
  mode: string | undefined,
): RuleFound {
  const { type } = names;
  const refused: string[] = [];
  const wanted = find(gaugeModes, names);
  const cannot = wanted === undefined ? undefined : whyNot(type, mode, wanted);
  if (cannot !== undefined) refused.push(`keeps its mode: ${cannot}`);
  const rule = mergeRule(type, cannot === undefined ? (wanted ?? mode) : mode);
  const droppedLabels = find(dropLabels, names);
  if (droppedLabels === undefined) return { rule, refused };
  if (rule.operation === OPERATION.last) {
    const labels = [...droppedLabels].join(', ');
    refused.push(
      `keeps its label ${labels}: its mode is all, so no operation joins series that become equal; see --gauge-mode`,
    );
    return { rule, refused };
  }
  return { rule: { ...rule, droppedLabels }, refused };
}

/** Whether a series is served. `exposed` is the name of its family in HELP and TYPE. */
export function isServed(
  { keep, drop }: SeriesRules,
  exposed: string,
  { sampleName, labels }: { readonly sampleName: string; readonly labels: Labels },
): boolean {
  const series = { family: exposed, sampleName, labels };
  const selects = (selector: SeriesSelector) => selector.selects(series);
  return (keep.length === 0 || keep.some(selects)) && !drop.some(selects);
}

export function servesAll({ keep, drop }: SeriesRules): boolean {
  return keep.length === 0 && drop.length === 0;
}

function whyNot(type: MetricType, mode: string | undefined, wanted: string): string | undefined {
  if (type !== 'gauge') return `it is a ${type}`;
  const found = plainMode(mode);
  if (found === 'all' || found === wanted) return undefined;
  switch (found) {
    case 'sum':
      return `it is ${mode}, each process has a part of the value, and the ${wanted} of parts is none`;
    case 'mostrecent':
      return `it is ${mode}, all but one of its values are out of date, and the ${wanted} would count them`;
    default:
      return `it is ${mode}, and its processes do not say what ${wanted} needs`;
  }
}

/** By any of the names that users see; a counter also has the one with `_total`. */
function find<T>(rules: ReadonlyMap<string, T>, names: FamilyNames): T | undefined {
  if (rules.size === 0) return undefined;
  const { stored, exposed, type } = names;
  return (
    rules.get(exposed) ??
    rules.get(stored) ??
    (type === 'counter' ? rules.get(`${exposed}_total`) : undefined)
  );
}
