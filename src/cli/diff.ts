/** `diff`: what changed between two directories, snapshots or expositions. */
import { formatNumber } from '../format/number.js';
import { type ChangedSeries, diffPaths } from '../inspect/diff.js';
import { counted, formatCount } from '../inspect/quantity.js';
import type { Command } from './command.js';
import { toJson } from './json.js';
import { renderTable } from './table.js';
import { terminalWidth } from './terminal.js';

export const diff: Command<'by' | 'json'> = {
  name: 'diff',
  summary: 'Show what changed between two directories, snapshots or expositions.',
  positionals: ['A', 'B'],
  flags: ['by', 'json'],
  examples: [
    'diff before.tar.gz /run/prom',
    'diff --by process before.tar.gz after.tar.gz',
    'diff yesterday.prom today.prom',
    'diff <(curl -s http://127.0.0.1:19925/metrics) /run/prom',
  ],

  async run({ positionals: [before = '', after = ''], flags }, terminal) {
    const difference = await diffPaths(before, after, flags.by);
    const { added, removed, changed, same, wentBack } = difference;
    const isSame = added.length + removed.length + changed.length === 0;
    for (const side of ['before', 'after'] as const) {
      const files = difference.damagedFiles[side];
      if (files === 0) continue;
      const what = `${counted(files, 'file')} left out; see promfold cat ${difference[side]}`;
      terminal.complain(`promfold: ${difference[side]}: ${what}`);
    }
    if (flags.json) {
      await terminal.print(toJson(difference));
      return isSame ? 0 : 1;
    }
    const rows = [
      ...removed.map((one) => rowOf('-', one)),
      ...added.map((one) => rowOf('+', one)),
      ...changed.map((one) => rowOf(one.wentBack ? '!' : '~', one)),
    ];
    const byProcess = flags.by === 'process';
    const header = ['', 'BEFORE', 'AFTER', 'DELTA', ...(byProcess ? ['PROCESS'] : []), 'SERIES'];
    const width = terminalWidth(terminal.environment);
    const body = rows.map(({ cells, processId, series }) => [
      ...cells,
      ...(byProcess ? [processId ?? ''] : []),
      series,
    ]);
    const table = isSame
      ? []
      : renderTable(header, body, { width, alignRight: [1, 2, 3], flexible: header.length - 1 });
    const back = wentBack > 0 ? `, ${formatCount(wentBack)} of them went back (!)` : '';
    const total = `${counted(added.length, 'series', 'series')} added, ${formatCount(removed.length)} removed, ${formatCount(changed.length)} changed${back}, ${formatCount(same)} the same`;
    await terminal.print(`${[...table, total].join('\n')}\n`);
    return isSame ? 0 : 1;
  },
};

function rowOf(mark: string, { before, after, delta, processId, series }: ChangedSeries) {
  const text = (value: number | undefined) => (value === undefined ? '' : formatNumber(value));
  const sign = delta !== undefined && delta > 0 ? '+' : '';
  const cells = [mark, text(before), text(after), delta === undefined ? '' : sign + text(delta)];
  return { cells, processId, series };
}
