/** `diff`: what changed between two directories, snapshots or expositions. */
import { UsageError } from '../errors.js';
import { type ChangedSeries, type Difference, diffPaths, diffReadings } from '../inspect/diff.js';
import type { ChangedHistogram } from '../inspect/diff-histograms.js';
import { toJson } from '../inspect/json.js';
import { type List, mapList } from '../inspect/list.js';
import {
  counted,
  formatChange,
  formatCount,
  formatMeasure,
  formatShortValue,
  unitOf,
} from '../inspect/quantity.js';
import type { Command, Terminal } from './command.js';
import type { FlagValues } from './flags.js';
import { openSpan, readAt } from './past.js';
import { textOf } from './stdout.js';
import { tableLines } from './table.js';
import { terminalWidth } from './terminal.js';
import { wrapText } from './text-width.js';

const FLAGS = ['by', 'at', 'since', 'until', 'json'] as const;

type Flags = FlagValues<(typeof FLAGS)[number]>;

export const diff: Command<(typeof FLAGS)[number]> = {
  name: 'diff',
  summary:
    'Show what changed between two directories, snapshots or expositions, or in a recording.',
  details: [
    'With --since (and --until), A is a recording, or the URL of a running promfold, and there is no B. With --at, A is a recording as it was then, and B is compared with it.',
  ],
  positionals: ['A', '[B]'],
  flags: FLAGS,
  exitCodes: [
    ['0', 'both say the same'],
    ['1', 'they differ'],
  ],
  topic: 'comparing',
  examples: [
    'diff before.tar.gz /run/prom',
    'diff --by process before.tar.gz after.tar.gz',
    'diff --since 02:00 --until 02:20 /var/lib/promfold',
    'diff yesterday.prom today.prom',
    'diff <(curl -s http://127.0.0.1:19925/metrics) /run/prom',
  ],

  async run({ positionals: [before = '', after], flags }, terminal) {
    const difference = await compare(before, after, flags, terminal);
    for (const side of ['before', 'after'] as const) {
      const files = difference.damagedFiles[side];
      if (files === 0) continue;
      const what = `${counted(files, 'file')} left out; see promfold cat ${difference[side]}`;
      terminal.complain(`promfold: ${difference[side]}: ${what}`);
    }
    const { added, removed, changed } = difference;
    const isSame = added.length + removed.length + changed.length === 0;
    if (flags.json) {
      await terminal.print(toJson(difference));
      return isSame ? 0 : 1;
    }
    const width = terminalWidth(terminal.environment);
    const lines = reportLines(difference, flags.by === 'process', width);
    await terminal.print(textOf(lines));
    return isSame ? 0 : 1;
  },
};

async function compare(
  before: string,
  after: string | undefined,
  { by, at, since, until }: Flags,
  terminal: Terminal,
): Promise<Difference> {
  if (since !== undefined || until !== undefined) {
    if (at !== undefined) throw new UsageError('--at: expected no --since and no --until with it');
    if (after !== undefined) {
      throw new UsageError(
        `--since: expected one recording, got two paths, ${before} and ${after}`,
      );
    }
    const { past, fromSeconds, toSeconds } = await openSpan(before, since, until, terminal);
    return diffReadings(await past.readingOf(fromSeconds), await past.readingOf(toSeconds), by);
  }
  if (after === undefined) {
    throw new UsageError('B is missing; see promfold diff --help');
  }
  if (at === undefined) return diffPaths(before, after, by);
  const { reading } = await readAt(before, at, terminal);
  return diffReadings(reading, after, by);
}

/** A table of series and one of histograms, where there are any, and a line for all. */
function* reportLines(
  difference: Difference,
  byProcess: boolean,
  width: number,
): IterableIterator<string> {
  const table = (numbers: readonly string[], subject: string, rows: List<Row>) => {
    const header = ['', ...numbers, ...(byProcess ? ['PROCESS'] : []), subject];
    const body = mapList(rows, ({ cells, processId = '', name }) => [
      ...cells,
      ...(byProcess ? [processId] : []),
      name,
    ]);
    const alignRight = numbers.map((_, i) => i + 1);
    return tableLines(header, body, {
      width,
      alignRight,
      flexible: header.length - 1,
      wrap: true,
    });
  };
  const series = changedSeries(difference);
  const histograms = difference.histograms.changed;
  if (series.length > 0) {
    yield* table(['BEFORE', 'AFTER', 'DELTA'], 'SERIES', mapList(series, seriesRow));
  }
  if (histograms.length > 0) {
    if (series.length > 0) yield '';
    const numbers = ['BEFORE', 'AFTER', 'DELTA', 'MEAN', 'P99'];
    yield* table(numbers, 'HISTOGRAM', mapList(histograms, histogramRow));
  }
  yield* wrapText(totalText(difference), width);
}

interface Row {
  readonly cells: readonly string[];
  readonly processId: string | undefined;
  readonly name: string;
}

type Mark = '-' | '+' | '~' | '!';

/** Series that are not part of a histogram. */
function changedSeries({ added, removed, changed }: Difference): ChangedSeries[] {
  return [removed, added, changed].flatMap((changes) =>
    changes.filter(({ histogram }) => histogram === undefined),
  );
}

function seriesRow(change: ChangedSeries): Row {
  const { before, after, processId, series: name } = change;
  const numbers =
    before !== undefined && after !== undefined
      ? formatChange(before, after)
      : [
          ...[before, after].map((value) => (value === undefined ? '' : formatShortValue(value))),
          '',
        ];
  return { cells: [markOf(change), ...numbers], processId, name };
}

/** Observations; mean and quantile are those of the time in between, if known. */
function histogramRow(change: ChangedHistogram): Row {
  const { before, after, between, family, processId, histogram: name } = change;
  const numbers =
    before !== undefined && after !== undefined
      ? formatChange(before.count, after.count)
      : [
          ...[before, after].map((histogram) =>
            histogram === undefined ? '' : formatShortValue(histogram.count),
          ),
          '',
        ];
  const { count, sum, quantiles } = (between ?? after ?? before)!;
  const unit = unitOf(family);
  const mean = sum === undefined || count === 0 ? '-' : formatMeasure(sum / count, unit);
  return {
    cells: [markOf(change), ...numbers, mean, formatMeasure(quantiles.p99, unit)],
    processId,
    name,
  };
}

function markOf({ before, after, wentBack }: ChangedSeries | ChangedHistogram): Mark {
  if (after === undefined) return '-';
  if (before === undefined) return '+';
  return wentBack ? '!' : '~';
}

function totalText({ counts, histograms, ownSeries }: Difference): string {
  const { added, removed, changed, wentBack, same } = counts;
  const back = wentBack > 0 ? `, ${formatCount(wentBack)} of them went back (!)` : '';
  const total = `${counted(added, 'series', 'series')} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed${back}, ${formatCount(same)} the same`;
  const hasHistograms = histograms.changed.length + histograms.same > 0;
  const left = `${counted(ownSeries, 'series', 'series')} of promfold itself left out`;
  return [
    total,
    ...(hasHistograms ? ['a histogram counts as one'] : []),
    ...(ownSeries > 0 ? [left] : []),
  ].join('; ');
}
