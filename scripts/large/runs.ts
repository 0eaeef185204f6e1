/**
 * What scripts/sizes runs on a directory: every command as a user may type it, and what must come of it.
 */
import { join } from 'node:path';
import type { Shape } from './large-directory.js';

export interface Run {
  /** `ls --files`: the command with its flags. */
  readonly title: string;
  readonly args: readonly string[];
  readonly exitCodes: readonly number[];
  /** Fewer have left something out. */
  readonly minLines: number;
  /** Makes a file that this one reads. */
  readonly needs?: Run;
}

export interface Written {
  /** The directories of a scrape; the others look at the first. */
  readonly now: readonly string[];
  /** The same with fewer series. */
  readonly before: readonly string[];
  /** For files that commands write. */
  readonly out: string;
  /** That it was written with. */
  readonly count: number;
}

export function runsOf(shape: Shape, { now, before, out, count }: Written): Run[] {
  const [dir, old] = [now[0]!, before[0]!];
  const snapshot = join(out, 'snapshot.tar.gz');
  const page = join(out, 'page.prom');
  const scraped = now.length > 1 ? now.map((path, i) => `--source=s${i}=${path}`) : [dir];
  const entries = shape.entries(count);
  const series = shape.series(count);

  const run = (title: string, args: readonly string[], rest: Partial<Run> = {}): Run => ({
    title,
    args: [...title.split(' '), ...args],
    exitCodes: [0],
    minLines: 1,
    ...rest,
  });
  const found = { exitCodes: [0, 1] };
  const differs = { exitCodes: [1] };
  const silent = { minLines: 0 };
  const packed = run('snapshot', [dir, '-o', snapshot], silent);
  const written = run('scrape -o', [page, dir], silent);
  return [
    run('ls', [dir]),
    run('ls --files', [dir]),
    run('ls --all --files', [dir]),
    run('ls --json', [dir]),
    run('ls --files --json', [dir]),
    run('cat', [dir], { minLines: entries }),
    run('cat --json', [dir]),
    run('cat --match', [shape.one, dir]),
    run('explain', [shape.all, dir]),
    run('explain --all', [shape.all, dir], { minLines: series }),
    run('explain --json', [shape.all, dir]),
    run('explain --window 1s', [shape.all, dir]),
    run('explain', [shape.one, dir]),
    run('explain', ['nosuch', dir], { exitCodes: [1], ...silent }),
    run('check', [dir], found),
    run('check --all', [dir], found),
    run('check --json', [dir], found),
    run('top --count 2 --interval 0.5', [dir]),
    run('top --count 2 --interval 0.5 --json', [dir]),
    run('diff', [old, dir], differs),
    run('diff --json', [old, dir], differs),
    run('diff', [dir, dir]),
    run('diff --by process', [old, dir], differs),
    packed,
    run('snapshot --json', [dir, '-o', snapshot]),
    run('ls', [snapshot], { needs: packed }),
    written,
    run('diff', [page, dir], { needs: written }),
    run('scrape', scraped, { minLines: series }),
    run('scrape --name', [shape.family, ...scraped], silent),
    run('scrape --name', ['nosuch', ...scraped], silent),
    run('scrape --format openmetrics', scraped, { minLines: series }),
    run('discover', [], { ...found, ...silent }),
    run('discover --json', [], { ...found, ...silent }),
  ];
}

/** Those of one of these titles, and what they need; all where there is no title. */
export function chosenRuns(runs: readonly Run[], titles: readonly string[]): Run[] {
  if (titles.length === 0) return [...runs];
  const isWanted = ({ title }: Run) => titles.includes(title);
  return runs.filter(
    (run) => isWanted(run) || runs.some((other) => other.needs === run && isWanted(other)),
  );
}
