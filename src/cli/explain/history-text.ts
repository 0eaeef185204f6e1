/**
 * Series over time, as text: a chart of the value, and a strip for each process. Of what only grows, both show the rate.
 *
 * Characters of ASCII, at most as wide as the terminal and 80 columns where there is none: a chart can be pasted anywhere.
 */
import type { PastExplanation } from '../../inspect/explain/history.js';
import { increaseOf, isCumulative } from '../../inspect/explain/increase.js';
import type { History, ShareHistory } from '../../inspect/explain/tell-past.js';
import { clockText, isoText } from '../../inspect/moment.js';
import { counted, formatCount, formatRate, formatShortValue } from '../../inspect/quantity.js';
import { printable } from '../printable.js';
import { renderTable } from '../table.js';
import { cutToWidth, textWidth, wrapSeries, wrapText } from '../text-width.js';
import { IN_WORDS } from './series-text.js';
import type { Space } from './text.js';

/** Where stdout is not a terminal. */
const PIPED_WIDTH = 80;

const MAX_WIDTH = 120;

/** Lines of a chart above its axis. */
const CHART_ROWS = 8;

/** Room for the numbers before a chart, and for the names before strips. */
const LABEL_WIDTH = 10;
const NAME_WIDTH = 28;

/** Of `to 02:20:00`, and of numbers. */
const END_WIDTH = 11;

/** From nothing to the most, after a blank for what was not there. */
const LEVELS = '_.:-=+*#%@';

/** Series that are drawn by default. */
const SHOWN_SERIES = 5;

/** Rows that say who decided; the last ones. */
const SHOWN_DECISIONS = 12;

export function* pastText(past: PastExplanation, space: Space): IterableIterator<string> {
  const isShort = space.rows !== Number.POSITIVE_INFINITY;
  const all = [
    ...past.series.map((series) => ({
      name: series.series,
      about: `${kindOf(series)}: ${IN_WORDS[series.operation]}`,
      isRate: isCumulative(series.type),
      unit: 'per second',
      history: series.history,
    })),
    ...past.histograms.map((histogram) => ({
      name: histogram.histogram,
      about: 'histogram: observations of all processes',
      isRate: true,
      unit: 'observations per second',
      history: histogram.history,
    })),
  ];
  const width = Math.min(MAX_WIDTH, space.width === Infinity ? PIPED_WIDTH : space.width);
  const shown = isShort ? all.slice(0, SHOWN_SERIES) : all;
  const { sinceSeconds, untilSeconds, moments } = past;
  const [from, to] = [sinceSeconds, untilSeconds].map((seconds) => isoText(Math.floor(seconds)));
  yield `${from} to ${to}, ${counted(moments, 'moment')}`;
  for (const told of shown) {
    yield '';
    yield* oneHistory(told, { ...space, width });
  }
  const rest = all.length - shown.length;
  if (rest > 0) yield `and ${formatCount(rest)} more series; --all shows them`;
}

interface Told {
  readonly history: History;
  readonly name: string;
  readonly about: string;
  readonly isRate: boolean;
  readonly unit: string;
}

function* oneHistory(told: Told, { width, rows }: Space): IterableIterator<string> {
  const { name, about, isRate, unit, history } = told;
  const columns = Math.max(10, width - LABEL_WIDTH - 2);
  yield* wrapSeries(printable(name), width);
  yield* wrapText(isRate ? `${about}; here ${unit}` : about, width);
  yield '';
  const total = isRate ? ratesOf(history, columns) : levelsOf(history.value, columns);
  yield* chartLines(total, isRate ? formatRate : formatShortValue);
  yield* axisLines(history.timeSeconds, columns);
  yield '';
  yield* shareLines(history, isRate, width, rows);
  yield* decisionLines(history, width);
}

/** A column of a chart; undefined where there was nothing. */
type Column = number | undefined;

/** The greatest value of each column: a peak must not be lost. */
function levelsOf(values: readonly Column[], columns: number): Column[] {
  return spread(values.length, columns, (from, to) => {
    let most: Column;
    for (let i = from; i < to; i++) {
      const value = values[i];
      if (value !== undefined && !(most !== undefined && most >= value)) most = value;
    }
    return most;
  });
}

/** Of all shares: what a process has that ends is not lost, as a fall of the sum would make it. */
function ratesOf({ timeSeconds, shares }: History, columns: number): Column[] {
  const rates = shares.map((share) => shareRates(share, timeSeconds, columns));
  return spread(timeSeconds.length, columns, (_from, _to, column) => {
    const there = rates.flatMap((own) => own[column] ?? []);
    return there.length === 0 ? undefined : there.reduce((sum, rate) => sum + rate, 0);
  });
}

function shareRates(
  { value, processId }: ShareHistory,
  timeSeconds: readonly number[],
  columns: number,
) {
  const increaseTo = increaseOf(processId);
  return spread(value.length, columns, (from, end): Column => {
    let increase = 0;
    let isThere = false;
    // The first point has no rate: there, that of the next one is drawn.
    const first = Math.max(1, from);
    const to = Math.min(value.length, Math.max(first + 1, end));
    for (let i = first; i < to; i++) {
      const now = value[i];
      if (now === undefined) continue;
      isThere = true;
      increase += increaseTo(now, value[i - 1]);
    }
    const seconds = timeSeconds[to - 1]! - timeSeconds[first - 1]!;
    return isThere && seconds > 0 ? increase / seconds : undefined;
  });
}

/** Columns of about equally many points. Fewer points than columns are repeated. */
function spread(
  points: number,
  columns: number,
  of: (from: number, to: number, column: number) => Column,
): Column[] {
  return Array.from({ length: points === 0 ? 0 : columns }, (_, column) => {
    const from = Math.floor((column * points) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * points) / columns));
    return of(from, to, column);
  });
}

function scaleOf(columns: readonly Column[]): { readonly low: number; readonly high: number } {
  const finite = columns.filter((value) => value !== undefined && Number.isFinite(value));
  const numbers = finite as number[];
  return {
    low: numbers.reduce((least, value) => Math.min(least, value), 0),
    high: numbers.reduce((most, value) => Math.max(most, value), 0),
  };
}

function* chartLines(
  columns: readonly Column[],
  format: (value: number) => string,
): IterableIterator<string> {
  const { low, high } = scaleOf(columns);
  for (let row = CHART_ROWS; row >= 1; row--) {
    // The numbers are those at the upper edge of a row.
    const label = row % 2 === 0 ? format(low + ((high - low) * row) / CHART_ROWS) : '';
    const edge = (row - 0.5) / CHART_ROWS;
    const line = columns.map((value) => (heightOf(value, low, high) >= edge ? '#' : ' ')).join('');
    yield `${label.padStart(LABEL_WIDTH - 1)} |${line}`.trimEnd();
  }
}

/** 0 to 1; below 0 where there is nothing to draw. */
function heightOf(value: Column, low: number, high: number): number {
  if (value === undefined || Number.isNaN(value) || high === low) return -1;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

function* axisLines(timeSeconds: readonly number[], columns: number): IterableIterator<string> {
  const indent = ' '.repeat(LABEL_WIDTH);
  yield `${'0'.padStart(LABEL_WIDTH - 1)} +${'-'.repeat(columns)}`;
  const at = (share: number) => timeSeconds[Math.round(share * (timeSeconds.length - 1))] ?? 0;
  const [first, middle, last] = [at(0), at(0.5), at(1)].map(clockText) as [string, string, string];
  const gap = columns - first.length - middle.length - last.length;
  const left = ' '.repeat(Math.max(1, Math.floor(gap / 2)));
  const right = ' '.repeat(Math.max(1, Math.ceil(gap / 2)));
  yield `${indent} ${first}${left}${middle}${right}${last}`;
}

function* shareLines(
  history: History,
  isRate: boolean,
  width: number,
  rows: number,
): IterableIterator<string> {
  const { timeSeconds } = history;
  const names = history.shares.map((share) => cutToWidth(nameOf(share), NAME_WIDTH));
  const nameWidth = names.reduce((most, name) => Math.max(most, textWidth(name)), 'PROCESS'.length);
  const columns = Math.max(10, width - nameWidth - END_WIDTH - 4);
  const strips = history.shares.map((share) => ({
    share,
    columns: isRate ? shareRates(share, timeSeconds, columns) : levelsOf(share.value, columns),
  }));
  const { low, high } = scaleOf(strips.flatMap((strip) => strip.columns));
  const format = isRate ? formatRate : formatShortValue;
  const shown = strips.slice(0, rows);
  const body = shown.map(({ share, columns: own }, i) => [
    names[i]!,
    endText(share, timeSeconds, isRate, own),
    own.map((value) => levelOf(value, low, high)).join(''),
  ]);
  const header = ['PROCESS', isRate ? 'RATE/S' : 'LAST', `OVER TIME (@ is ${format(high)})`];
  yield* renderTable(header, body, { width: Number.POSITIVE_INFINITY, alignRight: [1] });
  const rest = strips.length - shown.length;
  if (rest > 0) yield `and ${formatCount(rest)} more; --all shows them`;
}

/** Values that the daemon retained are of no process. */
function nameOf({ processId, file, role }: ShareHistory): string {
  return [processId || file, role].filter(Boolean).join(' ');
}

/** The last value; when the process went, if it did. */
function endText(
  { value }: ShareHistory,
  timeSeconds: readonly number[],
  isRate: boolean,
  columns: readonly Column[],
): string {
  const last = value.findLastIndex((one) => one !== undefined);
  if (last < value.length - 1) return `to ${clockText(timeSeconds[Math.max(0, last)]!)}`;
  if (isRate) return formatRate(columns.at(-1) ?? 0);
  return formatShortValue(value[last]!);
}

function levelOf(value: Column, low: number, high: number): string {
  if (value === undefined) return ' ';
  if (Number.isNaN(value)) return '?';
  const height = Math.max(0, heightOf(value, low, high));
  // Only nothing at all is the lowest level.
  return value === low
    ? LEVELS[0]!
    : LEVELS[Math.max(1, Math.round(height * (LEVELS.length - 1)))]!;
}

/** Who decided, and since when. */
function* decisionLines({ decided, shares }: History, width: number): IterableIterator<string> {
  if (decided === undefined || shares.length < 2) return;
  const shown = decided.slice(-SHOWN_DECISIONS);
  const hidden = decided.length - shown.length;
  yield '';
  if (hidden > 0) yield `${counted(hidden, 'earlier change')} of who decides; --json has all`;
  const rows = shown.map(({ timeSeconds, processId, file, value }) => [
    clockText(timeSeconds),
    processId ?? 'no process',
    value === undefined ? '-' : formatShortValue(value),
    file ?? '',
  ]);
  const header = ['FROM', 'DECIDES', 'VALUE', 'FILE'];
  yield* renderTable(header, rows, { width, alignRight: [2], flexible: 3 });
}

function kindOf({ mode, type }: { readonly mode: string | undefined; readonly type: string }) {
  return mode === undefined ? type : `${type} ${mode}`;
}
