/**
 * scripts/soak: a long storm (storm.ts). Ends with 1 and what was wrong, or with 0.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { currentPython } from '../../test/support/parts.js';
import { runCompactionStorm } from './compactions.js';
import { runStorm, type StormReport } from './storm.js';
import { median } from './vitals.js';

const USAGE = `usage: scripts/soak [flags]

A daemon, clients, a process that damages files, and Python workers that are killed while they write.
Exit code 1, and what was wrong, where a number was wrong, an answer no 200, or memory not flat.

  --seconds N      how long (60)
  --operations N   continue until this many damages were done (0)
  --pace SHARE     share of the time each part works; 1 is full speed (1)
  --where DIR      where to make the metrics directory (the system's temporary directory)
  --json FILE      a line of JSON for each sample, the verdict last
  --seed N         repeats the damages of an earlier run, not their timing (by chance)
  --workers N      Python workers (3)
  --compactions N  instead of all that: so many compactions under living writers, with two readers of Python and a promfold
  --grace SECONDS  with --compactions: before what was folded is deleted (0.25)`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    operations: { type: 'string', default: '0' },
    pace: { type: 'string', default: '1' },
    where: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    workers: { type: 'string', default: '3' },
    compactions: { type: 'string' },
    grace: { type: 'string', default: '0.25' },
    help: { type: 'boolean', default: false },
  },
});

const number = (
  name: 'seconds' | 'operations' | 'pace' | 'seed' | 'workers' | 'compactions' | 'grace',
): number => {
  const value = Number(values[name]);
  if (!(value >= 0) || (name === 'pace' && !(value > 0 && value <= 1))) {
    throw new RangeError(`--${name}: got ${values[name]}`);
  }
  return value;
};

const note = (line: object): void => {
  if (values.json !== undefined) appendFileSync(values.json, `${JSON.stringify(line)}\n`);
};

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const python = currentPython();
  if (python.skip) console.error(`without Python workers: ${python.skip}`);
  const parent = mkdtempSync(join(resolve(values.where), 'promfold-soak-'));
  if (values.json !== undefined) writeFileSync(values.json, '');
  try {
    if (values.compactions === undefined) {
      return await soakDamage(parent, python.skip ? undefined : python.path);
    }
    if (python.skip) throw new Error(`--compactions needs Python: ${python.skip}`);
    return await soakCompactions(parent, python.path);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

async function soakCompactions(parent: string, python: string): Promise<number> {
  const report = await runCompactionStorm({
    parent,
    compactions: number('compactions'),
    python,
    writers: 2 * number('workers'),
    graceSeconds: number('grace'),
  });
  note(report);
  console.log(JSON.stringify(report, undefined, 2));
  const { promfold, python: readers, failedWriters } = report;
  const failures = Object.keys(promfold.failed).length + failedWriters;
  return failures + promfold.wrongs + readers.wrongs === 0 ? 0 : 1;
}

async function soakDamage(parent: string, python: string | undefined): Promise<number> {
  const directory = join(parent, 'prom');
  mkdirSync(directory);
  const seconds = number('seconds');
  note({ startedAt: new Date().toISOString(), ...values });
  const report = await runStorm({
    directory,
    seconds,
    operations: number('operations'),
    seed: number('seed'),
    pace: number('pace'),
    python,
    workers: number('workers'),
    sampleSeconds: Math.min(10, Math.max(0.5, seconds / 200)),
    onSample: note,
    onFault: (fault) => note({ fault }),
  });
  const { samples, ...rest } = report;
  note({ verdict: report.faults.length === 0 ? 'weathered' : 'failed', ...rest });
  print(report);
  return report.faults.length === 0 ? 0 : 1;
}

function print({ samples, faults, ...report }: StormReport): void {
  console.log(
    `${report.seconds.toFixed(0)} s: ${report.operations} operations, ${report.answers} answers ` +
      `(${report.dropped} dropped by the client), ${report.kills} workers killed, the directory away ` +
      `${report.absences} times; slowest answer ${report.slowestMs.toFixed(0)} ms; seed ${values.seed}`,
  );
  const quarter = Math.floor(samples.length / 4);
  for (const [title, of] of [
    ['private memory, MiB', 'rssAnonMebibytes'],
    ['descriptors', 'descriptors'],
    ['mappings', 'mappings'],
  ] as const) {
    const all = samples.map((sample) => sample[of]);
    const before = median(all.slice(quarter, 2 * quarter));
    const after = median(all.slice(-quarter));
    const most = all.reduce((highest, value) => Math.max(highest, value), 0);
    console.log(
      `${title}: ${before.toFixed(1)}, at the end ${after.toFixed(1)}, most ${most.toFixed(1)}`,
    );
  }
  for (const fault of faults) console.log(fault);
  console.log(faults.length === 0 ? 'weathered' : 'failed');
}

// The children end with this process, and its 'exit' takes care of those that would not.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main();
