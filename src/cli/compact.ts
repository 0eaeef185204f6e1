/** `compact`: folds the files of dead processes into a few archives, or says what that would do. */
import { compactDirectory, GRACE_SECONDS, planCompaction } from '../compact/compact-directory.js';
import { KEPT_REASONS } from '../compact/kept-reason.js';
import { refusalText } from '../compact/refusal.js';
import type { CompactionReport } from '../compact/report.js';
import { toJson } from '../inspect/json.js';
import { counted, formatBytes, formatCount } from '../inspect/quantity.js';
import type { Command } from './command.js';
import { chooseDirectory } from './directory.js';
import { textOf } from './stdout.js';
import { renderTable } from './table.js';
import { terminalWidth } from './terminal.js';
import { wrapText } from './text-width.js';

export const compact: Command<'apply' | 'olderThan' | 'readersStopped' | 'json'> = {
  name: 'compact',
  summary: 'Fold the files of dead processes into a few archives.',
  details: [
    'Says what it would do; --apply does it. Sums, minimums, maximums and latest values stay what they are; gauges of the modes all and live… of dead processes go.',
    'Only files of processes that are certainly dead, and only while a living one shows that its processes can be seen. It may run next to writers and readers, and may be killed at any time.',
  ],
  flags: ['apply', 'olderThan', 'readersStopped', 'json'],
  exitCodes: [
    ['0', 'it is done, or would be, or there is nothing to do'],
    ['1', 'this directory cannot be compacted; one line says why, and what to do'],
  ],
  topic: 'compacting',
  examples: [
    'compact /run/prom',
    'compact --apply --older-than 10m /run/prom',
    'compact --apply --readers-stopped /run/prom',
  ],

  async run({ directory: given, flags }, terminal) {
    const { apply, olderThan = 0, readersStopped, json } = flags;
    const directory = chooseDirectory(given, terminal.environment, terminal.complain);
    const options = { olderThanSeconds: olderThan, readersStopped, graceSeconds: GRACE_SECONDS };
    const report = await (apply ? compactDirectory : planCompaction)(directory, options);
    await terminal.print(
      json ? toJson(report) : textOf(reportLines(report, terminalWidth(terminal.environment))),
    );
    const { refused } = report;
    if (refused === undefined) return 0;
    terminal.complain(`promfold: ${refusalText(report.path, refused)}`);
    return refused.isFinal ? 1 : 2;
  },
};

export function reportLines(report: CompactionReport, width: number): string[] {
  const rows = [...foldRows(report), ...removeRows(report), ...keepRows(report)];
  const table =
    rows.length === 0
      ? []
      : renderTable(HEADER, rows, { width, alignRight: [2, 3, 4], flexible: 5, wrap: true });
  return [...table, ...wrapText(summary(report), width)];
}

const HEADER = ['', 'KIND', 'FILES', 'ENTRIES', 'DISK', ''];

function foldRows({ folded }: CompactionReport): string[][] {
  return folded.map(
    ({ kind, keyForm, files, archives, entries, diskBytes, archiveEntries, valueBytes }) => {
      const older = keyForm === 'current' && valueBytes === 16 ? '' : ', of an older client';
      const before = archives === 0 ? '' : `, ${counted(archives, 'archive')} among them`;
      return [
        'fold',
        kind,
        formatCount(files),
        formatCount(entries),
        formatBytes(diskBytes),
        `into ${counted(archiveEntries, 'entry', 'entries')}${before}${older}`,
      ];
    },
  );
}

function removeRows({ removed }: CompactionReport): string[][] {
  return removed.map(({ kind, files, entries, diskBytes }) => [
    'remove',
    kind,
    formatCount(files),
    formatCount(entries),
    formatBytes(diskBytes),
    kind === 'empty' ? 'nothing is in them' : 'gauges of dead processes',
  ]);
}

function keepRows({ kept }: CompactionReport): string[][] {
  return kept.map(({ reason, files, diskBytes, example }) => [
    'keep',
    '',
    formatCount(files),
    '',
    formatBytes(diskBytes),
    OBVIOUS.has(reason) ? KEPT_REASONS[reason] : `${KEPT_REASONS[reason]} (such as ${example})`,
  ]);
}

/** Which they are does not matter. */
const OBVIOUS: ReadonlySet<string> = new Set(['alive', 'archive']);

function summary(report: CompactionReport): string {
  const { path, files, filesAfter, freedBytes, applied, outcome, refused } = report;
  if (outcome !== undefined && outcome.folded + outcome.removed > 0) {
    const recovered = outcome.recovered ? '; what an interrupted one left was put in order' : '';
    return `${path}: ${counted(outcome.folded, 'file')} folded into ${counted(outcome.archives.length, 'archive')}, ${formatCount(outcome.removed)} removed, ${formatBytes(outcome.freedBytes)} freed${recovered}`;
  }
  if (refused !== undefined) return `${path}: nothing was changed`;
  if (report.folded.length + report.removed.length === 0) {
    const recovered = outcome?.recovered ? 'what an interrupted one left was put in order; ' : '';
    return `${path}: ${recovered}nothing to compact`;
  }
  const hint = applied ? '' : '; nothing was changed: --apply does it';
  return `${path}: ${counted(files, 'file')} would become ${formatCount(filesAfter)}, and ${formatBytes(freedBytes)} free${hint}`;
}
