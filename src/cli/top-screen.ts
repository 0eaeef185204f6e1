/** The lines that `top` shows, and what its keys do. */

import { subjectOf } from '../inspect/findings/stuck.js';
import {
  counted,
  formatBytes,
  formatCount,
  formatRate,
  formatShortValue,
  formatValue,
} from '../inspect/quantity.js';
import type { TopGauge, TopProcess, TopSeries, TopView } from '../inspect/top.js';
import { isTrouble } from '../watchdog/verdict.js';
import type { TOP_SORTS } from './flags.js';
import { printable } from './printable.js';
import { roleText, stateText } from './state.js';
import { renderTable } from './table.js';
import type { Paint } from './terminal.js';
import { cutToWidth, textWidth } from './text-width.js';

export interface TopState {
  sort: (typeof TOP_SORTS)[number];
  /** Text that a process, series or gauge must contain; '' for all. */
  filter: string;
  /** The text typed after `/`; undefined when nothing is being typed. */
  typing: string | undefined;
  /** The table that scrolling moves. */
  scrolled: 'series' | 'gauges';
  /** First visible row of each. */
  readonly from: { series: number; gauges: number };
  /** Whether the keys are shown instead of the tables. */
  showsKeys: boolean;
}

export function newTopState(sort: TopState['sort'], filter: string): TopState {
  return {
    sort,
    filter,
    typing: undefined,
    scrolled: 'series',
    from: { series: 0, gauges: 0 },
    showsKeys: false,
  };
}

export interface TopLayout {
  readonly width: number;
  /** Lines on the screen. */
  readonly rows: number;
  readonly paint: Paint;
  /** Whether keys are read, and the last line lists them. */
  readonly hasKeys: boolean;
}

const SORTS: readonly TopState['sort'][] = ['rate', 'id', 'entries', 'used'];

const HELP = 'q quit  s sort  / filter  ↑↓ scroll  ? keys';

const KEYS: readonly (readonly [keys: string, effect: string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['s, → and ←', 'sort the processes by rate, id, entries or used'],
  ['/', 'show only rows that contain a text: type it, then enter'],
  ['escape', 'show all rows again'],
  ['↑ ↓, page up, page down', 'scroll the series, or the gauges'],
  ['tab', 'switch between the two'],
  ['?', 'show these keys; any key returns'],
];

/** Lines of engines that are stuck. */
const MAX_ENGINES = 4;

/** The share of each table in the screen, if all have more rows than fit. */
const SHARES = { processes: 0.35, series: 0.4, gauges: 0.25 } as const;

/** Rows of all tables; with fewer, only processes and series are shown. */
const MIN_ROOM_FOR_GAUGES = 6;

/** @returns true if the key quits */
export function handleKey(state: TopState, key: string, height: number): boolean {
  if (key === 'ctrl-c') return true;
  if (state.typing !== undefined) {
    typeKey(state, key);
    return false;
  }
  if (state.showsKeys) {
    state.showsKeys = false;
    return false;
  }
  const page = Math.max(1, Math.floor(height / 2));
  const scroll = (rows: number) => {
    state.from[state.scrolled] = Math.max(0, state.from[state.scrolled] + rows);
  };
  switch (key) {
    case 'q':
    case 'Q':
      return true;
    case '?':
    case 'h':
      state.showsKeys = true;
      break;
    case 's':
    case 'right':
      state.sort = SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length]!;
      break;
    case 'left':
      state.sort = SORTS[(SORTS.indexOf(state.sort) + SORTS.length - 1) % SORTS.length]!;
      break;
    case '/':
      state.typing = state.filter;
      break;
    case 'escape':
      setFilter(state, '');
      break;
    case 'tab':
      state.scrolled = state.scrolled === 'series' ? 'gauges' : 'series';
      break;
    case 'down':
      scroll(1);
      break;
    case 'up':
      scroll(-1);
      break;
    case 'page-down':
      scroll(page);
      break;
    case 'page-up':
      scroll(-page);
      break;
  }
  return false;
}

function typeKey(state: TopState, key: string): void {
  switch (key) {
    case 'enter':
      setFilter(state, state.typing!);
      state.typing = undefined;
      break;
    case 'escape':
      state.typing = undefined;
      break;
    case 'backspace':
      state.typing = [...state.typing!].slice(0, -1).join('');
      break;
    default:
      if ([...key].length === 1) state.typing += key;
  }
}

function setFilter(state: TopState, filter: string): void {
  state.filter = filter;
  state.from.series = 0;
  state.from.gauges = 0;
}

/** The whole report. Limits scrolling to the rows that exist, and the lines to those that fit. */
export function topLines(view: TopView, state: TopState, layout: TopLayout): string[] {
  const { width, rows, paint, hasKeys } = layout;
  const head = headLines(view, layout);
  const foot = hasKeys ? [paint('dim', cutToWidth(footLine(state), width))] : [];
  if (state.showsKeys) {
    const keys = renderTable(['KEYS', ''], KEYS, { width, flexible: 1 });
    return [...head, '', ...titled(keys, width, paint)];
  }
  const { processes, series, gauges: allGauges } = chosen(view, state);

  // A header and an empty line for each table, and the last line.
  const roomOf = (tables: number) => rows - head.length - 2 * tables - 1;
  const gauges = roomOf(3) >= MIN_ROOM_FOR_GAUGES ? allGauges : [];
  const tables = gauges.length > 0 ? 3 : 2;
  const room = Math.max(tables, roomOf(tables));
  const [forProcesses, forSeries, forGauges] = allot(room, [
    [processes.length, SHARES.processes],
    // If nothing changes, a line says so.
    [Math.max(1, series.length), SHARES.series],
    [gauges.length, SHARES.gauges],
  ]) as [number, number, number];

  const processTable = processesTable(processes.slice(0, forProcesses), view, width);
  const hidden = processes.length - forProcesses;
  if (hidden > 0) processTable[0] += `  (${formatCount(hidden)} more)`;
  const part = <T>(all: readonly T[], table: TopState['scrolled'], shown: number) => {
    state.from[table] = Math.max(0, Math.min(state.from[table], all.length - shown));
    return all.slice(state.from[table], state.from[table] + shown);
  };
  const seriesTable = seriesLines(part(series, 'series', forSeries), width);
  if (series.length === 0 && gauges.length === 0 && view.windowSeconds > 0) {
    seriesTable.push('nothing moves');
  }
  const gaugeTable =
    gauges.length > 0 ? gaugeLines(part(gauges, 'gauges', forGauges), width) : undefined;
  return [
    ...head,
    '',
    ...titled(processTable, width, paint),
    '',
    ...titled(seriesTable, width, paint),
    ...(gaugeTable === undefined ? [] : ['', ...titled(gaugeTable, width, paint)]),
    ...foot,
  ];
}

/** The rows that match the filter. If it matches only one kind of rows, all rows of the other kind are shown. */
function chosen(
  view: TopView,
  { filter, sort }: TopState,
): {
  processes: readonly TopProcess[];
  series: readonly TopSeries[];
  gauges: readonly TopGauge[];
} {
  const wanted = filter.toLowerCase();
  const has = (text: string) => text.toLowerCase().includes(wanted);
  const processes = view.processes.filter((process) =>
    has(`${process.processId} ${process.role ?? ''} ${process.program ?? ''}`),
  );
  const series = view.series.filter((row) => has(row.series));
  const gauges = view.gauges.filter((row) => has(row.series));
  const namesProcesses = processes.length > 0;
  const namesSeries = series.length > 0 || gauges.length > 0;
  return {
    processes: [...(namesProcesses ? processes : view.processes)].sort(order(sort)),
    series: namesSeries || !namesProcesses ? series : view.series,
    gauges: namesSeries || !namesProcesses ? gauges : view.gauges,
  };
}

/**
 * The rows of each table: its share, but at least one if it has any. Rows that a table does not need go to the
 * others.
 */
function allot(
  room: number,
  tables: readonly (readonly [wanted: number, share: number])[],
): number[] {
  const given = tables.map(([wanted, share]) =>
    Math.min(wanted, Math.max(1, Math.floor(room * share))),
  );
  let left = room - given.reduce((sum, rows) => sum + rows, 0);
  for (const [i, [wanted]] of tables.entries()) {
    const more = Math.max(0, Math.min(left, wanted - given[i]!));
    given[i]! += more;
    left -= more;
  }
  return given;
}

function headLines(view: TopView, { width, paint }: TopLayout): string[] {
  const { path, takenAtSeconds, windowSeconds, processes } = view;
  const time = new Date(takenAtSeconds * 1000).toTimeString().slice(0, 8);
  const alive = processes.filter(({ liveness }) => liveness === 'alive').length;
  const rates =
    windowSeconds > 0
      ? `${formatRate(view.incrementsPerSecond)} increments/s, ${formatRate(view.observationsPerSecond)} observations/s`
      : 'rates in a moment';
  const counts = `${counted(processes.length, 'process', 'processes')} (${formatCount(alive)} alive), ${counted(view.files, 'file')}, ${counted(view.entries, 'entry', 'entries')}, ${formatBytes(view.usedBytes)}`;
  const fits = textWidth(`${counts}; ${rates}`) <= width;
  const lines = [
    cutToWidth(`promfold top ${time}  ${printable(path)}`, width),
    ...(fits ? [`${counts}; ${rates}`] : [counts, rates].map((line) => cutToWidth(line, width))),
  ];
  const troubled = (view.engines ?? []).filter(isTrouble);
  for (const verdict of troubled.slice(0, MAX_ENGINES)) {
    const text = `${subjectOf(verdict)} ${verdict.verdict}: ${verdict.evidence.join('; ')}`;
    lines.push(paint('red', cutToWidth(printable(text), width)));
  }
  const hidden = troubled.length - MAX_ENGINES;
  if (hidden > 0) lines.push(cutToWidth(`${counted(hidden, 'more such engine')}`, width));
  for (const { severity, code, title, count } of view.problems.slice(0, 3)) {
    const text = cutToWidth(
      `${severity} ${code}: ${title}${count > 1 ? ` (${formatCount(count)})` : ''}`,
      width,
    );
    lines.push(paint(severity === 'error' ? 'red' : 'yellow', text));
  }
  const more = view.problems.length - 3;
  if (more > 0)
    lines.push(cutToWidth(`${counted(more, 'more finding')}; see promfold check`, width));
  return lines;
}

function processesTable(
  processes: readonly TopProcess[],
  { takenAtSeconds }: TopView,
  width: number,
): string[] {
  // A recording, or a file, has no watchdog.
  const isWatched = processes.some(({ verdict }) => verdict !== undefined);
  const verdictHead = isWatched ? ['VERDICT'] : [];
  const first = 3 + verdictHead.length;
  return renderTable(
    ['PROCESS', 'STATE', ...verdictHead, 'ROLE', 'INCR/S', 'OBS/S', 'MOVING', 'ENTRIES', 'USED'],
    processes.map((process) => [
      process.processId,
      stateText(process, takenAtSeconds),
      ...(isWatched ? [process.verdict ?? ''] : []),
      roleText(process),
      formatRate(process.incrementsPerSecond),
      formatRate(process.observationsPerSecond),
      formatCount(process.movingEntries),
      formatCount(process.entries),
      formatBytes(process.usedBytes),
    ]),
    { width, alignRight: [0, 1, 2, 3, 4].map((i) => first + i), flexible: first - 1 },
  );
}

function seriesLines(series: readonly TopSeries[], width: number): string[] {
  const rows = series.map((row) => [
    formatRate(row.incrementsPerSecond),
    formatCount(row.processes),
    row.series,
  ]);
  return renderTable(['RATE/S', 'PROCESSES', 'SERIES'], rows, {
    width,
    alignRight: [0, 1],
    flexible: 2,
  });
}

function gaugeLines(gauges: readonly TopGauge[], width: number): string[] {
  const rows = gauges.map(({ value, change, processes, series }) => [
    formatShortValue(value),
    change === undefined ? 'new' : signed(change),
    formatCount(processes),
    series,
  ]);
  return renderTable(['VALUE', 'CHANGE', 'PROCESSES', 'GAUGE'], rows, {
    width,
    alignRight: [0, 1, 2],
    flexible: 3,
  });
}

/** Three digits, as in `diff`; whole numbers exactly. */
function signed(change: number): string {
  const rounded = Number.isInteger(change) ? change : Number(change.toPrecision(3));
  return `${change > 0 && Number.isFinite(change) ? '+' : ''}${formatValue(rounded)}`;
}

function titled([header = '', ...rows]: readonly string[], width: number, paint: Paint): string[] {
  return [paint('bold', cutToWidth(header, width)), ...rows];
}

function footLine({ sort, filter, typing }: TopState): string {
  if (typing !== undefined) return `/${printable(typing)}▏ enter to filter, escape to leave it`;
  return `${HELP}   sorted by ${sort}${filter === '' ? '' : `, only “${printable(filter)}”, escape for all`}`;
}

const collator = new Intl.Collator('en', { numeric: true });

function order(sort: TopState['sort']): (a: TopProcess, b: TopProcess) => number {
  const byId = (a: TopProcess, b: TopProcess) => collator.compare(a.processId, b.processId);
  switch (sort) {
    case 'rate':
      return (a, b) =>
        b.incrementsPerSecond - a.incrementsPerSecond ||
        b.observationsPerSecond - a.observationsPerSecond ||
        byId(a, b);
    case 'id':
      return byId;
    case 'entries':
      return (a, b) => b.entries - a.entries || byId(a, b);
    case 'used':
      return (a, b) => b.usedBytes - a.usedBytes || byId(a, b);
  }
}
