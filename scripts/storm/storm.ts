/**
 * A storm: one daemon, several clients, a process that damages files as fast as it can (vandal.ts),
 * and real Python workers that are killed while they write (workers.py).
 *
 * What must hold all the time, and is checked in every answer:
 *
 *   - no answer but 200, and 503 only while the directory itself is away;
 *   - the numbers of untouched files are right, those of damaged ones are held;
 *   - no counter or bucket goes back, +Inf equals _count, every line is one;
 *   - the daemon stays alive, and has no more memory, descriptors and mappings at the end than before.
 *
 * At the end, when nothing writes, it must answer for the workers' files as the reference does.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Daemon } from '../../test/support/cli.js';
import { linesOf } from '../../test/support/exposition.js';
import { Oracle } from '../../test/support/oracle.js';
import { ROOT } from '../../test/support/paths.js';
import { start } from '../../test/support/process.js';
import { type Absence, Client, KINDS } from './client.js';
import { Pace } from './pace.js';
import { growthOf, type Vitals, vitalsOf } from './vitals.js';
import { writeWitnesses } from './witnesses.js';

export interface StormOptions {
  /** Empty, and used by nothing else. */
  readonly directory: string;
  readonly seconds: number;
  /** The storm continues until there were this many. */
  readonly operations: number;
  readonly seed: number;
  /** Share of the time that each part works; 1 is full speed. */
  readonly pace: number;
  /** Path of a Python with prometheus_client; no workers without. */
  readonly python: string | undefined;
  readonly workers: number;
  readonly sampleSeconds: number;
  readonly onSample?: (sample: StormSample) => void;
  /** Called with each fault as it appears. */
  readonly onFault?: (text: string) => void;
}

export interface StormSample extends Vitals {
  readonly seconds: number;
  readonly operations: number;
  readonly answers: number;
  readonly kills: number;
  readonly faults: number;
  /** promfold's own families. */
  readonly own: Readonly<Record<string, number>>;
}

export interface StormReport {
  readonly seconds: number;
  readonly operations: number;
  readonly answers: number;
  readonly dropped: number;
  readonly absences: number;
  readonly kills: number;
  readonly slowestMs: number;
  readonly samples: readonly StormSample[];
  /** What was wrong; empty where everything held. */
  readonly faults: readonly string[];
}

/** More of them are counted, not kept. */
const MAX_FAULTS = 100;

/** The clocks of two processes, and a message on its way, milliseconds. */
const SLACK_MS = 30;

export async function runStorm(options: StormOptions): Promise<StormReport> {
  const { directory, pace } = options;
  const faults: string[] = [];
  let faultCount = 0;
  const fault = (text: string): void => {
    faultCount += 1;
    if (faults.length >= MAX_FAULTS) return;
    faults.push(`${new Date().toISOString()} ${text}`);
    options.onFault?.(faults.at(-1)!);
  };
  const witness = writeWitnesses(directory);
  const daemon = await Daemon.serve(directory);
  const clients = KINDS.map((kind) => new Client(kind, daemon.url, witness));
  const vandal = new Vandal(options);
  const workers = options.python === undefined ? undefined : new Workers(options, options.python);
  const samples: StormSample[] = [];
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1000;
  const answers = (): number => clients.reduce((sum, client) => sum + client.answers, 0);
  const isOver = (): boolean =>
    !daemon.isRunning ||
    (elapsed() >= options.seconds && vandal.operations >= options.operations) ||
    faultCount > 10 * MAX_FAULTS;

  const scrape = async (client: Client, title: string): Promise<void> => {
    const own = new Pace(pace);
    while (!isOver()) {
      witness.move();
      try {
        for (const text of await client.scrape()) fault(`${title}: ${text}`);
      } catch (error) {
        // Also a daemon that died.
        fault(`${title}: ${error}`);
        await sleep(100);
      }
      await own.rest();
    }
  };
  const sample = async (): Promise<void> => {
    while (!isOver()) {
      try {
        const taken = {
          seconds: elapsed(),
          operations: vandal.operations,
          answers: answers(),
          kills: workers?.kills ?? 0,
          faults: faultCount,
          ...vitalsOf(daemon.pid),
          own: await ownFamilies(daemon),
        };
        samples.push(taken);
        options.onSample?.(taken);
      } catch (error) {
        if (daemon.isRunning) fault(`no sample: ${error}`);
      }
      await sleep(options.sampleSeconds * 1000);
    }
  };

  try {
    await Promise.all([...clients.map((client, i) => scrape(client, KINDS[i]!.title)), sample()]);
    if (!daemon.isRunning) fault(`the daemon is gone: ${daemon.log.slice(-2_000)}`);
    const seconds = elapsed();
    await workers?.end();
    await vandal.end();
    for (const absence of clients.flatMap((client) => client.absences)) {
      if (!vandal.wasAway(absence)) fault(`503 although the directory was there: ${absence.text}`);
    }
    for (const text of growthOf(samples, seconds)) fault(text);
    if (daemon.isRunning) {
      if (options.python !== undefined) {
        for (const text of await compare(daemon, directory, options.python)) fault(text);
      }
      if ((await daemon.stop()) !== 0) fault('the daemon did not end with 0');
    }
    return {
      seconds,
      operations: vandal.operations,
      answers: answers(),
      dropped: clients.reduce((sum, client) => sum + client.dropped, 0),
      absences: vandal.absenceCount,
      kills: workers?.kills ?? 0,
      slowestMs: clients.reduce((ms, client) => Math.max(ms, client.slowestMs), 0),
      samples,
      faults: faultCount > faults.length ? [...faults, `${faultCount} faults in all`] : faults,
    };
  } finally {
    for (const client of clients) client.close();
    await workers?.end();
    await vandal.end();
    await daemon.stop();
  }
}

/** A child that prints JSON lines and ends when its standard input does. */
class Part {
  readonly child: ChildProcess;
  readonly #exit: Promise<unknown>;

  constructor(child: ChildProcess, told: (line: Record<string, number>) => void) {
    this.child = child;
    this.#exit = once(child, 'exit');
    child.stderr?.pipe(process.stderr);
    createInterface({ input: child.stdout! }).on('line', (line) => told(JSON.parse(line)));
  }

  async end(): Promise<void> {
    this.child.stdin!.end();
    await this.#exit;
  }
}

class Vandal {
  operations = 0;
  readonly #absences: { fromMs: number; toMs: number }[] = [];
  readonly #part: Part;

  constructor({ directory, seed, pace }: StormOptions) {
    const script = fileURLToPath(new URL('vandal.js', import.meta.url));
    const child = start(process.execPath, [script, directory, String(seed), String(pace)]);
    this.#part = new Part(child, ({ operations, gone, back }) => {
      if (operations !== undefined) this.operations = operations;
      if (gone !== undefined) this.#absences.push({ fromMs: gone, toMs: Number.POSITIVE_INFINITY });
      if (back !== undefined) this.#absences.at(-1)!.toMs = back;
    });
  }

  get absenceCount(): number {
    return this.#absences.length;
  }

  wasAway({ fromMs, toMs }: Absence): boolean {
    return this.#absences.some(
      (absence) => fromMs <= absence.toMs + SLACK_MS && toMs >= absence.fromMs - SLACK_MS,
    );
  }

  end(): Promise<void> {
    return this.#part.end();
  }
}

class Workers {
  kills = 0;
  readonly #part: Part;

  constructor({ directory, workers, pace }: StormOptions, python: string) {
    const script = `${ROOT}/scripts/storm/workers.py`;
    const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
    const child = start(python, [script, String(workers), String(pace)], { env });
    this.#part = new Part(child, ({ kills }) => {
      this.kills = kills ?? this.kills;
    });
  }

  end(): Promise<void> {
    return this.#part.end();
  }
}

async function ownFamilies(daemon: Daemon): Promise<Record<string, number>> {
  const { body } = await daemon.get('/metrics?name[]=');
  const own: Record<string, number> = {};
  for (const [, name, value] of body.matchAll(
    /^promfold_(held_files|entries|series|unmapped_files|read_faults_total|plan_changes_total) (\S+)$/gm,
  )) {
    own[name!] = Number(value);
  }
  return own;
}

/** The workers' files, with everything quiet: daemon against reference. */
async function compare(daemon: Daemon, directory: string, python: string): Promise<string[]> {
  const copies = join(dirname(directory), `${basename(directory)}.busy`);
  mkdirSync(copies);
  const oracle = new Oracle(python);
  try {
    for (const name of readdirSync(directory)) {
      if (name.includes('_slot')) copyFileSync(join(directory, name), join(copies, name));
    }
    const expected = linesOf(await oracle.merge(copies)).filter((line) => line.startsWith('busy_'));
    const { body } = await daemon.get('/metrics');
    const said = new Set(linesOf(body));
    if (expected.length === 0) return ['no worker wrote anything'];
    return expected.filter((line) => !said.has(line)).map((line) => `the reference says ${line}`);
  } finally {
    await oracle.close();
    rmSync(copies, { recursive: true });
  }
}
