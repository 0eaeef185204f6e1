/** `explain`: which processes add up to a series, how much each gives, and when the number misleads. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../errors.js';
import { explain as explainReading, explainWindow, nearNames } from '../inspect/explain.js';
import type {
  ExplainedHistogram,
  ExplainedSeries,
  Explanation,
  Observations,
  Share,
  ShareHolder,
} from '../inspect/explanation.js';
import { isPipe, openInput } from '../inspect/input.js';
import { type List, mapList, sliceList } from '../inspect/list.js';
import {
  counted,
  formatAge,
  formatCount,
  formatMeasure,
  formatRate,
  formatValue,
  unitOf,
} from '../inspect/quantity.js';
import { readInput, refuseUnusable } from '../inspect/read-directory.js';
import type { Reading } from '../inspect/reading.js';
import { Selector } from '../inspect/selector.js';
import { verdictOf } from '../inspect/verdict.js';
import type { Command } from './command.js';
import { chooseDirectory, hasDirectory, INSTEAD_OF_DIRECTORY } from './directory.js';
import { toJson } from './json.js';
import { printable } from './printable.js';
import { roleText, stateText } from './state.js';
import { textOf } from './stdout.js';
import { renderTable, tableLines } from './table.js';
import { terminalWidth } from './terminal.js';
import { wrapSeries, wrapText } from './text-width.js';

/** Rows of a table that a terminal is given unasked: what fits on a screen. */
const SHOWN_ROWS = 20;

/** Processes whose role is named below the series of a family. */
const SHOWN_ROLES = 8;

/** Of a histogram; more than any application has by design. */
const SHOWN_BUCKETS = 100;

/** Histograms that are shown in full; of more there is one table. */
const SHOWN_HISTOGRAMS = 2;

const IN_WORDS: Readonly<Record<ExplainedSeries['operation'], string>> = {
  sum: 'the sum over processes',
  min: 'the smallest of all processes',
  max: 'the largest of all processes',
  last: 'one series a process (label pid)',
  mostRecent: 'the value that was set last, by any process',
};

export const explain: Command<'window' | 'all' | 'json'> = {
  name: 'explain',
  summary: 'Show which processes add up to a series, and how much each gives.',
  details: [INSTEAD_OF_DIRECTORY],
  positionals: ['SELECTOR', '[DIR]'],
  flags: ['window', 'all', 'json'],
  exitCodes: [
    ['0', 'the series is there'],
    ['1', 'there is no such series'],
  ],
  topic: 'explaining',
  examples: [
    "explain 'vllm:num_requests_running' /run/prom",
    `explain 'http_requests_total{method="GET"}' /run/prom`,
    'explain --window 30s request_seconds /run/prom',
  ],

  async run({ directory: given, positionals: [text = ''], flags }, terminal) {
    refusePath(text, given, terminal.environment);
    const selector = new Selector(text);
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    if (flags.window !== undefined && (await isPipe(path))) {
      throw new UsageError('--window: expected a directory that is written, got a pipe');
    }
    let reading = await readExplained(path);
    let explanation = explainReading(reading, selector);
    if (flags.window !== undefined) {
      await sleep(flags.window * 1000);
      const before = explanation;
      reading = await readExplained(path);
      if (reading.takenAtSeconds === before.takenAtSeconds) {
        throw new UsageError('--window: expected a directory that is written, got a snapshot');
      }
      explanation = explainWindow(before, explainReading(reading, selector));
    }
    const { series, histograms } = explanation;
    if (flags.json) await terminal.print(toJson(explanation));
    if (series.length + histograms.length === 0) {
      terminal.complain(notFound(reading, selector, text));
      return 1;
    }
    if (!flags.json) {
      const width = terminalWidth(terminal.environment);
      const isShort = !flags.all && width !== Number.POSITIVE_INFINITY;
      const rows = isShort ? SHOWN_ROWS : Number.POSITIVE_INFINITY;
      await terminal.print(textOf(render(explanation, reading, { width, rows })));
    }
    return 0;
  },
};

/** @throws UsageError where DIR stands in place of SELECTOR */
function refusePath(
  text: string,
  directory: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  // A slash can only be in a label's value.
  if (/^[^{]*\//.test(text)) {
    if (directory === undefined) throw new UsageError(missingSelector(text));
    throw new UsageError(`expected SELECTOR before DIR, got ${text} ${directory}`);
  }
  // A name may be that of a directory too; then it is one where no other is named.
  const isAlone = directory === undefined && !hasDirectory(environment);
  if (isAlone && existsSync(text)) throw new UsageError(missingSelector(text));
}

function missingSelector(directory: string): string {
  return `SELECTOR is missing: expected promfold explain SELECTOR ${directory}`;
}

async function readExplained(path: string): Promise<Reading> {
  const input = await openInput(path);
  const reading = await readInput(path, input);
  if (input.kind === 'metric file') refuseUnusable(path, reading);
  return reading;
}

function notFound(reading: Reading, selector: Selector, text: string): string {
  const name = selector.name;
  const near = name === undefined ? [] : nearNames(reading, name);
  const hint = near.includes(name!)
    ? `; ${name} is there, with other labels`
    : near.length > 0
      ? `; near names: ${near.join(', ')}`
      : '';
  const told = `promfold: no series of ${reading.path} is ${text}${hint}`;
  return [told, ...leftOutNotes(reading)].join('\n');
}

/** Files in which there may be more, or other values. */
function leftOutNotes({ files, path }: Reading): string[] {
  const faults = files.flatMap(({ fault }) => fault?.code ?? []);
  const unreadable = faults.filter((code) => code === 'FILE_UNREADABLE').length;
  const others = faults.length - unreadable;
  return [
    ...(unreadable > 0
      ? [`${counted(unreadable, 'file')} could not be read; see promfold check ${path}`]
      : []),
    ...(others > 0 ? [`${counted(others, 'file')} left out; see promfold cat ${path}`] : []),
  ];
}

interface Space {
  /** Of a line. */
  readonly width: number;
  /** Of a table. */
  readonly rows: number;
}

interface Room extends Space {
  /** Of the reading, in seconds. */
  readonly now: number;
}

function* render(
  explanation: Explanation,
  reading: Reading,
  space: Space,
): IterableIterator<string> {
  const { histograms, windowSeconds } = explanation;
  const room: Room = { ...space, now: explanation.takenAtSeconds };
  const { families, notes } = survey(explanation, reading);
  const blocks: Iterable<string>[] = families.map((family) =>
    family.series.length === 1 ? oneSeries(family.series.at(0)!, room) : manySeries(family, room),
  );
  if (histograms.length <= SHOWN_HISTOGRAMS) {
    for (const one of histograms) blocks.push(oneHistogram(one, windowSeconds, room));
  } else {
    blocks.push(manyHistograms(histograms, windowSeconds, room));
  }
  if (notes.length > 0) blocks.push(notes.flatMap((note) => wrapText(note, room.width)));
  for (const [i, block] of blocks.entries()) {
    if (i > 0) yield '';
    yield* block;
  }
}

/** The series of one family, and what must be known of all of them before the first is printed. */
class ExplainedFamily {
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

/** Goes through everything once: of a million series, each is made anew whenever it is looked at. */
function survey(
  { series, histograms }: Explanation,
  reading: Reading,
): { readonly families: readonly ExplainedFamily[]; readonly notes: readonly string[] } {
  const found = { vllm: false, unknown: false };
  const note = ({ family, shares }: { family: string; shares: readonly ShareHolder[] }) => {
    found.vllm ||= family.startsWith('vllm:');
    for (const { role, liveness } of shares) {
      found.vllm ||= role?.startsWith('VLLM::') === true;
      found.unknown ||= liveness === 'unknown';
    }
  };
  const families: ExplainedFamily[] = [];
  let i = 0;
  for (const one of series) {
    note(one);
    let family = families.at(-1);
    if (family?.name !== one.family) {
      family = new ExplainedFamily(series, i, one.family);
      families.push(family);
    }
    family.add(one);
    i++;
  }
  for (const one of histograms) note(one);
  return { families, notes: notesOf(found, reading) };
}

/** What one must know to read the tables. */
function notesOf(
  found: { readonly vllm: boolean; readonly unknown: boolean },
  reading: Reading,
): string[] {
  const notes: string[] = [];
  if (found.vllm) {
    notes.push('A process is a vLLM API server; the GPU behind it is label engine.');
  }
  if (found.unknown) {
    notes.push(
      'unknown: no process that maps these files is visible from here, so nobody can be called dead.',
    );
  }
  return [...notes, ...leftOutNotes(reading)];
}

function oneSeries(series: ExplainedSeries, { width, rows, now }: Room): string[] {
  const { mode, type, operation, shares, warnings, window } = series;
  const value = series.value === undefined ? 'no sample' : formatValue(series.value);
  const kind = mode === undefined ? type : `${type} ${mode}`;
  const shown = shares.slice(0, rows);
  const hasRoles = shares.some(roleText);
  const header = ['PROCESS', 'STATE', ...(hasRoles ? ['ROLE'] : [])];
  const columns: ((share: Share) => string)[] = [
    ({ processId }) => processId,
    (share) => (share.previousLife ? PREVIOUS_LIFE : stateText(share, now)),
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
const PREVIOUS_LIFE = 'previous life';

function verdictLine(series: ExplainedSeries, now: number): string {
  const { shares, operation } = series;
  const decider = shares.find(({ decides }) => decides);
  if (operation === 'sum')
    return `${counted(shares.length, 'process', 'processes')}: ${states(shares)}`;
  if (decider === undefined) return series.verdict;
  const who = [roleText(decider), stateText(decider, now)].filter(Boolean).join(', ');
  return `${series.verdict}; process ${decider.processId} (${who})`;
}

/** `all alive`, `3 alive, 1 dead`. */
function states(shares: readonly Share[]): string {
  const counts = new Map(['alive', 'dead', PREVIOUS_LIFE, 'unknown'].map((state) => [state, 0]));
  for (const { previousLife, liveness } of shares) {
    const state = previousLife ? PREVIOUS_LIFE : liveness;
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

function warningLines(warnings: ExplainedSeries['warnings'], width: number): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.flatMap(({ code, text }) => wrapText(`! ${text} [${code}]`, width));
  return ['', ...lines];
}

/** The series of one family: a row each. */
function* manySeries(
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
      only?.processId ?? counted(shares.length, 'process', 'processes'),
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
  const warnings = new Map<string, ExplainedSeries['warnings'][number]>();
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

/** Who the deciding processes are. @param roles by process id */
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

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${pairs.join(',')}}`;
}

/** What the label sets of several series have in common, and what tells each. */
class LabelSummary {
  #common: Map<string, string> | undefined;
  #firstName = '';
  hasOneName = true;

  add({ labels, sampleName }: Pick<ExplainedSeries, 'labels' | 'sampleName'>): void {
    if (this.#common === undefined) {
      this.#common = new Map(Object.entries(labels));
      this.#firstName = sampleName;
    }
    for (const [name, value] of this.#common) {
      if (labels[name] !== value) this.#common.delete(name);
    }
    this.hasOneName &&= sampleName === this.#firstName;
  }

  /** `{job="api"}`, empty where they have nothing in common. */
  get common(): string {
    const labels = Object.fromEntries(this.#common ?? []);
    return this.#common?.size ? labelText(labels) : '';
  }

  /** What the others do not have. */
  textOf({ labels, sampleName }: Pick<ExplainedSeries, 'labels' | 'sampleName'>): string {
    const pairs = Object.entries(labels).filter(([name]) => !this.#common?.has(name));
    const text = pairs.map(([name, value]) => `${name}="${value}"`).join(',');
    if (this.hasOneName) return text || sampleName;
    return text === '' ? sampleName : `${sampleName}{${text}}`;
  }
}

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

function oneHistogram(
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
  // Where all observations are reached nothing more happens up to +Inf.
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

function* manyHistograms(
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
  const body = mapList(shown, (one) => {
    const { family, histogram, labels, window } = one;
    const name = isOneFamily ? summary.textOf({ sampleName: family, labels }) : histogram;
    const cells = [name, ...observationCells(one, family)];
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

  const warnings = new Map<string, ExplainedHistogram['warnings'][number]>();
  for (const { warnings: own } of shown) for (const one of own) warnings.set(one.code, one);
  yield* warningLines([...warnings.values()], width);
}
