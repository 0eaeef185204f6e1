/** The built daemon, and workers of the real client that end: which ends are incidents, and what is left of them. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRecording } from '../../src/native.js';
import type { Incident } from '../../src/record/incident.js';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { currentPython } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { start } from '../support/process.js';
import { keysOf } from '../support/recording.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();

/** Two lookups, 3 s apart, and 10 s until an end is judged; more on a busy machine. */
const JUDGED_MS = 25_000;

const workers: ChildProcess[] = [];

async function startWorkers(directory: string, count: number): Promise<ChildProcess[]> {
  const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
  const started = Array.from({ length: count }, () =>
    start(python.path, [`${ROOT}/test/support/counting_worker.py`], { env }),
  );
  workers.push(...started);
  await Promise.all(started.map((worker) => once(worker.stdout!, 'data')));
  return started;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function removeFilesOf({ pid }: ChildProcess, directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.includes(`_${pid}.`)) rmSync(join(directory, name));
  }
}

async function incidentsOf(daemon: Daemon): Promise<Incident[]> {
  const { status, body } = await daemon.get('/api/v1/incidents');
  assert.equal(status, 200, body);
  return (JSON.parse(body) as { incidents: Incident[] }).incidents;
}

/** It knows who is alive: they are in what it records. */
async function knows(daemon: Daemon, pids: readonly number[]): Promise<void> {
  await until(
    async () => {
      const response = await fetch(`${daemon.url}/api/v1/recording`);
      if (response.status !== 200) return false;
      const recording = await openRecording([new Uint8Array(await response.arrayBuffer())]);
      const { blob } = (await recording.at(Number.POSITIVE_INFINITY))!;
      const { writers = [] } = JSON.parse(String(Buffer.from(blob)) || '{}') as {
        writers?: { pid: number }[];
      };
      return pids.every((pid) => writers.some((writer) => writer.pid === pid));
    },
    () => `the writers: ${daemon.log}`,
  );
}

async function countOf(daemon: Daemon, reason: string): Promise<number | undefined> {
  const values = valuesOf((await daemon.get('/metrics')).body);
  return values.get(`promfold_incidents_total{reason="${reason}"}`);
}

describe('an incident', { skip: python.skip, concurrency: true }, () => {
  after(async () => {
    for (const worker of workers) await kill(worker);
  });

  it('is what is left of a worker that was killed, its files removed and promfold restarted', async () => {
    const directory = tempDirectory();
    const folder = join(tempDirectory(), 'recorded');
    const flags = [`--recorder.dir=${folder}`, '--recorder.interval=200ms'];
    const started = await startWorkers(directory, 4);
    const pids = started.map(({ pid }) => pid!);
    const [victim] = started as [ChildProcess];
    let daemon = await Daemon.serve(directory, flags);
    try {
      await knows(daemon, pids);
      assert.equal(await countOf(daemon, 'vanished'), 0);
      await kill(victim);
      const killedSeconds = Date.now() / 1000;
      removeFilesOf(victim, directory);
      await until(
        async () => (await incidentsOf(daemon)).length > 0,
        () => daemon.log,
      );
      assert.equal(await countOf(daemon, 'vanished'), 1);
      const logged = `incident.*reason=vanished processes=${victim.pid} role=counting_worker.py file=`;
      // Through a pipe: after the answer, on a busy machine.
      await until(
        () => new RegExp(logged).test(daemon.log),
        () => daemon.log,
      );
      await daemon.stop();
      daemon = await Daemon.serve(directory, flags);
      const [incident, ...others] = await incidentsOf(daemon);
      assert.deepEqual(others, []);
      assert.equal(incident!.reason, 'vanished');
      assert.equal(incident!.path, directory);
      assert.ok(Math.abs(incident!.timeSeconds - killedSeconds) < 10);
      const states = new Map(incident!.processes.map(({ pid, state }) => [pid, state]));
      assert.equal(states.get(victim.pid!), 'vanished');
      for (const pid of pids.slice(1)) assert.equal(states.get(pid), 'alive');
      const bytes = readFileSync(join(folder, 'incidents', `${incident!.id}.rec`));
      assert.equal(bytes.length, incident!.bytes);
      const response = await fetch(`${daemon.url}/api/v1/incidents/${incident!.id}`);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
      const recording = await openRecording([bytes]);
      const before = (await recording.at(incident!.timeSeconds))!;
      const file = before.fileName.indexOf(`counter_${victim.pid}.db`);
      const turns = keysOf(recording).findIndex((key) => key.includes('"turns_total"'));
      const [from, to] = [before.entryEnd[file - 1] ?? 0, before.entryEnd[file]!];
      const entry = from + before.keyId.subarray(from, to).indexOf(turns);
      assert.ok(before.value[entry]! >= 1);
      const after = (await recording.at(Number.POSITIVE_INFINITY))!;
      assert.ok(!after.fileName.includes(`counter_${victim.pid}.db`));
      const path = join(folder, 'incidents', `${incident!.id}.rec`);
      const { exitCode, stdout } = await promfold(['explain', 'turns_total', path, '--since=-1m']);
      assert.equal(exitCode, 0);
      assert.match(stdout, new RegExp(`^${victim.pid} `, 'm'));
      // No command line.
      assert.doesNotMatch(String(bytes), /test\/support/);
    } finally {
      await daemon.stop();
    }
  });

  it('is none where a worker is replaced, as by max_requests, unless all are asked for', async () => {
    const directory = tempDirectory();
    const started = await startWorkers(directory, 3);
    const [quiet, all] = await Promise.all([
      Daemon.serve(directory, ['--recorder.interval=200ms']),
      Daemon.serve(directory, ['--recorder.interval=200ms', '--recorder.incidents=all']),
    ]);
    try {
      for (const daemon of [quiet, all]) {
        await knows(
          daemon,
          started.map(({ pid }) => pid!),
        );
      }
      await kill(started[0]!);
      await startWorkers(directory, 1);
      await until(
        async () => (await incidentsOf(all)).length > 0,
        () => all.log,
      );
      const [incident] = await incidentsOf(all);
      assert.equal(incident!.reason, 'replaced');
      // Without a folder it is in memory.
      const response = await fetch(`${all.url}/api/v1/incidents/${incident!.id}`);
      assert.equal((await response.arrayBuffer()).byteLength, incident!.bytes);
      await sleep(JUDGED_MS / 2);
      assert.deepEqual(await incidentsOf(quiet), []);
      assert.doesNotMatch(quiet.log, /msg=incident/);
    } finally {
      await quiet.stop();
      await all.stop();
    }
  });

  it('is none where all writers are exchanged, or where none is asked for', async () => {
    const directory = tempDirectory();
    const started = await startWorkers(directory, 3);
    const [quiet, none] = await Promise.all([
      Daemon.serve(directory, ['--recorder.interval=200ms']),
      Daemon.serve(directory, ['--recorder.interval=200ms', '--recorder.incidents=none']),
    ]);
    try {
      for (const daemon of [quiet, none]) {
        await knows(
          daemon,
          started.map(({ pid }) => pid!),
        );
      }
      await Promise.all(started.map(kill));
      const [, other] = await startWorkers(directory, 3);
      await sleep(JUDGED_MS);
      assert.deepEqual(await incidentsOf(quiet), []);
      assert.equal(await countOf(quiet, 'vanished'), 0);
      // One of the new ones, to none that asked.
      await kill(other!);
      await until(
        async () => (await incidentsOf(quiet)).length > 0,
        () => quiet.log,
      );
      assert.deepEqual(await incidentsOf(none), []);
      assert.equal(await countOf(none, 'vanished'), undefined);
      assert.doesNotMatch(none.log, /msg=incident/);
    } finally {
      await quiet.stop();
      await none.stop();
    }
  });
});
