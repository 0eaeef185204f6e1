/** `discover`: the multiprocess directories of running processes, with their processes and roles. */

import { toJson } from '../inspect/json.js';
import { counted, formatCount } from '../inspect/quantity.js';
import {
  type DirectoryUser,
  type DiscoveredDirectory,
  type Discovery,
  discoverDirectories,
  isWritten,
  MAX_DIRECTORIES_OF_USER,
} from '../processes/discover.js';
import type { Command } from './command.js';
import { textOf } from './stdout.js';
import { renderTable } from './table.js';
import { terminalWidth } from './terminal.js';
import { wrapText } from './text-width.js';

/** Processes listed under a directory; `--all` and JSON list all. */
const SHOWN_PROCESSES = 8;

const INDENT = '  ';

export const discover: Command<'all' | 'json'> = {
  name: 'discover',
  summary: 'List the multiprocess directories of running processes.',
  flags: ['all', 'json'],
  exitCodes: [
    ['0', 'a directory was found'],
    ['1', 'none was found'],
  ],
  topic: 'discovery',
  examples: [
    'discover',
    'discover --json',
    'ls "$(promfold discover --json | jq -r .directories[0].path)"',
  ],
  positionals: [],

  async run({ flags }, terminal) {
    const takenAtSeconds = Date.now() / 1000;
    const found = await discoverDirectories();
    const { directories } = found;
    if (flags.json) {
      await terminal.print(toJson({ takenAtSeconds, ...found }));
    } else if (directories.length > 0) {
      const width = terminalWidth(terminal.environment);
      const lines = directoriesText(directories, width, flags.all ? Infinity : SHOWN_PROCESSES);
      await terminal.print(textOf(lines));
    } else {
      terminal.complain('promfold: no process that can be read uses a multiprocess directory');
    }
    for (const line of unreadText(found)) terminal.complain(`promfold: ${line}`);
    return directories.length > 0 ? 0 : 1;
  },
};

/** A line for each directory, and under it the processes that use it and any problems. */
export function directoriesText(
  directories: readonly DiscoveredDirectory[],
  width: number,
  shownProcesses: number,
): string[] {
  const [header, ...rows] = renderTable(
    ['DIR', 'PROCESSES', 'FILES', 'OWNER', 'MODE', 'FOUND BY'],
    directories.map((directory) => [
      directory.path,
      formatCount(directory.users.length),
      directory.metricFiles === undefined ? '-' : formatCount(directory.metricFiles),
      directory.uid === undefined ? '-' : String(directory.uid),
      directory.mode?.toString(8).padStart(4, '0') ?? '-',
      isWritten(directory) ? 'files' : 'variable',
    ]),
    { width: Infinity, alignRight: [1, 2, 3] },
  );
  const below = width - INDENT.length;
  return [
    header!,
    ...directories.flatMap((directory, i) => [
      rows[i]!,
      ...[usersText(directory.users, shownProcesses), ...notes(directory)]
        .flatMap((text) => wrapText(text, below))
        .map((line) => INDENT + line),
    ]),
  ];
}

/** `VLLM::APIServer_0 812, VLLM::APIServer_1 813; names it only: vllm 811`. */
function usersText(users: readonly DirectoryUser[], max: number): string {
  const writing = users.filter(({ writes }) => writes);
  const naming = users.filter(({ writes }) => !writes);
  const parts = [];
  if (writing.length > 0) parts.push(`writes: ${listed(writing, max)}`);
  if (naming.length > 0) parts.push(`only names it: ${listed(naming, max)}`);
  return parts.join('; ');
}

function listed(users: readonly DirectoryUser[], max: number): string {
  const shown = users.slice(0, max).map(named);
  const more = users.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

function named({ pid, role, program }: DirectoryUser): string {
  return `${role ?? program ?? 'process'} ${pid}`;
}

function* notes(directory: DiscoveredDirectory): IterableIterator<string> {
  const { path, insidePath, error, users, setLateBy, metricFiles, uid } = directory;
  if (path !== insidePath) yield `its processes call it ${insidePath}`;
  const removed = users.reduce((sum, { removedFiles }) => sum + removedFiles, 0);
  if (removed > 0) {
    yield `! ${counted(removed, 'file')} removed while processes write to them: nothing else can read them; restart the processes`;
  }
  if (error === 'ENOENT')
    yield '! no such directory: a process fails when it creates its first metric';
  else if (error === 'EACCES')
    yield `! permission denied: run promfold as uid ${uid ?? 'of its owner'} or as root`;
  else if (error !== undefined) yield `! cannot be read: ${error}`;
  else if (!isWritten(directory)) {
    yield metricFiles === 0
      ? '! no metric file: nothing has been counted yet, or the variable was set after prometheus_client was imported'
      : '! metric files, but no process writes them now';
  }
  for (const late of setLateBy) {
    yield `! only engines write here: ${named(late)} set the variable too late, and keeps its own metrics in memory [VARIABLE_TOO_LATE]`;
  }
}

/** What could not be read, why, and what would help. */
function unreadText({ unread, crowded, isPartial }: Discovery): string[] {
  const lines = [
    ...unread.map(
      ({ uid, processes }) =>
        `${counted(processes, 'process', 'processes')} of uid ${uid} cannot be read; this needs ${cure(uid)}`,
    ),
    ...crowded.map(
      (uid) =>
        `uid ${uid} uses more than ${MAX_DIRECTORIES_OF_USER} directories: the others are not read`,
    ),
  ];
  if (isPartial) {
    lines.push(
      '/proc hides the processes of other users (hidepid); this needs root, or the group in gid= of that mount',
    );
  }
  return lines;
}

function cure(uid: number): string {
  // Root without it, as in a container, can read processes that have no more rights than it has.
  if (process.getuid?.() === 0) return 'CAP_SYS_PTRACE';
  return uid === 0 ? 'root, or CAP_SYS_PTRACE' : `that user, root, or CAP_SYS_PTRACE`;
}
