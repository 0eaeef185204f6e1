/** The flight recorder of the built daemon, with workers of the real client, and `record`. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRecording, type Recording } from '../../src/native.js';
import { decodeMoment } from '../../src/processes/recorded-writers.js';
import type { RecorderStatus, Status } from '../../src/serve/api/status.js';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { mapped } from '../support/mapped.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import { start } from '../support/process.js';
import { keysOf, readFolder } from '../support/recording.js';
import { Session, until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();

async function startWorker(directory: string): Promise<ChildProcess> {
  const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
  const worker = start(python.path, [`${ROOT}/test/support/counting_worker.py`], { env });
  await once(worker.stdout!, 'data');
  return worker;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function recorderOf(daemon: Daemon): Promise<RecorderStatus | undefined> {
  const { body } = await daemon.get('/api/v1/status');
  return (JSON.parse(body) as Status).recorder;
}

async function fetchRecording(daemon: Daemon, query = ''): Promise<Recording> {
  const response = await fetch(`${daemon.url}/api/v1/recording${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return openRecording([new Uint8Array(await response.arrayBuffer())]);
}

/** Of a moment: by file, the value of each sample, and when it was set. */
async function filesAt(recording: Recording, time: number) {
  const names = keysOf(recording).map((key) => (JSON.parse(key) as string[])[1]!);
  const { fileName, entryEnd, keyId, value, timestampSeconds } = (await recording.at(time))!;
  return new Map(
    fileName.map((name, i) => {
      const [from, to] = [entryEnd[i - 1] ?? 0, entryEnd[i]!];
      const values = new Map<string, number>();
      for (let e = from; e < to; e++) values.set(names[keyId[e]!]!, value[e]!);
      return [name, { values, setSeconds: timestampSeconds[from] }] as const;
    }),
  );
}

/** All that the workers wrote is as it was at the time of the tick. */
async function checkValues(recording: Recording, pids: readonly number[]): Promise<void> {
  const last = new Map<number, number>();
  for (const time of recording.times()) {
    const files = await filesAt(recording, time);
    for (const pid of pids) {
      const { values } = files.get(`counter_${pid}.db`)!;
      const [turns, steps] = [values.get('turns_total')!, values.get('steps_total')!];
      // Turns are counted first, and read first: on a busy machine there are steps in between.
      assert.ok(turns - steps <= 1 && steps - turns < 1000, `${turns} turns, ${steps} steps`);
      assert.ok(turns >= (last.get(pid) ?? 0), `${turns} after ${last.get(pid)}`);
      last.set(pid, turns);
      const { values: gauges, setSeconds } = files.get(`gauge_mostrecent_${pid}.db`)!;
      const now = gauges.get('now')!;
      // Within the time that the tick and a turn take on a busy machine.
      assert.ok(Math.abs(now - time) < 2, `${now} at ${time}`);
      assert.ok(Math.abs(setSeconds! - now) < 1, `set at ${setSeconds}, at ${now}`);
    }
  }
}

describe('the flight recorder of a daemon', { skip: python.skip }, () => {
  const directory = tempDirectory();
  const workers: ChildProcess[] = [];
  let pids: number[];

  before(async () => {
    for (let i = 0; i < 2; i++) workers.push(await startWorker(directory));
    pids = workers.map(({ pid }) => pid!);
  });

  after(async () => {
    for (const worker of workers) await kill(worker);
  });

  it('has each value as it was written, and who wrote it', async () => {
    const daemon = await Daemon.serve(directory, ['--recorder.interval=100ms']);
    try {
      await until(
        async () => ((await recorderOf(daemon))?.ticks ?? 0) >= 20,
        () => `20 ticks: ${daemon.log}`,
      );
      const recording = await fetchRecording(daemon);
      assert.ok(recording.times().length >= 19);
      await checkValues(recording, pids);
      const { blob } = (await recording.at(recording.times().at(-1)!))!;
      const moment = decodeMoment(blob)!;
      assert.equal(moment.path, directory);
      const alive = moment.writers.filter(({ liveness }) => liveness === 'alive');
      assert.deepEqual(alive.map(({ pid }) => pid).sort(), pids.toSorted());
      // The role is the name of its program; nothing else of the command line is there.
      assert.doesNotMatch(String(Buffer.from(blob)), /test\/support/);
      const own = valuesOf((await daemon.get('/metrics')).body);
      assert.ok(own.get('promfold_recorder_seconds')! >= 1);
      assert.ok(own.get('promfold_recorder_interval_seconds')! >= 0.1);
      assert.ok(own.get('promfold_recorder_bytes')! > 1000);
      assert.equal(await daemon.stop(), 0, daemon.log);
    } finally {
      await daemon.stop();
    }
  });

  it('remembers a process that died, when its files are removed, too', async () => {
    const place = tempDirectory();
    const worker = await startWorker(place);
    const other = await startWorker(place);
    const daemon = await Daemon.serve(place, ['--recorder.interval=100ms']);
    try {
      const file = `counter_${worker.pid}.db`;
      await until(
        async () => ((await recorderOf(daemon))?.ticks ?? 0) >= 3,
        () => 'ticks of the first one',
      );
      const seen = Date.now() / 1000;
      await kill(worker);
      await sleep(300);
      for (const name of readdirSync(place)) {
        if (name.includes(`_${worker.pid}.`)) rmSync(join(place, name));
      }
      await until(
        async () => {
          const recording = await fetchRecording(daemon);
          return !(await filesAt(recording, recording.times().at(-1)!)).has(file);
        },
        () => 'a tick without it',
      );
      const recording = await fetchRecording(daemon);
      const before = await filesAt(recording, seen);
      assert.ok(before.get(file)!.values.get('turns_total')! >= 1);
    } finally {
      await daemon.stop();
      await kill(other);
    }
  });

  it('loses the last tick at most where it is killed, and continues beside the files there are', async () => {
    const folder = join(tempDirectory(), 'recorded');
    const known: number[] = [];
    for (let i = 0; i < 20; i++) {
      const flags = [`--recorder.dir=${folder}`, '--recorder.interval=100ms'];
      const daemon = await Daemon.serve(directory, flags);
      const of: number[] = [];
      const until = Date.now() + 60 * i;
      while (of.length < 3 || Date.now() < until) {
        const [source] = (await recorderOf(daemon))?.sources ?? [];
        if (source !== undefined && source.toSeconds !== of.at(-1)) of.push(source.toSeconds);
      }
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.stop();
      known.push(...of.slice(0, -1));
    }
    assert.ok(known.length >= 40, `${known.length}`);
    const recording = await readFolder(folder);
    const times = new Set(recording.times());
    assert.deepEqual(
      known.filter((time) => !times.has(time)),
      [],
    );
    await checkValues(recording, pids);
    const names = readdirSync(folder);
    assert.equal(names.length, 20);
    for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  });

  it('reads the directory at each tick, and not where it is off', async () => {
    // Damage through a map causes no hint: only a tick finds it.
    for (const [size, isRead] of [
      ['1MiB', true],
      ['0', false],
    ] as const) {
      const place = tempDirectory();
      const file = join(place, 'counter_1.db');
      writeMetricFile(file, [counter('jobs', 7)], { sizeBytes: 4096 });
      const descriptor = openSync(file, 'r+');
      const header = mapped(descriptor, 4096);
      closeSync(descriptor);
      const flags = [
        `--recorder.size=${size}`,
        '--recorder.interval=100ms',
        '--watchdog.silence=0',
      ];
      const daemon = await Daemon.serve(place, flags);
      try {
        await daemon.get('/metrics');
        // Until the hints of the file system about this start are over.
        await sleep(1_000);
        header.writeInt32LE(-8, 0);
        await sleep(1_000);
        assert.equal(/FILE_CORRUPT/.test(daemon.log), isRead, daemon.log);
      } finally {
        await daemon.stop();
      }
    }
  });

  it('leaves no trace where it is off', async () => {
    const daemon = await Daemon.serve(directory, ['--recorder.size=0']);
    try {
      assert.equal(await recorderOf(daemon), undefined);
      const { status, body } = await daemon.get('/api/v1/recording');
      assert.equal(status, 404);
      assert.match(body, /recorder\.size=0/);
      assert.doesNotMatch((await daemon.get('/metrics')).body, /promfold_recorder/);
    } finally {
      await daemon.stop();
    }
    const { exitCode, stderr } = await promfold([
      'serve',
      directory,
      '--recorder.size=0',
      '--recorder.dir=/tmp/x',
    ]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--recorder\.size: expected more than 0 with --recorder\.dir, got 0/);
  });

  it('records sources side by side, within one budget', async () => {
    const second = tempDirectory();
    const other = await startWorker(second);
    const daemon = await Daemon.serve(undefined, [
      `--source=one=${directory}`,
      `--source=two=${second}`,
      '--recorder.interval=100ms',
      '--recorder.size=64KiB',
    ]);
    try {
      await until(
        async () => ((await recorderOf(daemon))?.ticks ?? 0) >= 60,
        () => '60 ticks',
      );
      const recorder = (await recorderOf(daemon))!;
      assert.deepEqual(
        recorder.sources.map(({ name, path }) => [name, path]),
        [
          ['one', directory],
          ['two', second],
        ],
      );
      assert.ok(recorder.bytes <= 64 * 1024, `${recorder.bytes}`);
      await checkValues(await fetchRecording(daemon, '?source=one'), pids);
      await checkValues(await fetchRecording(daemon, '?source=two&last=1h'), [other.pid!]);
      const { status, body } = await daemon.get('/api/v1/recording');
      assert.equal(status, 400);
      assert.match(body, /one, two/);
      const own = valuesOf((await daemon.get('/metrics')).body);
      assert.ok(own.get('promfold_recorder_seconds{promfold_source="two"}')! >= 0);
    } finally {
      await daemon.stop();
      await kill(other);
    }
  });

  describe('record', () => {
    it('ends after --for, and writes a file that only its owner can read', async () => {
      const file = join(tempDirectory(), 'a.rec');
      const { exitCode, stderr } = await promfold([
        'record',
        directory,
        '-o',
        file,
        '--for=2s',
        '--interval=100ms',
      ]);
      assert.equal(exitCode, 0, stderr);
      assert.match(
        stderr,
        /^recording .* until 2 s have passed, or Ctrl-C\n.*a\.rec: .* moments, /,
      );
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const recording = await openRecording([readFileSync(file)]);
      assert.ok(recording.times().length >= 10, `${recording.times().length}`);
      await checkValues(recording, pids);
    });

    it('ends at Ctrl-C, with all that it has', async () => {
      const file = join(tempDirectory(), 'a.rec');
      const session = new Session(process.execPath, [
        MAIN,
        'record',
        directory,
        '-o',
        file,
        '--interval=100ms',
      ]);
      try {
        await session.shows(/until Ctrl-C/, 'stderr');
        await sleep(700);
        session.child.kill('SIGINT');
        assert.deepEqual(await session.end(), { exitCode: 0, signal: null });
        const recording = await openRecording([readFileSync(file)]);
        assert.ok(recording.times().length >= 3);
      } finally {
        session.kill();
      }
    });

    it('writes to stdout for -', async () => {
      const child = spawn(process.execPath, [MAIN, 'record', directory, '-o', '-', '--for=500ms'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      const [code] = await once(child, 'close');
      assert.equal(code, 0);
      const recording = await openRecording([Buffer.concat(chunks)]);
      assert.ok(recording.times().length >= 1);
    });

    const refused: [title: string, args: string[], expected: RegExp][] = [
      ['no file', [directory], /--output: expected a file or -, got nothing/],
      [
        'a directory that is not there',
        ['/nonexistent', '-o', 'x.rec'],
        /\/nonexistent.*no such directory/,
      ],
      ['a URL', ['http://127.0.0.1:1', '-o', 'x.rec'], /expected a directory, got a URL/],
      ['an interval that is too short', [directory, '--interval=10ms', '-o', 'x'], /100ms to 1h/],
    ];
    for (const [title, args, expected] of refused) {
      it(`refuses ${title}`, async () => {
        const { exitCode, stderr } = await promfold(['record', ...args]);
        assert.equal(exitCode, 2);
        assert.match(stderr, expected);
      });
    }
  });
});
