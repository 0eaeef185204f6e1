/**
 * `top`: which processes and series change, refreshed until the user quits.
 *
 * In a terminal it takes the whole screen, and restores it however it ends. Piped, it prints one report after
 * another.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../errors.js';
import { isPipe } from '../inspect/input.js';
import { toJson } from '../inspect/json.js';
import type { TopView } from '../inspect/top.js';
import type { Command, Terminal } from './command.js';
import { chooseDirectory } from './directory.js';
import { openPlayed, type PlayedSource } from './replay.js';
import { type Screen, screenOf } from './screen.js';
import { type Paint, painter, takesColour, terminalWidth } from './terminal.js';
import { handleKey, newTopState, type TopState, topLines } from './top-screen.js';

const FLAGS = [
  'interval',
  'count',
  'topSort',
  'filter',
  'since',
  'until',
  'speed',
  'color',
  'json',
] as const;

export const top: Command<(typeof FLAGS)[number]> = {
  name: 'top',
  summary: 'Watch which processes and series change.',
  details: [
    'Of a recording it plays what was recorded, from --since to --until.',
    'Values are read at each refresh; writers are looked for every 5 s, and findings of check are renewed every 30 s, and when files or series come or go.',
  ],
  flags: FLAGS,
  exitCodes: [['0', 'the user quit, --count is reached, or a recording has ended']],
  topic: 'watching',
  examples: [
    'top /run/prom',
    'top --interval 0.5 /run/prom',
    'top --count 1 --json /run/prom',
    'top --since -15m --speed 60 /var/lib/promfold',
  ],

  async run({ directory: given, flags }, terminal) {
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    if (await isPipe(path)) {
      throw new UsageError(`${path}: expected a directory, got a pipe, which is read only once`);
    }
    const { since, until, interval, speed } = flags;
    const replay = { since, until, stepSeconds: interval * speed };
    const source = await openPlayed(path, replay, terminal);
    try {
      // Before the screen is taken, so that an error of the directory is one line, as in other commands.
      const first = (await source.next())!;
      const state = newTopState(flags.topSort, flags.filter ?? '');
      const isLive = process.stdout.isTTY && process.stdin.isTTY && !flags.json;
      const paint = painter(takesColour(flags.color, terminal.environment));
      const run = { source, first, interval: flags.interval, count: flags.count, paint };
      if (isLive) return await runOnScreen(run, state, terminal);
      return await runPiped(run, state, terminal, flags.json);
    } finally {
      source.close();
    }
  },
};

interface Run {
  readonly source: PlayedSource;
  readonly first: TopView;
  /** Seconds. */
  readonly interval: number;
  /** Reports to print; 0 for no limit. */
  readonly count: number;
  readonly paint: Paint;
}

/** Rows of a report that is not scrolled. */
const PIPED_ROWS = 20;

/** One report per interval; the first after one interval, since a rate needs two readings. */
async function runPiped(
  { source, interval, count, paint }: Run,
  state: TopState,
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  const stop = terminal.stopSignal();
  for (let reports = 0; count === 0 || reports < count; reports++) {
    if (!(await waited(interval, stop))) return 0;
    const view = await unlessStopped(source.next(), stop);
    if (view === undefined) return 0;
    const width = terminalWidth(terminal.environment);
    const layout = { width, rows: PIPED_ROWS, paint, hasKeys: false };
    const report = json ? toJson(view) : `${topLines(view, state, layout).join('\n')}\n\n`;
    // The reader closed the pipe.
    if (!(await terminal.print(report))) return 0;
  }
  return 0;
}

async function runOnScreen(run: Run, state: TopState, terminal: Terminal): Promise<number> {
  const stop = terminal.stopSignal();
  const screen = screenOf(process.stdin, process.stdout);
  screen.take();
  try {
    await refresh(run, state, screen, stop);
    return 0;
  } finally {
    screen.giveBack();
  }
}

async function refresh(
  { source, first, interval, count, paint }: Run,
  state: TopState,
  screen: Screen,
  stop: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  let view = first;
  const draw = () => {
    const { width, height } = screen.size();
    screen.draw(topLines(view, state, { width, rows: height, paint, hasKeys: true }));
  };
  screen.onResize(draw);
  screen.onKey((key) => {
    if (handleKey(state, key, screen.size().height)) left.abort();
    else draw();
  });
  draw();
  const ended = AbortSignal.any([stop, left.signal]);
  // Shorter for the first rates: a screen without rates is of no use.
  for (let reports = 0; count === 0 || reports < count; reports++) {
    if (!(await waited(reports === 0 ? Math.min(1, interval) : interval, ended))) return;
    const next = await unlessStopped(source.next(), ended);
    if (next === undefined) {
      // The last view of a recording stays on the screen.
      if (!ended.aborted) await once(ended, 'abort');
      return;
    }
    view = next;
    draw();
  }
}

/** Undefined if it was stopped first: a view may take long, or hang. */
async function unlessStopped<T>(viewing: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  // A later failure is ignored.
  viewing.catch(() => {});
  try {
    if (signal.aborted) return undefined;
    const stopped = once(signal, 'abort', { signal: done.signal }).then(() => undefined);
    stopped.catch(() => {});
    return await Promise.race([viewing, stopped]);
  } finally {
    done.abort();
  }
}

/** @returns false if it was stopped */
async function waited(seconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(seconds * 1000, undefined, { signal });
    return true;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    return false;
  }
}
