/** The flags, and how much is measured. */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/errors.js';
import { COLD_NAMES } from './cold.js';
import type { LoadEffort } from './live/load.js';
import type { measurePage } from './live/page.js';
import type { measureStreams } from './live/streams.js';
import { SHAPE_NAMES } from './shapes.js';

export const USAGE = `npm run bench -- [flags]

  --only a,b      of vllm, fleet-100, fleet-1000, graveyard, wide, gauges, growth,
                  compaction, cold-100k, cold-1m, answers, page
  --quick         fewer runs: figures to work by, not to publish
  --json FILE     write every figure; the chart goes next to it
  --dir DIR       make the directories below DIR (default: ${tmpdir()})
  --keep          leave them there
  --gate          the check of CI: one small shape and --instructions; exit 1 when slow
  --instructions  only count instructions and compare with the committed counts
  --write         and commit to these`;

export const PARTS = [
  ...SHAPE_NAMES,
  'growth',
  'compaction',
  ...COLD_NAMES,
  'answers',
  'page',
] as const;
export type Part = (typeof PARTS)[number];

/** How often each thing is done. */
export interface Effort {
  readonly rounds: number;
  /** Where one reference scrape takes more than a second. */
  readonly slowRounds: number;
  readonly gzipRounds: number;
  /** At least; spread over the rounds. */
  readonly promfoldRuns: number;
  readonly starts: number;
  readonly changes: number;
  readonly churnScrapes: number;
  readonly idleSeconds: number;
  readonly loopDelayMs: number;
  readonly warmUpMs: number;
  readonly ticks: number;
  readonly topRefreshes: number;
  readonly commandRounds: number;
  readonly answerRuns: number;
  readonly page: Parameters<typeof measurePage>[1];
  readonly recorderSeconds: number;
  readonly streams: Parameters<typeof measureStreams>[1];
  readonly load: LoadEffort;
}

const FULL: Effort = {
  rounds: 15,
  slowRounds: 5,
  gzipRounds: 3,
  promfoldRuns: 101,
  starts: 5,
  changes: 31,
  churnScrapes: 1000,
  idleSeconds: 20,
  loopDelayMs: 3000,
  warmUpMs: 2000,
  ticks: 101,
  topRefreshes: 20,
  commandRounds: 7,
  answerRuns: 15,
  page: { paints: 5, seconds: 30, scrapes: 31 },
  recorderSeconds: 30,
  streams: { turns: 5, scrapes: 41, seconds: 10 },
  load: { warmUpSeconds: 20, seconds: 30 },
};
const QUICK: Effort = {
  rounds: 3,
  slowRounds: 2,
  gzipRounds: 1,
  promfoldRuns: 31,
  starts: 1,
  changes: 7,
  churnScrapes: 150,
  idleSeconds: 4,
  loopDelayMs: 500,
  warmUpMs: 500,
  ticks: 31,
  topRefreshes: 6,
  commandRounds: 3,
  answerRuns: 5,
  page: { paints: 5, seconds: 15, scrapes: 11 },
  recorderSeconds: 10,
  streams: { turns: 3, scrapes: 21, seconds: 4 },
  load: { warmUpSeconds: 20, seconds: 5 },
};

export interface Options {
  readonly only: ReadonlySet<Part>;
  readonly effort: Effort;
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly directory: string;
  readonly keep: boolean;
  readonly gate: boolean;
  readonly instructions: boolean;
  readonly write: boolean;
  readonly help: boolean;
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const names = values.only?.split(',') ?? PARTS;
  for (const name of names) {
    if (!(PARTS as readonly string[]).includes(name)) {
      throw new UsageError(`--only: expected of ${PARTS.join(', ')}, got '${name}'`);
    }
  }
  const quick = values.quick ?? false;
  return {
    only: new Set(names as Part[]),
    effort: quick ? QUICK : FULL,
    quick,
    json: values.json,
    directory: values.dir ?? tmpdir(),
    keep: values.keep ?? false,
    gate: values.gate ?? false,
    instructions: values.instructions ?? false,
    write: values.write ?? false,
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        dir: { type: 'string' },
        keep: { type: 'boolean' },
        gate: { type: 'boolean' },
        instructions: { type: 'boolean' },
        write: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}
