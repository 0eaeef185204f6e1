/** `cat`: the entries of a file, or of all files of a directory, decoded. */
import {
  type EntriesView,
  type EntryView,
  type FaultView,
  type FileEntries,
  hasDamage,
  viewEntries,
} from '../inspect/entries.js';
import { UNKNOWN_PROCESS } from '../inspect/file-name-by-keys.js';
import { toJson } from '../inspect/json.js';
import { isAny, type List, mapList } from '../inspect/list.js';
import { counted, formatAge, formatBytes, formatValue } from '../inspect/quantity.js';
import type { Command } from './command.js';
import { chooseDirectory, INSTEAD_OF_DIRECTORY } from './directory.js';
import { readAt } from './past.js';
import { printable } from './printable.js';
import { stateText } from './state.js';
import { textOf } from './stdout.js';
import { tableLines } from './table.js';
import { terminalWidth } from './terminal.js';
import { cutToWidth, wrapText } from './text-width.js';

const IN_WORDS: Readonly<Record<string, string>> = {
  sum: 'values add up over processes',
  min: 'the smallest value counts',
  max: 'the largest value counts',
  last: 'each process has its own series (label pid)',
  mostRecent: 'the most recently set value counts',
};

export const cat: Command<'match' | 'bytes' | 'at' | 'json'> = {
  name: 'cat',
  summary: 'Print the entries of a metric file, or of all files of a directory.',
  details: [INSTEAD_OF_DIRECTORY],
  positionals: ['[FILE|DIR]'],
  flags: ['match', 'bytes', 'at', 'json'],
  exitCodes: [
    ['0', 'every entry can be read'],
    ['1', 'a file or a key is damaged; everything readable is printed'],
  ],
  topic: 'contents',
  examples: [
    'cat /run/prom/counter_4711.db',
    "cat --match 'vllm:num_requests_running' /run/prom",
    'cat --bytes 256 /run/prom/histogram_12.db',
  ],

  async run({ positionals: [given], flags }, terminal) {
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    const { reading } = await readAt(path, flags.at, terminal);
    const view = viewEntries(reading, flags.match, flags.bytes);
    const isDamaged = hasDamage(reading, flags.match);
    if (flags.json) {
      await terminal.print(toJson(view));
      return isDamaged ? 1 : 0;
    }
    await terminal.print(textOf(filesText(view, terminalWidth(terminal.environment))));
    if (view.files.length === 0) {
      const what = flags.match === undefined ? 'metric files' : 'such entries';
      terminal.complain(`promfold: ${path}: no ${what}`);
    }
    return isDamaged ? 1 : 0;
  },
};

function* filesText({ files, takenAtSeconds }: EntriesView, width: number) {
  for (const [i, file] of files.entries()) {
    if (i > 0) yield '';
    yield* fileLines(file, takenAtSeconds, width);
  }
}

function* fileLines(file: FileEntries, now: number, width: number): IterableIterator<string> {
  const { entries, fault } = file;
  yield cutToWidth(printable(file.path), width);
  yield* wrapText(about(file, now), width);
  if (entries.length > 0) {
    yield '';
    yield* entriesTable(entries, width);
  }
  if (fault !== undefined) {
    yield '';
    yield* faultLines(file, fault, width);
  }
}

function about(file: FileEntries, now: number): string {
  const { type, mode, processId, liveness, lastSeenSeconds, operation } = file;
  const { slotBytes, usedBytes, sizeBytes, entryCount, fault } = file;
  if (fault?.code === 'FILE_FOREIGN') return 'not opened';
  const facts = [counted(entryCount, 'entry', 'entries')];
  if (liveness === 'archive') facts.unshift('archive of dead processes');
  else if (liveness !== undefined && processId !== UNKNOWN_PROCESS) {
    facts.unshift(`process ${processId} (${stateText({ liveness, lastSeenSeconds }, now)})`);
  }
  if (slotBytes > 0) facts.push(`${slotBytes}-byte slots`);
  if (usedBytes >= 0) facts.push(`${formatBytes(usedBytes)} used of ${formatBytes(sizeBytes)}`);
  const kind = mode === undefined ? type : `${type} ${mode}`;
  const rule = type === undefined ? 'of no known type' : `${kind}: ${IN_WORDS[operation!]}`;
  return `${rule}; ${facts.join(', ')}`;
}

function entriesTable(entries: List<EntryView>, width: number): IterableIterator<string> {
  const hasTimes = isAny(entries, ({ setSeconds }) => setSeconds !== undefined);
  const header = ['BYTE', 'VALUE', ...(hasTimes ? ['SET'] : []), 'SERIES'];
  const rows = mapList(entries, (entry) => [
    String(entry.offset),
    formatValue(entry.value),
    ...(hasTimes ? [setText(entry)] : []),
    seriesText(entry),
  ]);
  return tableLines(header, rows, {
    width,
    alignRight: hasTimes ? [0, 1, 2] : [0, 1],
    flexible: header.length - 1,
  });
}

function setText({ ageSeconds, previousLife }: EntryView): string {
  if (ageSeconds === undefined) return '-';
  return `${formatAge(ageSeconds)} ago${previousLife ? ', earlier process' : ''}`;
}

function seriesText({ series, problem }: EntryView): string {
  if (problem === undefined) return series!;
  const found = `${problem.found} [${problem.code}]`;
  return series === undefined ? found : `${series}  ${found}`;
}

/** Of files whose content was not read. */
const FAULT_WORDS: Readonly<Record<string, string>> = {
  FILE_FOREIGN: 'not a metric file',
  FILE_NOT_REGULAR: 'not a metric file',
  FILE_UNREADABLE: 'not read',
  LINK_TO_OTHER_OWNER: 'not read',
};

function faultLines({ entryCount }: FileEntries, fault: FaultView, width: number): string[] {
  const { code, found, offset, expected, excerpt, excerptOffset } = fault;
  const at = offset === undefined ? '' : ` at byte ${offset}`;
  const before =
    code === 'FILE_CORRUPT' ? `; ${counted(entryCount, 'entry', 'entries')} readable` : '';
  const what = FAULT_WORDS[code] ?? 'damaged';
  return [
    ...wrapText(`${what}${at} [${code}]${before}`, width),
    ...wrapText(`found:    ${found}`, width),
    ...wrapText(`expected: ${expected}`, width),
    ...(excerpt === undefined
      ? []
      : hexLines(Buffer.from(excerpt, 'hex'), excerptOffset!, offset!)),
  ];
}

/** As `hexdump -C` prints them, 80 columns at most, with the wrong byte marked below. */
function hexLines(bytes: Buffer, from: number, wrong: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16);
    const hex = [...line].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = line.toString('latin1').replace(/[^ -~]/g, '.');
    lines.push(`${String(from + at).padStart(9)}  ${hex.padEnd(47)}  |${text}|`);
    const column = wrong - from - at;
    if (column >= 0 && column < 16) lines.push(`${' '.repeat(11 + 3 * column)}^^`);
  }
  return lines;
}
