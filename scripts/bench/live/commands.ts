/**
 * The debug commands on a directory, process start included, each beside a cold `promfold scrape` a moment before. They
 * also look for the writers in /proc, which a scrape does not: what that takes depends on the machine's processes.
 */
import { spawnSync } from 'node:child_process';
import { median } from '../median.js';
import { MAIN } from '../paths.js';

export const COMMANDS = ['ls', 'explain', 'check'] as const;
export type CommandName = (typeof COMMANDS)[number];

export interface CommandFigures {
  /** Median, milliseconds. */
  readonly scrapeMs: number;
  /** Times as long as the scrape: medians of the ratios. */
  readonly ratio: Readonly<Record<CommandName, number>>;
}

/** @param selector of the series that is explained */
export function measureCommands(
  directory: string,
  selector: string,
  rounds: number,
): CommandFigures {
  const scrapes: number[] = [];
  const ratios: Record<CommandName, number[]> = { ls: [], explain: [], check: [] };
  const args: Readonly<Record<CommandName, readonly string[]>> = {
    ls: ['ls', directory],
    explain: ['explain', selector, directory],
    check: ['check', directory],
  };
  for (let i = 0; i < rounds; i++) {
    for (const command of COMMANDS) {
      const scrapeMs = runMs(['scrape', directory]);
      scrapes.push(scrapeMs);
      ratios[command].push(runMs(args[command]) / scrapeMs);
    }
  }
  return {
    scrapeMs: median(scrapes),
    ratio: {
      ls: median(ratios.ls),
      explain: median(ratios.explain),
      check: median(ratios.check),
    },
  };
}

/** `check` answers 1 where it finds something. */
function runMs(args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { maxBuffer: 2 ** 28 });
  if (status !== 0 && status !== 1) throw new Error(`promfold ${args.join(' ')}: ${stderr}`);
  return performance.now() - startedMs;
}
