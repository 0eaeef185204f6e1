/** `explain`: which processes add up to a series, how much each contributes, and when the number misleads. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../errors.js';
import { explain as explainReading, nearNames } from '../../inspect/explain/explain.js';
import type { Explanation, ShareHolder } from '../../inspect/explain/explanation.js';
import { explainPast } from '../../inspect/explain/history.js';
import { explainWindow } from '../../inspect/explain/window.js';
import { isPipe } from '../../inspect/input.js';
import { toJson } from '../../inspect/json.js';
import type { Moment } from '../../inspect/moment.js';
import { counted } from '../../inspect/quantity.js';
import { refuseUnusable } from '../../inspect/read-directory.js';
import type { Reading } from '../../inspect/reading.js';
import { Selector } from '../../inspect/selector.js';
import type { Command, Terminal } from '../command.js';
import { chooseDirectory, hasDirectory, INSTEAD_OF_DIRECTORY } from '../directory.js';
import type { FlagValues } from '../flags.js';
import { openSpan, readAt } from '../past.js';
import { textOf } from '../stdout.js';
import { terminalWidth } from '../terminal.js';
import { wrapText } from '../text-width.js';
import { manyHistograms, oneHistogram } from './histogram-text.js';
import { pastText } from './history-text.js';
import { ExplainedFamily, manySeries, oneSeries } from './series-text.js';
import type { Room, Space } from './text.js';

/** Rows of a table in a terminal by default: as many as fit on a screen. */
const SHOWN_ROWS = 20;

/** Histograms that are shown in full; more are shown in one table. */
const SHOWN_HISTOGRAMS = 2;

const FLAGS = ['window', 'at', 'since', 'until', 'all', 'json'] as const;

type Flags = FlagValues<(typeof FLAGS)[number]>;

export const explain: Command<(typeof FLAGS)[number]> = {
  name: 'explain',
  summary: 'Show which processes add up to a series, and how much each contributes.',
  details: [INSTEAD_OF_DIRECTORY],
  positionals: ['SELECTOR', '[DIR]'],
  flags: FLAGS,
  exitCodes: [
    ['0', 'the series exists'],
    ['1', 'there is no such series'],
  ],
  topic: 'explaining',
  examples: [
    "explain 'vllm:num_requests_running' /run/prom",
    `explain 'http_requests_total{method="GET"}' /run/prom`,
    'explain --window 30s request_seconds /run/prom',
    "explain --since -15m 'vllm:num_requests_running' /var/lib/promfold",
  ],

  async run({ directory: given, positionals: [text = ''], flags }, terminal) {
    refusePath(text, given, terminal.environment);
    const selector = new Selector(text);
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    if (flags.since !== undefined || flags.until !== undefined) {
      return explainSpan(path, selector, text, flags, terminal);
    }
    if (flags.window !== undefined && flags.at !== undefined) {
      throw new UsageError(
        '--window: expected no --at; --since and --until say what was in between',
      );
    }
    if (flags.window !== undefined && (await isPipe(path))) {
      throw new UsageError('--window: expected a directory that is written, got a pipe');
    }
    let reading = await readExplained(path, flags.at, terminal, selector);
    let explanation = explainReading(reading, selector);
    if (flags.window !== undefined) {
      await sleep(flags.window * 1000);
      const before = explanation;
      reading = await readExplained(path, flags.at, terminal, selector);
      if (reading.takenAtSeconds === before.takenAtSeconds) {
        throw new UsageError('--window: expected a directory that is written, got a snapshot');
      }
      explanation = explainWindow(before, explainReading(reading, selector));
    }
    const { series, histograms } = explanation;
    if (flags.json) await terminal.print(toJson(explanation));
    if (series.length + histograms.length === 0) {
      if (reading.isRecorded) reading = await readExplained(path, flags.at, terminal);
      terminal.complain(notFound(reading, selector, text));
      return 1;
    }
    if (!flags.json) {
      const width = terminalWidth(terminal.environment);
      const isShort = !flags.all && width !== Number.POSITIVE_INFINITY;
      const rows = isShort ? SHOWN_ROWS : Number.POSITIVE_INFINITY;
      await terminal.print(textOf(render(explanation, reading, { width, rows })));
    }
    return 0;
  },
};

/** @throws UsageError if DIR is given instead of SELECTOR */
function refusePath(
  text: string,
  directory: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  // In a selector, only a label value can have a slash.
  if (/^[^{]*\//.test(text)) {
    if (directory === undefined) throw new UsageError(missingSelector(text));
    throw new UsageError(`expected SELECTOR before DIR, got ${text} ${directory}`);
  }
  // A name may also be that of a directory; then it is taken for one if no other is named.
  const isAlone = directory === undefined && !hasDirectory(environment);
  if (isAlone && existsSync(text)) throw new UsageError(missingSelector(text));
}

function missingSelector(directory: string): string {
  return `SELECTOR is missing: expected promfold explain SELECTOR ${directory}`;
}

async function readExplained(
  path: string,
  at: Moment | undefined,
  terminal: Terminal,
  selector?: Selector,
): Promise<Reading> {
  const { kind, reading } = await readAt(path, at, terminal, selector);
  if (kind === 'metric file') refuseUnusable(path, reading);
  return reading;
}

/** `--since`: over time. */
async function explainSpan(
  path: string,
  selector: Selector,
  text: string,
  { at, since, until, window, json, all }: Flags,
  terminal: Terminal,
): Promise<number> {
  if (at !== undefined) throw new UsageError('--at: expected no --since and no --until with it');
  if (window !== undefined)
    throw new UsageError('--window: expected no --since and no --until with it');
  const { past, fromSeconds, toSeconds } = await openSpan(path, since, until, terminal);
  const { explanation } = await explainPast(past, selector, { fromSeconds, toSeconds });
  if (json) await terminal.print(toJson(explanation));
  if (explanation.series.length + explanation.histograms.length === 0) {
    terminal.complain(notFound(await past.readingOf(toSeconds), selector, text));
    return 1;
  }
  if (!json) {
    const width = terminalWidth(terminal.environment);
    const rows = all ? Number.POSITIVE_INFINITY : SHOWN_ROWS;
    await terminal.print(textOf(pastText(explanation, { width, rows })));
  }
  return 0;
}

function notFound(reading: Reading, selector: Selector, text: string): string {
  const name = selector.name;
  const near = name === undefined ? [] : nearNames(reading, name);
  const hint = near.includes(name!)
    ? `; ${name} exists, with other labels`
    : near.length > 0
      ? `; near names: ${near.join(', ')}`
      : '';
  const told = `promfold: no series of ${reading.path} is ${text}${hint}`;
  return [told, ...leftOutNotes(reading)].join('\n');
}

/** Files that may have more series, or other values. */
function leftOutNotes({ files, path }: Reading): string[] {
  const faults = files.flatMap(({ fault }) => fault?.code ?? []);
  const unreadable = faults.filter((code) => code === 'FILE_UNREADABLE').length;
  const others = faults.length - unreadable;
  return [
    ...(unreadable > 0
      ? [`${counted(unreadable, 'file')} could not be read; see promfold check ${path}`]
      : []),
    ...(others > 0 ? [`${counted(others, 'file')} left out; see promfold cat ${path}`] : []),
  ];
}

function* render(
  explanation: Explanation,
  reading: Reading,
  space: Space,
): IterableIterator<string> {
  const { histograms, windowSeconds } = explanation;
  const room: Room = { ...space, now: explanation.takenAtSeconds };
  const { families, notes } = survey(explanation, reading);
  const blocks: Iterable<string>[] = families.map((family) =>
    family.series.length === 1 ? oneSeries(family.series.at(0)!, room) : manySeries(family, room),
  );
  if (histograms.length <= SHOWN_HISTOGRAMS) {
    for (const histogram of histograms) blocks.push(oneHistogram(histogram, windowSeconds, room));
  } else {
    blocks.push(manyHistograms(histograms, windowSeconds, room));
  }
  if (notes.length > 0) blocks.push(notes.flatMap((note) => wrapText(note, room.width)));
  for (const [i, block] of blocks.entries()) {
    if (i > 0) yield '';
    yield* block;
  }
}

/** Iterates once: with a million series, each is created again whenever it is read. */
function survey(
  { series, histograms }: Explanation,
  reading: Reading,
): { readonly families: readonly ExplainedFamily[]; readonly notes: readonly string[] } {
  const found = { vllm: false, unknown: false };
  const note = ({ family, shares }: { family: string; shares: readonly ShareHolder[] }) => {
    found.vllm ||= family.startsWith('vllm:');
    for (const { role, liveness } of shares) {
      found.vllm ||= role?.startsWith('VLLM::') === true;
      found.unknown ||= liveness === 'unknown';
    }
  };
  const families: ExplainedFamily[] = [];
  let i = 0;
  for (const explained of series) {
    note(explained);
    let family = families.at(-1);
    if (family?.name !== explained.family) {
      family = new ExplainedFamily(series, i, explained.family);
      families.push(family);
    }
    family.add(explained);
    i++;
  }
  for (const histogram of histograms) note(histogram);
  return { families, notes: notesOf(found, reading) };
}

/** What a reader must know to understand the tables. */
function notesOf(
  found: { readonly vllm: boolean; readonly unknown: boolean },
  reading: Reading,
): string[] {
  const notes: string[] = [];
  if (found.vllm) {
    notes.push('A process is a vLLM API server; the label engine names its GPU.');
  }
  if (found.unknown) {
    notes.push(
      'unknown: no process that maps these files is visible from here, so none can be called dead.',
    );
  }
  return [...notes, ...leftOutNotes(reading)];
}
