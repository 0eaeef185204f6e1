/**
 * scripts/bench/instructions [--write]
 *
 * How many instructions gather, fold and render take for an entry (render: for a line), by callgrind:
 * counts repeat where times do not. They must not grow by more than a tenth over the committed ones,
 * instructions.json; --write commits to what is counted now.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { UsageError } from '../../src/errors.js';
import { ROOT } from './paths.js';

const KINDS = ['gather', 'fold', 'foldContiguous', 'render'] as const;
type Kind = (typeof KINDS)[number];

interface Committed {
  /** Another one makes other counts. */
  readonly compiler: string;
  readonly instructionsPerEntry: Readonly<Record<Kind, number>>;
}

const COMMITTED = `${ROOT}/scripts/bench/instructions.json`;
const PROGRAM = `${ROOT}/native/build/core/instructions`;
const MAX_GROWTH = 1.1;
const FEW_RUNS = 10;
const MANY_RUNS = 30;

/** @returns the exit code: 1 when a count has grown too much */
export function checkInstructions(isToBeWritten: boolean): number {
  run('make', ['--silent', '-C', `${ROOT}/native`, 'instructions']);
  const compiler = run('g++', ['--version']).split('\n')[0]!;
  const counted = Object.fromEntries(KINDS.map((kind) => [kind, perEntry(kind)])) as Record<
    Kind,
    number
  >;
  if (isToBeWritten) {
    const committed: Committed = { compiler, instructionsPerEntry: counted };
    writeFileSync(COMMITTED, `${JSON.stringify(committed, undefined, 2)}\n`);
  }

  const committed = JSON.parse(readFileSync(COMMITTED, 'utf8')) as Committed;
  let isMet = true;
  for (const kind of KINDS) {
    const before = committed.instructionsPerEntry[kind];
    const isKindMet = counted[kind] <= before * MAX_GROWTH;
    isMet &&= isKindMet;
    process.stdout.write(
      `${kind}: ${counted[kind]} instructions an entry, committed ${before}: ${isKindMet ? 'ok' : 'GROWN'}\n`,
    );
  }
  if (compiler === committed.compiler) return isMet ? 0 : 1;

  process.stdout.write(
    `counted with ${compiler}, committed with ${committed.compiler}: not comparable\n`,
  );
  // CI has one compiler; when it changes, the counts are committed anew.
  return process.env.CI === 'true' ? 1 : 0;
}

/** The difference of two numbers of runs: start-up is in both. */
function perEntry(kind: Kind): number {
  const few = count(kind, FEW_RUNS);
  const many = count(kind, MANY_RUNS);
  const perRun = (many.instructions - few.instructions) / (MANY_RUNS - FEW_RUNS);
  return Math.round((perRun / few.entries) * 100) / 100;
}

function count(kind: Kind, runs: number): { entries: number; instructions: number } {
  const flags = ['--tool=callgrind', '--callgrind-out-file=/dev/null', '--log-fd=1'];
  const output = run('valgrind', [...flags, PROGRAM, kind, String(runs)]);
  return {
    entries: Number(/^(\d+)$/m.exec(output)![1]),
    instructions: Number(/Collected : (\d+)/.exec(output)![1]),
  };
}

function run(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(`${program} is missing: apt-get install valgrind g++ make`);
  }
}
