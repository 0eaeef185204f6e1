/**
 * scripts/sizes: every command on directories as large as they come, with figures. Ends with 1 where one failed.
 *
 * The tests do the same with a sample (test/cli/sizes.test.ts); this is for a million series, 10,000 files and
 * 640 MiB of keys.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SHAPES, type Shape } from './large-directory.js';
import { chosenRuns, type Run, runsOf } from './runs.js';
import { USAGE_FILE_VARIABLE, type Usage } from './usage.js';

const USAGE = `usage: scripts/sizes [flags]

Runs every command on large directories, piped, as JSON and in a terminal of 60 columns, and prints how long each
took, how much memory and how much it printed.

  --shape NAME     only this shape: ${SHAPES.map(({ name }) => name).join(', ')}; repeatable
  --command TEXT   only this command with these flags: ls, 'ls --files'; repeatable
  --to WHERE       only to a pipe, or only to a terminal
  --count N        series, files or MiB of the shape, in place of the full size
  --dir DIR        where to make the directories (the system's temporary directory)
  --json           a line of JSON for each run
  --seconds N      one that takes longer has failed (180)
  --heap MIB       limit of the heap, as on a smaller machine (--max-old-space-size)`;

/** What a shape has when it is large. Of much text and of long values the page is more than a string holds, 512 MiB. */
const FULL_COUNT: Readonly<Record<string, number>> = {
  'over-all': 1_000_000,
  'many-files': 10_000,
  'much-text': 640,
  'long-values': 640,
  'long-names': 256,
};
const USUAL_COUNT = 130_000;

const { values } = parseArgs({
  options: {
    shape: { type: 'string', multiple: true, default: [] },
    command: { type: 'string', multiple: true, default: [] },
    to: { type: 'string' },
    count: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '180' },
    heap: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

// From dist/scripts/large/.
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const USAGE_HOOK = new URL('./usage.js', import.meta.url).href;

const DESTINATIONS = ['pipe', 'terminal'] as const;

interface Measured {
  readonly shape: string;
  readonly command: string;
  readonly to: (typeof DESTINATIONS)[number];
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly maxRssMebibytes: number;
  readonly outputMebibytes: number;
  readonly lines: number;
  /** What went wrong. */
  readonly fault: string | undefined;
}

async function measure(shape: Shape, run: Run, to: Measured['to'], out: string): Promise<Measured> {
  const usageFile = join(out, 'usage.json');
  rmSync(usageFile, { force: true });
  const heap = values.heap === undefined ? [] : [`--max-old-space-size=${values.heap}`];
  const words = [process.execPath, ...heap, '--import', USAGE_HOOK, MAIN, ...run.args];
  const env = { ...process.env, [USAGE_FILE_VARIABLE]: usageFile };
  const startedAt = performance.now();
  const child =
    to === 'pipe'
      ? spawn(words[0]!, words.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn(
          'script',
          ['-qec', `stty rows 24 cols 60; exec ${words.map(quoted).join(' ')}`, '/dev/null'],
          {
            env,
            stdio: ['ignore', 'pipe', 'pipe'],
          },
        );
  const outcome = await outcomeOf(child);
  const usage = usageIn(usageFile);
  return {
    shape: shape.name,
    command: `${run.title} ${run.args
      .slice(run.title.split(' ').length)
      .filter((word) => word.length < 60 && !word.startsWith('/'))
      .join(' ')}`.trim(),
    to,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: usage?.cpuSeconds ?? Number.NaN,
    maxRssMebibytes: usage?.maxRssMebibytes ?? Number.NaN,
    outputMebibytes: outcome.bytes / 2 ** 20,
    lines: outcome.lines,
    fault: faultOf(run, outcome),
  };
}

interface Outcome {
  readonly bytes: number;
  readonly lines: number;
  /** The beginning. */
  readonly stderr: string;
  /** Exit code or signal. */
  readonly ended: number | string | null;
}

const NEWLINE = 0x0a;

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let bytes = 0;
  let lines = 0;
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    if (stderr.length < 4096) stderr += chunk;
  });
  const late = setTimeout(() => child.kill('SIGKILL'), Number(values.seconds) * 1000);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(late);
  return { bytes, lines, stderr, ended: signal ?? code };
}

function faultOf(
  { exitCodes, minLines }: Run,
  { ended, lines, stderr }: Outcome,
): string | undefined {
  const thrown = /^.*(?:Error:|FATAL|\n\s+at ).*$/m.exec(stderr)?.[0];
  if (typeof ended !== 'number' || !exitCodes.includes(ended) || thrown !== undefined) {
    return `ended with ${ended}: ${(thrown ?? stderr).slice(0, 200).trim()}`;
  }
  return lines < minLines ? `printed ${lines} lines, not ${minLines} or more` : undefined;
}

function usageIn(file: string): Usage | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Usage;
  } catch {
    return undefined;
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

async function measureShape(shape: Shape, parent: string): Promise<Measured[]> {
  const count = Number(values.count ?? FULL_COUNT[shape.name] ?? USUAL_COUNT);
  const directory = (name: string) => {
    const path = join(parent, shape.name, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const now = shape.write(directory('now'), count);
  const before = shape.write(directory('before'), Math.ceil(count * 0.9));
  const out = directory('out');
  if (!values.json) console.log(`\n${shape.title(count)}`);
  const measured: Measured[] = [];
  for (const run of chosenRuns(runsOf(shape, { now, before, out, count }), values.command)) {
    for (const to of DESTINATIONS) {
      if (values.to !== undefined && values.to !== to) continue;
      if (to === 'terminal' && run.title.includes('--json')) continue;
      const measurement = await measure(shape, run, to, out);
      measured.push(measurement);
      print(measurement);
    }
  }
  rmSync(join(parent, shape.name), { recursive: true, force: true });
  return measured;
}

function print(measured: Measured): void {
  if (values.json) {
    console.log(JSON.stringify(measured));
    return;
  }
  const { seconds, cpuSeconds, maxRssMebibytes, outputMebibytes, to, command, fault } = measured;
  const figures = [
    `${seconds.toFixed(1)} s`.padStart(8),
    `${cpuSeconds.toFixed(1)} s`.padStart(8),
    `${maxRssMebibytes.toFixed(0)} MiB`.padStart(10),
    `${outputMebibytes.toFixed(1)} MiB`.padStart(12),
    to.padEnd(8),
  ];
  console.log(
    `${figures.join('  ')}  ${command}${fault === undefined ? '' : `   FAILED: ${fault}`}`,
  );
}

/** What is wrong with the values of the flags. */
function wrongFlag(): string | undefined {
  const nowhere = { now: [''], before: [''], out: '', count: 0 };
  const known = {
    shape: SHAPES.map(({ name }) => name),
    command: SHAPES.flatMap((shape) => runsOf(shape, nowhere)).map(({ title }) => title),
  };
  for (const flag of ['shape', 'command'] as const) {
    const unknown = values[flag].find((value) => !known[flag].includes(value));
    if (unknown === undefined) continue;
    return `--${flag}: expected ${[...new Set(known[flag])].join(', ')}, got ${unknown}`;
  }
  if (values.to !== undefined && !DESTINATIONS.some((to) => to === values.to)) {
    return `--to: expected ${DESTINATIONS.join(' or ')}, got ${values.to}`;
  }
  for (const flag of ['count', 'seconds', 'heap'] as const) {
    const value = values[flag];
    if (value !== undefined && !(Number(value) > 0)) {
      return `--${flag}: expected a number above 0, got ${value}`;
    }
  }
  return undefined;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const wrong = wrongFlag();
  if (wrong !== undefined) {
    console.error(`sizes: ${wrong}`);
    return 2;
  }
  const parent = mkdtempSync(join(resolve(values.dir), 'promfold-sizes-'));
  process.once('exit', () => rmSync(parent, { recursive: true, force: true }));
  const failed: Measured[] = [];
  for (const shape of SHAPES) {
    if (values.shape.length > 0 && !values.shape.includes(shape.name)) continue;
    for (const measurement of await measureShape(shape, parent))
      if (measurement.fault !== undefined) failed.push(measurement);
  }
  if (!values.json)
    console.log(failed.length === 0 ? '\nall ended as they should' : `\n${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main();
