/** Series as text: one with a row per process, several of a family with a row per series. */
import type { ExplainedSeries, Share, Warning } from '../../inspect/explain/explanation.js';
import { verdictOf } from '../../inspect/explain/verdict.js';
import { type List, mapList, sliceList } from '../../inspect/list.js';
import {
  counted,
  formatAge,
  formatCount,
  formatRate,
  formatValue,
} from '../../inspect/quantity.js';
import { printable } from '../printable.js';
import { roleText, stateText } from '../state.js';
import { renderTable, tableLines } from '../table.js';
import { wrapSeries, wrapText } from '../text-width.js';
import { LabelSummary, labelText, type Room, warningLines } from './text.js';

/** Processes whose role is listed under the series of a family. */
const SHOWN_ROLES = 8;

export const IN_WORDS: Readonly<Record<ExplainedSeries['operation'], string>> = {
  sum: 'the sum over processes',
  min: 'the smallest of all processes',
  max: 'the largest of all processes',
  last: 'one series per process (label pid)',
  mostRecent: 'the value that was set last, by any process',
};

/** The series of one family, and what must be known of all of them before the first one is printed. */
export class ExplainedFamily {
  readonly #all: List<ExplainedSeries>;
  readonly #from: number;
  readonly name: string;
  readonly labels = new LabelSummary();
  length = 0;
  isStamped = false;
  hasRate = false;

  constructor(all: List<ExplainedSeries>, from: number, name: string) {
    this.#all = all;
    this.#from = from;
    this.name = name;
  }

  add(series: ExplainedSeries): void {
    this.length++;
    this.labels.add(series);
    this.isStamped ||= series.operation === 'mostRecent';
    this.hasRate ||= series.window !== undefined;
  }

  get series(): List<ExplainedSeries> {
    return sliceList(this.#all, this.#from, this.#from + this.length);
  }
}

export function oneSeries(series: ExplainedSeries, { width, rows, now }: Room): string[] {
  const { mode, type, operation, shares, warnings, window } = series;
  const value = series.value === undefined ? 'no sample' : formatValue(series.value);
  const kind = mode === undefined ? type : `${type} ${mode}`;
  const shown = shares.slice(0, rows);
  const hasRoles = shares.some(roleText);
  const header = ['PROCESS', 'STATE', ...(hasRoles ? ['ROLE'] : [])];
  const columns: ((share: Share) => string)[] = [
    ({ processId }) => processId,
    (share) => (share.previousLife ? EARLIER_PROCESS : stateText(share, now)),
    ...(hasRoles ? [roleText] : []),
  ];
  const alignRight: number[] = [];
  const add = (title: string, text: (share: Share) => string) => {
    alignRight.push(header.push(title) - 1);
    columns.push(text);
  };
  add('VALUE', ({ value: own }) => formatValue(own));
  if (shares.some(({ percent }) => percent !== undefined)) {
    add('SHARE', ({ percent }) => (percent === undefined ? '' : `${percent.toFixed(1)}%`));
  }
  if (window !== undefined) add('RATE/S', ({ ratePerSecond }) => formatRate(ratePerSecond ?? 0));
  if (operation === 'mostRecent') add('SET', ({ ageSeconds }) => agoText(ageSeconds));
  if (operation !== 'sum' && shares.length > 1) {
    header.push('');
    columns.push(({ decides }) => (decides ? '<- this one counts' : ''));
  }
  return [
    ...wrapSeries(printable(`${series.series} = ${value}`), width),
    ...wrapText(`${kind}: ${IN_WORDS[operation]}`, width),
    ...wrapText(verdictLine(series, now), width),
    ...(window === undefined ? [] : [`now: ${formatRate(window.ratePerSecond)}/s`]),
    '',
    ...renderTable(
      header,
      shown.map((share) => columns.map((text) => text(share))),
      { width, alignRight, flexible: hasRoles ? 2 : 0 },
    ),
    ...restLine(shares.slice(rows)),
    ...warningLines(warnings, width),
  ];
}

/** What `ls` marks with `*`. */
const EARLIER_PROCESS = 'earlier process';

function verdictLine(series: ExplainedSeries, now: number): string {
  const { shares, operation } = series;
  const decider = shares.find(({ decides }) => decides);
  if (operation === 'sum') return `${writersText(shares)}: ${states(shares)}`;
  if (decider === undefined) return series.verdict;
  if (decider.liveness === 'archive') return `${series.verdict}; an archive of dead processes`;
  const who = [roleText(decider), stateText(decider, now)].filter(Boolean).join(', ');
  return `${series.verdict}; process ${decider.processId} (${who})`;
}

/** `3 processes`, `2 processes and an archive`. */
function writersText(shares: readonly Share[]): string {
  const archives = shares.filter(({ liveness }) => liveness === 'archive').length;
  const processes = counted(shares.length - archives, 'process', 'processes');
  if (archives === 0) return processes;
  return `${processes} and ${archives === 1 ? 'an archive' : counted(archives, 'archive')}`;
}

/** `all alive`, `3 alive, 1 dead`. */
function states(shares: readonly Share[]): string {
  const all = ['alive', 'dead', EARLIER_PROCESS, 'unknown', 'archive'];
  const counts = new Map(all.map((state) => [state, 0]));
  for (const { previousLife, liveness } of shares) {
    const state = previousLife ? EARLIER_PROCESS : liveness;
    counts.set(state, counts.get(state)! + 1);
  }
  for (const [state, count] of counts) if (count === 0) counts.delete(state);
  if (counts.size === 1 && shares.length > 1) return `all ${[...counts.keys()][0]}`;
  return [...counts].map(([state, count]) => `${formatCount(count)} ${state}`).join(', ');
}

function agoText(seconds: number | undefined): string {
  return seconds === undefined ? 'never' : `${formatAge(seconds)} ago`;
}

function restLine(rest: readonly Share[]): string[] {
  if (rest.length === 0) return [];
  const percent = rest.reduce((sum, share) => sum + (share.percent ?? 0), 0);
  const share = percent > 0 ? ` with ${percent.toFixed(1)}%` : '';
  return [`and ${formatCount(rest.length)} more${share}; --all shows them`];
}

/** The series of one family: a row each. */
export function* manySeries(
  { series: all, labels, isStamped, hasRate }: ExplainedFamily,
  { width, rows, now }: Room,
): IterableIterator<string> {
  const { type, mode, operation, family, sampleName } = all.at(0)!;
  const shown = sliceList(all, 0, rows);
  const header = ['SERIES', 'VALUE', ...(hasRate ? ['RATE/S'] : [])];
  const alignRight = hasRate ? [1, 2] : [1];
  if (isStamped) alignRight.push(header.push('SET') - 1);
  header.push('PROCESS', 'STATE', 'VERDICT');
  const body = mapList(shown, (series) => {
    const { value, shares, window } = series;
    const decider = shares.find(({ decides }) => decides);
    const only = decider ?? (shares.length === 1 ? shares[0] : undefined);
    return [
      labels.textOf(series),
      value === undefined ? '-' : formatValue(value),
      ...(hasRate ? [window === undefined ? '' : formatRate(window.ratePerSecond)] : []),
      ...(isStamped ? [agoText(decider?.ageSeconds)] : []),
      only?.processId ?? writersText(shares),
      only === undefined ? '' : stateText(only, now),
      verdictOf(series).short || 'ok',
    ];
  });
  const kind = mode === undefined ? type : `${type} ${mode}`;
  const name = labels.hasOneName ? sampleName : family;
  yield* wrapSeries(printable(`${name}${labels.common}`), width);
  yield* wrapText(`${kind}: ${IN_WORDS[operation]}`, width);
  yield '';
  yield* tableLines(header, body, { width, alignRight, flexible: 0, wrap: true });
  const rest = all.length - shown.length;
  if (rest > 0) yield `and ${formatCount(rest)} more series; --all shows them`;

  const roles = new Map<string, string>();
  const warnings = new Map<string, Warning>();
  for (const { shares, warnings: own, labels: ofSeries } of shown) {
    for (const { processId, role, decides } of shares) {
      if (role !== undefined && (decides || shares.length === 1)) roles.set(processId, role);
    }
    for (const { code, text } of own) {
      warnings.set(code, { code, text: `${labelText(ofSeries)}: ${text}` });
    }
  }
  for (const line of roleLines(roles)) yield* wrapText(line, width);
  yield* warningLines([...warnings.values()], width);
}

/** The roles of the deciding processes. @param roles by process id */
function roleLines(roles: ReadonlyMap<string, string>): string[] {
  if (roles.size === 0) return [];
  const byRole = new Map<string, string[]>();
  for (const [processId, role] of [...roles].slice(0, SHOWN_ROLES)) {
    byRole.set(role, [...(byRole.get(role) ?? []), processId]);
  }
  const shown = [...byRole].map(
    ([role, ids]) => `${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} ${role}`,
  );
  return ['', shown.join(byRole.size < roles.size ? '; ' : ', ')];
}
