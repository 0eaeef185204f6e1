/** `explain`: which processes add up to a series, how much each gives, and when the number misleads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../errors.js';
import { formatNumber } from '../format/number.js';
import {
  type ExplainedHistogram,
  type ExplainedSeries,
  type Explanation,
  explain as explainReading,
  explainWindow,
  nearNames,
  type Observations,
  type Share,
  type ShareHolder,
} from '../inspect/explain.js';
import { readPath } from '../inspect/read-directory.js';
import type { Reading } from '../inspect/reading.js';
import { Selector } from '../inspect/selector.js';
import { ago, verdictOf } from '../inspect/verdict.js';
import type { Command } from './command.js';
import { chooseDirectory } from './directory.js';
import { toJson } from './json.js';
import { printable } from './printable.js';
import { counted, formatCount, formatRate } from './quantity.js';
import { renderTable } from './table.js';
import { terminalWidth } from './terminal.js';
import { cutToWidth, wrapText } from './text-width.js';

/** Rows of a table that a terminal is given unasked: what fits on a screen. */
const SHOWN_ROWS = 20;

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
  positionals: ['SELECTOR', '[DIR]'],
  flags: ['window', 'all', 'json'],
  examples: [
    "explain 'vllm:num_requests_running' /run/prom",
    `explain 'http_requests_total{method="GET"}' /run/prom`,
    'explain --window 30s request_seconds /run/prom',
  ],

  async run({ directory: given, positionals: [text = ''], flags }, terminal) {
    const selector = new Selector(text);
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    let reading = await readPath(path);
    let explanation = explainReading(reading, selector);
    if (flags.window !== undefined) {
      await sleep(flags.window * 1000);
      const before = explanation;
      reading = await readPath(path);
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
      await terminal.print(`${render(explanation, reading, { width, rows }).join('\n')}\n`);
    }
    return 0;
  },
};

function notFound(reading: Reading, selector: Selector, text: string): string {
  const name = selector.name;
  const near = name === undefined ? [] : nearNames(reading, name);
  const hint = near.includes(name!)
    ? `; ${name} is there, with other labels`
    : near.length > 0
      ? `; near names: ${near.join(', ')}`
      : '';
  return `promfold: no series of ${reading.path} is ${text}${hint}`;
}

interface Room {
  /** Of a line. */
  readonly width: number;
  /** Of a table. */
  readonly rows: number;
}

function render(explanation: Explanation, reading: Reading, room: Room): string[] {
  const { series, histograms, windowSeconds } = explanation;
  const blocks: string[][] = [];
  const families = [...new Set(series.map(({ family }) => family))];
  for (const family of families) {
    const own = series.filter((one) => one.family === family);
    blocks.push(own.length === 1 ? oneSeries(own[0]!, room) : manySeries(own, room));
  }
  if (histograms.length <= SHOWN_HISTOGRAMS) {
    for (const one of histograms) blocks.push(oneHistogram(one, windowSeconds, room));
  } else {
    blocks.push(manyHistograms(histograms, windowSeconds, room));
  }
  const notes = notesOf(explanation, reading);
  if (notes.length > 0) blocks.push(notes.flatMap((note) => wrapText(note, room.width)));
  return blocks.flatMap((block, i) => (i === 0 ? block : ['', ...block]));
}

/** What one must know to read the tables. */
function notesOf({ series, histograms, path }: Explanation, reading: Reading): string[] {
  const notes: string[] = [];
  const all: { family: string; shares: readonly ShareHolder[] }[] = [...series, ...histograms];
  const isVllm = all.some(
    ({ family, shares }) =>
      family.startsWith('vllm:') || shares.some(({ role }) => role?.startsWith('VLLM::')),
  );
  if (isVllm) {
    notes.push('A process is a vLLM API server; the GPU behind it is label engine.');
  }
  const unknown = all
    .flatMap(({ shares }) => shares)
    .some(({ liveness }) => liveness === 'unknown');
  if (unknown) {
    notes.push(
      'unknown: no process that maps these files is visible from here, so nobody can be called dead.',
    );
  }
  const damaged = reading.files.filter(({ fault }) => fault !== undefined).length;
  if (damaged > 0) {
    notes.push(`${counted(damaged, 'file')} left out; see promfold cat ${path}`);
  }
  return notes;
}

function oneSeries(series: ExplainedSeries, { width, rows }: Room): string[] {
  const { mode, type, operation, shares, warnings, window } = series;
  const value = series.value === undefined ? 'no sample' : formatNumber(series.value);
  const kind = mode === undefined ? type : `${type} ${mode}`;
  const shown = shares.slice(0, rows);
  const hasRoles = shares.some(({ role }) => role !== undefined);
  const header = ['PROCESS', 'STATE', ...(hasRoles ? ['ROLE'] : [])];
  const columns: ((share: Share) => string)[] = [
    ({ processId }) => processId,
    stateOf,
    ...(hasRoles ? [({ role }: Share) => role ?? ''] : []),
  ];
  const alignRight: number[] = [];
  const add = (title: string, text: (share: Share) => string) => {
    alignRight.push(header.push(title) - 1);
    columns.push(text);
  };
  add('VALUE', ({ value: own }) => formatNumber(own));
  if (shares.some(({ percent }) => percent !== undefined)) {
    add('SHARE', ({ percent }) => (percent === undefined ? '' : `${percent.toFixed(1)}%`));
  }
  if (window !== undefined) add('NOW/s', ({ ratePerSecond }) => formatRate(ratePerSecond ?? 0));
  if (operation === 'mostRecent') add('SET', ({ ageSeconds }) => agoText(ageSeconds));
  if (operation !== 'sum' && shares.length > 1) {
    header.push('');
    columns.push(({ decides }) => (decides ? '<- this one counts' : ''));
  }
  const lines = [
    ...wrapText(`${series.series} = ${value}`, width),
    ...wrapText(`${kind}: ${IN_WORDS[operation]}`, width),
    ...wrapText(verdictLine(series), width),
  ];
  if (window !== undefined) lines.push(`now: ${formatRate(window.ratePerSecond)} a second`);
  lines.push(
    '',
    ...renderTable(
      header,
      shown.map((share) => columns.map((text) => text(share))),
      { width, alignRight, flexible: hasRoles ? 2 : 0 },
    ),
    ...restLine(shares.slice(rows)),
    ...warningLines(warnings, width),
  );
  return lines;
}

function stateOf({ liveness, previousLife }: Pick<Share, 'liveness' | 'previousLife'>): string {
  return previousLife ? 'previous life' : liveness;
}

function verdictLine(series: ExplainedSeries): string {
  const { shares, operation } = series;
  const decider = shares.find(({ decides }) => decides);
  if (operation === 'sum')
    return `${counted(shares.length, 'process', 'processes')}: ${states(shares)}`;
  if (decider === undefined) return series.verdict;
  const role = decider.role === undefined ? '' : `${decider.role}, `;
  return `${series.verdict}; process ${decider.processId} (${role}${decider.liveness})`;
}

/** `all alive`, `3 alive, 1 dead`. */
function states(shares: readonly Share[]): string {
  const counts = new Map(['alive', 'dead', 'previous life', 'unknown'].map((state) => [state, 0]));
  for (const share of shares) counts.set(stateOf(share), counts.get(stateOf(share))! + 1);
  for (const [state, count] of counts) if (count === 0) counts.delete(state);
  if (counts.size === 1 && shares.length > 1) return `all ${[...counts.keys()][0]}`;
  return [...counts].map(([state, count]) => `${formatCount(count)} ${state}`).join(', ');
}

function agoText(seconds: number | undefined): string {
  return seconds === undefined ? 'never' : `${ago(seconds)} ago`;
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
function manySeries(all: readonly ExplainedSeries[], { width, rows }: Room): string[] {
  const { type, mode, operation } = all[0]!;
  const names = new Set(all.map(({ sampleName }) => sampleName));
  const name = names.size === 1 ? all[0]!.sampleName : all[0]!.family;
  const shown = all.slice(0, rows);
  const { common, own } = labelTexts(all);
  const isStamped = all.some(({ operation: one }) => one === 'mostRecent');
  const hasRate = all.some(({ window }) => window !== undefined);
  const header = ['SERIES', 'VALUE', ...(hasRate ? ['NOW/s'] : [])];
  const alignRight = hasRate ? [1, 2] : [1];
  if (isStamped) alignRight.push(header.push('SET') - 1);
  header.push('PROCESS', 'STATE', 'VERDICT');
  const body = shown.map((series, i) => {
    const { value, shares, window } = series;
    const decider = shares.find(({ decides }) => decides);
    const only = decider ?? (shares.length === 1 ? shares[0] : undefined);
    return [
      own[i]!,
      value === undefined ? '-' : formatNumber(value),
      ...(hasRate ? [window === undefined ? '' : formatRate(window.ratePerSecond)] : []),
      ...(isStamped ? [agoText(decider?.ageSeconds)] : []),
      only?.processId ?? counted(shares.length, 'process', 'processes'),
      only === undefined ? '' : only.liveness,
      verdictOf(series).short || 'ok',
    ];
  });
  const warnings = new Map(
    shown.flatMap((series) =>
      series.warnings.map((warning) => [warning.code, { series, warning }]),
    ),
  );
  const kind = mode === undefined ? type : `${type} ${mode}`;
  const roles = rolesOf(shown);
  const first = cutToWidth(printable(`${name}${common}`), width);
  const rest = all.length - shown.length;
  return [
    first,
    ...wrapText(`${kind}: ${IN_WORDS[operation]}`, width),
    '',
    ...renderTable(header, body, { width, alignRight, flexible: 0 }),
    ...(rest > 0 ? [`and ${formatCount(rest)} more series; --all shows them`] : []),
    ...roles.flatMap((line) => wrapText(line, width)),
    ...warningLines(
      [...warnings.values()].map(({ series, warning: { code, text } }) => ({
        code,
        text: `${labelText(series.labels)}: ${text}`,
      })),
      width,
    ),
  ];
}

/** Who the deciding processes are, where they have a role. */
function rolesOf(all: readonly ExplainedSeries[]): string[] {
  const roles = new Map<string, string>();
  for (const { shares } of all) {
    for (const { processId, role, decides } of shares) {
      if (role !== undefined && (decides || shares.length === 1)) roles.set(processId, role);
    }
  }
  if (roles.size === 0) return [];
  const shown = [...roles].slice(0, 8).map(([processId, role]) => `${processId} is ${role}`);
  return ['', shown.join(', ')];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${pairs.join(',')}}`;
}

/** What all have in common, and what tells each. */
function labelTexts(all: readonly Pick<ExplainedSeries, 'labels' | 'sampleName' | 'family'>[]): {
  common: string;
  own: string[];
} {
  const first = Object.entries(all[0]!.labels);
  const common = first.filter(([name, value]) => all.every(({ labels }) => labels[name] === value));
  const shared = new Set(common.map(([name]) => name));
  const oneName = all.every(({ sampleName }) => sampleName === all[0]!.sampleName);
  const own = all.map(({ labels, sampleName }) => {
    const pairs = Object.entries(labels).filter(([name]) => !shared.has(name));
    const text = pairs.map(([name, value]) => `${name}="${value}"`).join(',');
    return oneName ? text || sampleName : text === '' ? sampleName : `${sampleName}{${text}}`;
  });
  return { common: common.length === 0 ? '' : labelText(Object.fromEntries(common)), own };
}

const QUANTILE_NAMES = ['p50', 'p90', 'p99'] as const;

function observationCells({ count, sum, quantiles }: Observations): string[] {
  const mean = sum === undefined || count === 0 ? '-' : short(sum / count);
  return [countText(count), mean, ...QUANTILE_NAMES.map((name) => short(quantiles[name]))];
}

/** Counts are doubles in the files, but nearly always whole. */
function countText(count: number): string {
  return Number.isInteger(count) ? formatCount(count) : formatNumber(count);
}

/** Three digits: an estimate has no more. */
function short(value: number): string {
  return Number.isNaN(value) ? '-' : String(Number(value.toPrecision(3)));
}

function oneHistogram(
  histogram: ExplainedHistogram,
  windowSeconds: number | undefined,
  { width, rows }: Room,
): string[] {
  const { shares, le, window, warnings } = histogram;
  const header = ['', 'COUNT', 'MEAN', ...QUANTILE_NAMES.map((name) => name.toUpperCase())];
  const summary = [['since start', ...observationCells(histogram)]];
  if (window !== undefined) {
    summary.push([`last ${ago(windowSeconds!)}`, ...observationCells(window)]);
  }
  const shown = shares.slice(0, Math.min(rows, 10));
  const hasRoles = shares.some(({ role }) => role !== undefined);
  const who = ['PROCESS', 'STATE', ...(hasRoles ? ['ROLE'] : [])];
  const processHeader = [...who, 'SHARE', ...header.slice(1)];
  const processes = shown.map((share) => [
    share.processId,
    share.liveness,
    ...(hasRoles ? [share.role ?? ''] : []),
    share.percent === undefined ? '' : `${share.percent.toFixed(1)}%`,
    ...observationCells(share),
  ]);
  const bucketColumns = shares.slice(0, 5);
  const buckets = le.map((bound, i) => [
    bound,
    countText(histogram.buckets[i]!),
    ...(window === undefined ? [] : [countText(window.buckets[i]!)]),
    ...bucketColumns.map((share) => countText(share.buckets[i]!)),
  ]);
  // Where all observations are reached nothing more happens up to +Inf.
  const full = histogram.buckets.indexOf(histogram.count);
  const told = buckets.filter((_, i) => i <= full || i === buckets.length - 1);
  const untold = buckets.length - told.length;
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
    ...wrapText(histogram.histogram, width),
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
    ...renderTable(bucketHeader, told, { width, alignRight: right(bucketHeader, 0) }),
    ...(untold > 0
      ? [`${counted(untold, 'bucket')} before +Inf with the same totals left out`]
      : []),
    ...(shares.length > bucketColumns.length
      ? [`of the ${bucketColumns.length} processes with most observations; --json has all`]
      : []),
    ...warningLines(warnings, width),
  ];
}

function manyHistograms(
  all: readonly ExplainedHistogram[],
  windowSeconds: number | undefined,
  { width, rows }: Room,
): string[] {
  const shown = all.slice(0, rows);
  const hasWindow = windowSeconds !== undefined;
  const header = [
    'HISTOGRAM',
    'COUNT',
    'MEAN',
    ...QUANTILE_NAMES.map((name) => name.toUpperCase()),
  ];
  if (hasWindow) header.push('NOW/s', 'P50', 'P99');
  const body = shown.map((one) => [
    one.histogram,
    ...observationCells(one),
    ...(one.window === undefined
      ? []
      : [
          formatRate(one.window.ratePerSecond),
          short(one.window.quantiles.p50),
          short(one.window.quantiles.p99),
        ]),
  ]);
  const alignRight = header.map((_, i) => i).slice(1);
  const rest = all.length - shown.length;
  return [
    hasWindow ? `since start, and in the last ${ago(windowSeconds)}` : 'since start',
    '',
    ...renderTable(header, body, { width, alignRight, flexible: 0 }),
    ...(rest > 0 ? [`and ${formatCount(rest)} more; --all shows them`] : []),
    '',
    ...wrapText(`for buckets and processes: promfold explain '${all[0]!.histogram}'`, width),
    ...warningLines(
      [
        ...new Map(
          shown.flatMap(({ warnings }) => warnings).map((warning) => [warning.code, warning]),
        ).values(),
      ],
      width,
    ),
  ];
}
