/** What `top` shows, as lines, and what its keys do. */

import { counted, formatBytes, formatCount, formatRate } from '../inspect/quantity.js';
import type { TopProcess, TopSeries, TopView } from '../inspect/top.js';
import type { TOP_SORTS } from './flags.js';
import { printable } from './printable.js';
import { renderTable } from './table.js';
import type { Paint } from './terminal.js';
import { cutToWidth } from './text-width.js';

export interface TopState {
  sort: (typeof TOP_SORTS)[number];
  /** Text that a process or series must have; '' for all. */
  filter: string;
  /** What is being typed behind `/`; undefined when nothing is. */
  typing: string | undefined;
  /** Rows of the series table that are scrolled past. */
  from: number;
}

export interface TopLayout {
  readonly width: number;
  /** Lines there are for everything. */
  readonly rows: number;
  readonly paint: Paint;
  /** A screen has keys, and a last line that says which. */
  readonly hasKeys: boolean;
}

const SORTS: readonly TopState['sort'][] = ['rate', 'id', 'entries', 'used'];

const HELP = 'q quit  s sort  / filter  ↑↓ scroll';

/** Processes get this part of the room that is left for the two tables. */
const PROCESSES_SHARE = 0.4;

/** @returns true when the key means to leave */
export function handleKey(state: TopState, key: string, height: number): boolean {
  if (key === 'ctrl-c') return true;
  if (state.typing !== undefined) {
    typeKey(state, key);
    return false;
  }
  const page = Math.max(1, Math.floor(height / 2));
  switch (key) {
    case 'q':
    case 'Q':
      return true;
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
      state.filter = '';
      state.from = 0;
      break;
    case 'down':
      state.from++;
      break;
    case 'up':
      state.from = Math.max(0, state.from - 1);
      break;
    case 'page-down':
      state.from += page;
      break;
    case 'page-up':
      state.from = Math.max(0, state.from - page);
      break;
  }
  return false;
}

function typeKey(state: TopState, key: string): void {
  const typing = state.typing!;
  if (key === 'enter' || key === 'escape') {
    if (key === 'enter') {
      state.filter = typing;
      state.from = 0;
    }
    state.typing = undefined;
  } else if (key === 'backspace') state.typing = [...typing].slice(0, -1).join('');
  else if ([...key].length === 1) state.typing = typing + key;
}

/** Head, problems, processes, series, and the keys below; never more lines than there is room for. */
export function topLines(view: TopView, state: TopState, layout: TopLayout): string[] {
  const { width, rows, paint, hasKeys } = layout;
  const head = headLines(view, layout);
  const has = (text: string) => text.toLowerCase().includes(state.filter.toLowerCase());
  const processes = view.processes
    .filter(({ processId, role, program }) => has(`${processId} ${role ?? ''} ${program ?? ''}`))
    .sort(order(state.sort));
  const matching = view.series.filter(({ series }) => has(series));
  // A filter that names series shows all processes, and the other way round.
  const shownProcesses = processes.length > 0 ? processes : view.processes;
  const shownSeries = matching.length > 0 || processes.length === 0 ? matching : view.series;

  // Two headers, an empty line before each table, and the foot.
  const room = Math.max(2, rows - head.length - 5);
  const processRows = Math.min(
    shownProcesses.length,
    Math.max(1, Math.floor(room * PROCESSES_SHARE), room - shownSeries.length),
  );
  const seriesRows = Math.max(1, room - processRows);
  state.from = Math.max(0, Math.min(state.from, shownSeries.length - seriesRows));

  const processTable = processesTable(shownProcesses.slice(0, processRows), width);
  const hidden = shownProcesses.length - processRows;
  if (hidden > 0) processTable[0] += `  (${formatCount(hidden)} more)`;
  const seriesTable = seriesLines(
    shownSeries.slice(state.from, state.from + seriesRows),
    width,
    view.windowSeconds,
  );
  return [
    ...head,
    '',
    ...titled(processTable, width, paint),
    '',
    ...titled(seriesTable, width, paint),
    ...(hasKeys ? [paint('dim', cutToWidth(footLine(state), width))] : []),
  ];
}

function headLines(view: TopView, { width, paint }: TopLayout): string[] {
  const { path, takenAtSeconds, windowSeconds, processes, incrementsPerSecond } = view;
  const time = new Date(takenAtSeconds * 1000).toTimeString().slice(0, 8);
  const alive = processes.filter(({ liveness }) => liveness === 'alive').length;
  const rate =
    windowSeconds > 0 ? `${formatRate(incrementsPerSecond)} increments/s` : 'rates in a moment';
  const lines = [
    `promfold top ${time}  ${printable(path)}`,
    `${counted(processes.length, 'process', 'processes')} (${formatCount(alive)} alive), ${counted(view.files, 'file')}, ${counted(view.entries, 'entry', 'entries')}, ${formatBytes(view.usedBytes)}; ${rate}`,
  ].map((line) => cutToWidth(line, width));
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

function processesTable(processes: readonly TopProcess[], width: number): string[] {
  return renderTable(
    ['PROCESS', 'STATE', 'INCR/S', 'MOVING', 'ENTRIES', 'USED', 'WHO'],
    processes.map((process) => [
      process.processId,
      process.liveness,
      formatRate(process.incrementsPerSecond),
      formatCount(process.movingEntries),
      formatCount(process.entries),
      formatBytes(process.usedBytes),
      process.role ?? process.program ?? '',
    ]),
    { width, alignRight: [2, 3, 4, 5], flexible: 6 },
  );
}

function seriesLines(series: readonly TopSeries[], width: number, windowSeconds: number): string[] {
  const rows = series.map((one) => [
    formatRate(one.incrementsPerSecond),
    formatCount(one.processes),
    one.series,
  ]);
  const lines = renderTable(['INCR/S', 'IN', 'SERIES'], rows, {
    width,
    alignRight: [0, 1],
    flexible: 2,
  });
  if (series.length === 0 && windowSeconds > 0) lines.push('nothing moves');
  return lines;
}

function titled([header = '', ...rows]: readonly string[], width: number, paint: Paint): string[] {
  return [paint('bold', cutToWidth(header, width)), ...rows];
}

function footLine({ sort, filter, typing }: TopState): string {
  if (typing !== undefined) return `/${typing}▏ enter to filter, escape to leave it`;
  return `${HELP}   sorted by ${sort}${filter === '' ? '' : `, only “${printable(filter)}”, escape for all`}`;
}

const collator = new Intl.Collator('en', { numeric: true });

function order(sort: TopState['sort']): (a: TopProcess, b: TopProcess) => number {
  const byId = (a: TopProcess, b: TopProcess) => collator.compare(a.processId, b.processId);
  switch (sort) {
    case 'rate':
      return (a, b) => b.incrementsPerSecond - a.incrementsPerSecond || byId(a, b);
    case 'id':
      return byId;
    case 'entries':
      return (a, b) => b.entries - a.entries || byId(a, b);
    case 'used':
      return (a, b) => b.usedBytes - a.usedBytes || byId(a, b);
  }
}
