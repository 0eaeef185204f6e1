/** `ls`: the processes of a directory and their files. */
import { UsageError } from '../errors.js';
import { toJson } from '../inspect/json.js';
import {
  type FileView,
  type ProcessesTotal,
  type ProcessesView,
  type ProcessView,
  viewFiles,
  viewProcesses,
  withoutSizes,
} from '../inspect/processes.js';
import { counted, formatAge, formatBytes, formatCount } from '../inspect/quantity.js';
import { Proc } from '../processes/proc.js';
import type { Liveness, ProcessLiveness } from '../processes/writer.js';
import type { Command } from './command.js';
import { chooseDirectory, INSTEAD_OF_DIRECTORY } from './directory.js';
import type { LS_SORTS } from './flags.js';
import { readAt } from './past.js';
import { roleText, stateText } from './state.js';
import { textOf } from './stdout.js';
import { renderTable } from './table.js';
import { terminalWidth } from './terminal.js';
import { textWidth, wrapText } from './text-width.js';

/** Rows in a terminal by default; a pipe gets them all. */
const SHOWN_ROWS = 50;

export type LsSort = (typeof LS_SORTS)[number];

export const ls: Command<
  'json' | 'lsSort' | 'alive' | 'dead' | 'unknown' | 'files' | 'all' | 'commandLine' | 'at'
> = {
  name: 'ls',
  summary: 'List the processes of a directory and their files.',
  details: [INSTEAD_OF_DIRECTORY],
  flags: ['lsSort', 'alive', 'dead', 'unknown', 'files', 'all', 'commandLine', 'at', 'json'],
  exitCodes: [['0', 'the processes are listed']],
  topic: 'listing',
  examples: ['ls /run/prom', 'ls --dead --sort disk /run/prom', 'ls --files --json /run/prom'],

  async run({ directory: given, flags }, terminal) {
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    const { kind, reading } = await readAt(path, flags.at, terminal);
    if (flags.commandLine && (kind === 'snapshot' || kind === 'recording')) {
      throw new UsageError(`--command: expected a directory of this machine, got a ${kind}`);
    }
    // Then it is not known what the files took on disk.
    const isRecorded = reading.isRecorded === true;
    const wanted = wantedLiveness(flags);
    const view = viewProcesses(reading);
    const processes = view.processes
      .filter(({ liveness }) => wanted.has(liveness))
      .sort(processOrder(flags.lsSort));
    const ids = new Set(processes.map(({ processId }) => processId));
    const isFiltered = !wanted.has('archive');
    const files = flags.files
      ? viewFiles(reading)
          .filter(({ processId }) => (processId === undefined ? !isFiltered : ids.has(processId)))
          .sort(fileOrder(flags.lsSort))
      : undefined;

    if (flags.json) {
      const shown = { ...view, processes, ...(files && { files }) };
      await terminal.print(toJson(isRecorded ? withoutSizesIn(shown) : shown));
      return 0;
    }
    const width = terminalWidth(terminal.environment);
    const limit = flags.all || width === Number.POSITIVE_INFINITY ? Infinity : SHOWN_ROWS;
    const now = reading.takenAtSeconds;
    const shown = processes.slice(0, limit);
    const commands = flags.commandLine ? await commandLines(shown) : undefined;
    const table =
      files !== undefined
        ? [
            ...filesTable(files.slice(0, limit), now, width, isRecorded),
            ...moreLine(files.length - limit, 'files'),
          ]
        : processes.length === 0
          ? []
          : [
              ...processesTable(shown, now, width, isRecorded, commands),
              ...moreLine(processes.length - limit, 'processes'),
              ...earlierProcessLine(shown),
            ];
    const total = totalLines(view.total, isRecorded).flatMap((line) => wrapText(line, width));
    await terminal.print(textOf([...table, ...total]));
    return 0;
  },
};

interface Shown extends ProcessesView {
  readonly files?: readonly FileView[];
}

/** What is not known is left out. */
function withoutSizesIn({ total, processes, files, ...view }: Shown): object {
  return {
    ...view,
    processes: processes.map(withoutSizes),
    total: withoutSizes(total),
    ...(files && { files: files.map(withoutSizes) }),
  };
}

/** All of them, and archives, if none is selected. */
function wantedLiveness(asked: Readonly<Record<ProcessLiveness, boolean>>): ReadonlySet<Liveness> {
  const some = PROCESS_ORDER.filter((liveness) => asked[liveness]);
  return new Set(some.length > 0 ? some : LIVENESS_ORDER);
}

const PROCESS_ORDER: readonly ProcessLiveness[] = ['alive', 'unknown', 'dead'];
const LIVENESS_ORDER: readonly Liveness[] = [...PROCESS_ORDER, 'archive'];

/** Largest first, youngest first; equal ones by id. */
function processOrder(sort: LsSort): (a: ProcessView, b: ProcessView) => number {
  const byId = (a: ProcessView, b: ProcessView) => compareNames(a.processId, b.processId);
  const key: Readonly<Record<LsSort, (process: ProcessView) => number>> = {
    state: ({ liveness }) => LIVENESS_ORDER.indexOf(liveness),
    id: () => 0,
    files: ({ files }) => -files,
    entries: ({ entries }) => -entries,
    used: ({ usedBytes }) => -usedBytes,
    disk: ({ diskBytes }) => -diskBytes,
    age: (process) => -(bornSeconds(process) ?? 0),
  };
  return (a, b) => key[sort](a) - key[sort](b) || byId(a, b);
}

function fileOrder(sort: LsSort): (a: FileView, b: FileView) => number {
  const byName = (a: FileView, b: FileView) => compareNames(a.name, b.name);
  const key: Readonly<Record<LsSort, (file: FileView) => number>> = {
    state: () => 0,
    id: () => 0,
    files: () => 0,
    entries: ({ entries }) => -entries,
    used: ({ usedBytes }) => -usedBytes,
    disk: ({ diskBytes }) => -diskBytes,
    age: ({ modifiedSeconds }) => -(modifiedSeconds ?? 0),
  };
  return (a, b) => key[sort](a) - key[sort](b) || byName(a, b);
}

/** `9` before `10`. */
const collator = new Intl.Collator('en', { numeric: true });
const compareNames = (a: string, b: string): number => collator.compare(a, b);

/** When a process started; if it is not visible, its oldest trace. */
function bornSeconds({ startSeconds, firstSeenSeconds }: ProcessView): number | undefined {
  return startSeconds ?? firstSeenSeconds;
}

/** `-` if the time is unknown. */
function ageText(now: number, seconds: number | undefined): string {
  return formatAge(seconds === undefined ? undefined : now - seconds);
}

type Column = [header: string, cell: (process: ProcessView) => string, right?: true];

function processesTable(
  processes: readonly ProcessView[],
  now: number,
  width: number,
  isRecorded: boolean,
  commands: ReadonlyMap<string, string> | undefined,
): string[] {
  const clients = new Set(processes.flatMap((process) => process.clients));
  const columns: Column[] = [
    ['PROCESS', ({ processId }) => processId],
    ['STATE', (process) => stateText(process, now) + (process.previousLife ? '*' : '')],
    // Empty if no process is visible.
    ...(processes.some(roleAndPid) ? [['ROLE', roleAndPid] satisfies Column] : []),
    ['ENTRIES', ({ entries }) => formatCount(entries), true],
    ['USED', ({ usedBytes }) => formatBytes(usedBytes), true],
    ...(isRecorded
      ? []
      : ([
          ['SIZE', ({ sizeBytes }) => formatBytes(sizeBytes), true],
          ['DISK', ({ diskBytes }) => formatBytes(diskBytes), true],
        ] satisfies Column[])),
    ['AGE', (process) => ageText(now, bornSeconds(process)), true],
    ['FILES', (process) => formatCount(process.files) + leftOutText(process), true],
  ];
  // Last, and not cut: a wrapped command line can still be read and copied.
  if (commands !== undefined) {
    const command: Column = ['COMMAND', ({ processId }) => commands.get(processId) ?? ''];
    return tableOf([...columns, command], processes, Infinity);
  }
  // If there is space: the kinds of files, and the clients that wrote them if they differ.
  const more: Column[] = [
    ['KINDS', ({ kinds }) => kindsText(kinds)],
    ...(clients.size > 1 ? [['CLIENT', ({ clients: own }) => own.join(' ')] satisfies Column] : []),
  ];
  const whole = tableOf([...columns, ...more], processes, Infinity);
  const fits = whole.every((line) => textWidth(line) <= width);
  return fits ? whole : tableOf(columns, processes, width);
}

function tableOf(
  columns: readonly Column[],
  processes: readonly ProcessView[],
  width: number,
): string[] {
  const header = columns.map(([name]) => name);
  const rows = processes.map((process) => columns.map(([, cell]) => cell(process)));
  const flexible = header.indexOf('ROLE');
  return renderTable(header, rows, {
    width,
    alignRight: columns.flatMap(([, , right], i) => (right ? [i] : [])),
    ...(flexible >= 0 && { flexible }),
  });
}

function filesTable(
  files: readonly FileView[],
  now: number,
  width: number,
  isRecorded: boolean,
): string[] {
  const hasFault = files.some(({ fault }) => fault !== undefined);
  const rows = files.map((file) => [
    file.name + (file.previousLife ? '*' : ''),
    file.client ?? '',
    ...(isRecorded ? usedCells(file) : sizeCells(file)),
    ...(isRecorded ? [] : [ageText(now, file.modifiedSeconds)]),
    ...(hasFault ? [faultText(file)] : []),
  ]);
  const header = ['FILE', 'CLIENT', 'ENTRIES', 'USED'];
  if (!isRecorded) header.push('SIZE', 'DISK', 'AGE');
  if (hasFault) header.push('FAULT');
  return renderTable(header, rows, {
    width,
    alignRight: [2, 3, 4, 5, 6],
    flexible: hasFault ? header.indexOf('FAULT') : 0,
  });
}

function usedCells({ entries, usedBytes }: FileView): string[] {
  return [formatCount(entries), formatBytes(usedBytes)];
}

/** If stat failed, nothing is known of the file. */
function sizeCells(file: FileView): string[] {
  if (file.modifiedSeconds === undefined && file.sizeBytes === 0) return ['-', '-', '-', '-'];
  const { entries, usedBytes, sizeBytes, diskBytes } = file;
  return [formatCount(entries), ...[usedBytes, sizeBytes, diskBytes].map(formatBytes)];
}

/** With the pid if the files name the process differently. */
function roleAndPid(process: ProcessView): string {
  const { processId, pid } = process;
  const role = roleText(process);
  return pid === undefined || String(pid) === processId ? role : `${role} (pid ${pid})`;
}

/** The code first: it remains when the column is cut. */
function faultText({ fault }: FileView): string {
  if (fault === undefined) return '';
  const at = fault.offset === undefined ? '' : ` at byte ${fault.offset}`;
  return `${fault.code}: ${fault.found}${at}`;
}

/** `counter histogram livesum`; with a number if there are several. */
function kindsText(kinds: Readonly<Record<string, number>>): string {
  return Object.entries(kinds)
    .map(([kind, count]) => `${count > 1 ? `${count} ` : ''}${kind.replace(/^gauge /, '')}`)
    .sort()
    .join(' ');
}

function leftOutText(counts: LeftOut): string {
  const parts = leftOut(counts);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

type LeftOut = Pick<ProcessesTotal, 'damagedFiles' | 'unreadableFiles'>;

/** `2 damaged`, `1 unreadable`: what may be removed, and what may not. */
function leftOut({ damagedFiles, unreadableFiles }: LeftOut): string[] {
  const damaged = damagedFiles - unreadableFiles;
  return [
    ...(damaged > 0 ? [`${formatCount(damaged)} damaged`] : []),
    ...(unreadableFiles > 0 ? [`${formatCount(unreadableFiles)} unreadable`] : []),
  ];
}

function moreLine(hidden: number, what: string): string[] {
  return hidden > 0 ? [`… ${formatCount(hidden)} more ${what}; --all shows them`] : [];
}

function earlierProcessLine(shown: readonly ProcessView[]): string[] {
  const isAny = shown.some(({ previousLife }) => previousLife);
  return isAny ? ['* earlier process: has values of one with the same id'] : [];
}

function totalLines(total: ProcessesTotal, isRecorded: boolean): string[] {
  const { processes, kinds, files, entries } = total;
  const states = PROCESS_ORDER.filter((state) => processes[state] > 0).map(
    (state) => `${formatCount(processes[state])} ${state}`,
  );
  const count = processes.alive + processes.dead + processes.unknown;
  const archives = total.archives === undefined ? '' : `, ${counted(total.archives, 'archive')}`;
  const ofSize = isRecorded
    ? ''
    : ` of ${formatBytes(total.sizeBytes)}, ${formatBytes(total.diskBytes)} on disk`;
  const bytes = `${formatBytes(total.usedBytes)} used${ofSize}`;
  const kindsShown = Object.entries(kinds)
    .sort(([a], [b]) => compareNames(a, b))
    .map(([kind, number]) => `${formatCount(number)} ${kind.replace(/^gauge /, '')}`);
  const clients = total.clients.length === 0 ? '' : `; client ${total.clients.join(', ')}`;
  return [
    `${counted(count, 'process', 'processes')}${states.length > 0 ? ` (${states.join(', ')})` : ''}${archives}: ${counted(entries, 'entry', 'entries')}, ${bytes}`,
    `${[counted(files, 'file'), ...leftOut(total)].join(', ')}${kindsShown.length > 0 ? `: ${kindsShown.join(', ')}` : ''}${clients}`,
  ];
}

/** By process id. They may contain secrets: only for this terminal, on request. */
async function commandLines(processes: readonly ProcessView[]): Promise<Map<string, string>> {
  const proc = new Proc();
  const lines = new Map<string, string>();
  for (const { processId, pid } of processes) {
    const line = pid === undefined ? undefined : await proc.commandLine(pid);
    if (line !== undefined) lines.set(processId, line);
  }
  return lines;
}
