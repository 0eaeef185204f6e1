/** The commands that look back, as they are typed. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Difference } from '../../src/inspect/diff.js';
import type { PastExplanation } from '../../src/inspect/explain/history.js';
import type { TopView } from '../../src/inspect/top.js';
import { promfold as run } from '../support/cli.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { tempDirectory } from '../support/temp.js';

/** 02:00:00 UTC. */
const T0 = 1_772_330_400;

const promfold = (...args: string[]) => run(args, { env: { TZ: 'UTC' } });

let recording = '';
let directory = '';
before(async () => {
  directory = tempDirectory();
  const recorder = new DirectoryRecorder(directory);
  for (let i = 0; i < 120; i++) {
    for (const pid of [7, 8]) {
      const files = [`counter_${pid}.db`, `gauge_mostrecent_${pid}.db`].map((name) =>
        join(directory, name),
      );
      if (pid === 8 && i >= 60) {
        for (const file of files) rmSync(file, { force: true });
        continue;
      }
      writeMetricFile(files[0]!, [counter('jobs', i * pid, { path: '/a' })]);
      writeMetricFile(files[1]!, [gauge('depth', pid + (i % 5), T0 + i - (pid === 8 ? 0 : 0.5))]);
    }
    const writers = [7, 8].map((pid) => ({
      processId: String(pid),
      liveness: pid === 8 && i >= 60 ? ('dead' as const) : ('alive' as const),
      pid,
      role: `worker ${pid}`,
      program: 'python3',
      startSeconds: T0 - 5,
    }));
    await recorder.tick(T0 + i, writers);
  }
  recording = join(tempDirectory(), 'prom.rec');
  writeFileSync(recording, await recorder.bytes());
});

describe('--at', () => {
  it('is the moment that ls, cat, explain, check and scrape show', async () => {
    const at = ['--at', '02:00:30', recording];
    const [ls, cat, explained, check, page] = await Promise.all([
      promfold('ls', ...at),
      promfold('cat', '--match', 'jobs', ...at),
      promfold('explain', 'jobs', ...at),
      promfold('check', ...at),
      promfold('scrape', ...at),
    ]);
    assert.match(ls.stdout, /^8 +alive +worker 8 +2 .* 35s /m);
    assert.doesNotMatch(ls.stdout, /SIZE|DISK|on disk/);
    assert.match(cat.stdout, /counter_8\.db\n.*\n\n.*\n +8 +240 +jobs_total/);
    assert.match(explained.stdout, /^jobs_total\{path="\/a"\} = 450\n/);
    assert.deepEqual([check.exitCode, check.stderr], [0, '']);
    assert.match(page.stdout, /^# TYPE jobs_total counter\njobs_total\{path="\/a"\} 450\.0\n/m);
    assert.match(page.stdout, /^depth 8\.0$/m);
  });

  it('is the last one where it is left out', async () => {
    const { stdout } = await promfold('explain', '--json', 'jobs', recording);
    assert.equal((JSON.parse(stdout) as PastExplanation).takenAtSeconds, T0 + 119);
  });

  it('prints a page as scrape does: formats, names, labels, a file', async () => {
    const args = ['--at', '-1m', '--format', 'openmetrics', '--name', 'jobs', '--label', 'pod=a'];
    const { stdout, exitCode } = await promfold('scrape', ...args, recording);
    assert.equal(exitCode, 0);
    assert.match(stdout, /# TYPE jobs counter\njobs_total\{path="\/a",pod="a"\} 885\.0\n# EOF\n$/);
    const missing = await promfold('scrape', '--at', '-1m', '--name', 'job', recording);
    assert.deepEqual([missing.exitCode, missing.stdout], [1, '']);
    assert.match(missing.stderr, /called job; near names: jobs/);
  });

  const refused: [title: string, args: string[], message: RegExp][] = [
    [
      'outside of the recording',
      ['ls', '--at', '03:00'],
      /: --at: expected a time from 2026-03-01T02:00:00Z to 2026-03-01T02:01:59Z, got '03:00'$/m,
    ],
    [
      'that is no time',
      ['ls', '--at', 'noon'],
      /--at: expected a time such as 02:20, .*got 'noon'/,
    ],
    ['with flags of now', ['scrape', '--at', '-1m', '--strict'], /--at: expected no --strict/],
    ['with --since', ['explain', 'jobs', '--at', '-1m', '--since', '-1m'], /--at: expected no --s/],
    [
      'with --window',
      ['explain', 'jobs', '--at', '-1m', '--window', '1s'],
      /--window: expected no/,
    ],
  ];
  for (const [title, args, message] of refused) {
    it(`is refused ${title}`, async () => {
      const { exitCode, stdout, stderr } = await promfold(...args, recording);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, message);
    });
  }

  it('of a directory is an error that says how to get a recording', async () => {
    for (const command of [['ls'], ['explain', 'jobs'], ['scrape']]) {
      const { exitCode, stderr } = await promfold(...command, '--at', '-1m', directory);
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /--at: expected a recording \(promfold record DIR -o FILE makes one, .*got a directory$/m,
      );
    }
  });
});

describe('explain --since', () => {
  it('draws the value, and what each process had', async () => {
    const { stdout, exitCode } = await promfold('explain', '--since', '-90s', 'jobs', recording);
    assert.equal(exitCode, 0);
    const lines = stdout.split('\n');
    assert.equal(lines[0], '2026-03-01T02:00:29Z to 2026-03-01T02:01:59Z, 91 moments');
    assert.ok(
      lines.every((line) => /^[ -~]*$/.test(line) && line.length <= 80),
      stdout,
    );
    assert.match(stdout, /^jobs_total\{path="\/a"\}\ncounter: .*; here per second$/m);
    assert.match(stdout, /^ +15\.0 \|#+$/m);
    assert.match(stdout, /^ +02:00:29 +02:01:14 +02:01:59$/m);
    assert.match(stdout, /^7 worker 7 +7\.00 +[#*%@]+$/m);
    assert.match(stdout, /^8 +to 02:00:59 +@+$/m);
  });

  it('says who decided a gauge', async () => {
    const args = ['--since', '02:00:55', '--until', '02:01:05', 'depth', recording];
    const { stdout } = await promfold('explain', ...args);
    assert.match(stdout, /^02:00:55 +8 +8 +gauge_mostrecent_8\.db$/m);
    assert.match(stdout, /^02:01:00 +7 +7 +gauge_mostrecent_7\.db$/m);
  });

  it('has the values in JSON, also of what is gone', async () => {
    const { stdout } = await promfold('explain', '--json', '--since', '-60s', 'jobs', recording);
    const { sinceSeconds, untilSeconds, series } = JSON.parse(stdout) as PastExplanation;
    assert.deepEqual([sinceSeconds, untilSeconds], [T0 + 59, T0 + 119]);
    const { value, shares } = series[0]!.history;
    assert.deepEqual(value.slice(0, 2), [59 * 15, 60 * 7]);
    assert.deepEqual(
      shares.map(({ processId, value: own }) => [processId, own[0], own[1]]),
      [
        ['7', 59 * 7, 60 * 7],
        ['8', 59 * 8, null],
      ],
    );
  });

  it('exits 1, with near names, where there is no such series', async () => {
    const { exitCode, stdout, stderr } = await promfold(
      'explain',
      '--since',
      '-1m',
      'job',
      recording,
    );
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /no series of .* is job; near names: jobs/);
  });

  it('is refused where it is after --until', async () => {
    const args = ['--since', '-10s', '--until', '-20s', 'jobs', recording];
    const { exitCode, stderr } = await promfold('explain', ...args);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--until: expected a time after --since, got '-20s'$/m);
  });
});

describe('diff of a recording', () => {
  it('says what moved', async () => {
    const args = ['--since', '02:00:30', '--until', '02:00:40', recording];
    const { stdout, exitCode } = await promfold('diff', ...args);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^~ +450 +600 +\+150 +jobs_total\{path="\/a"\}$/m);
    const json = await promfold('diff', '--json', '--by', 'process', ...args);
    const { beforeSeconds, afterSeconds, changed } = JSON.parse(json.stdout) as Difference;
    assert.deepEqual([beforeSeconds, afterSeconds], [T0 + 30, T0 + 40]);
    assert.deepEqual(
      changed
        .filter(({ type }) => type === 'counter')
        .map(({ processId, delta }) => [processId, delta]),
      [
        ['7', 70],
        ['8', 80],
      ],
    );
  });

  it('compares a moment with what is there now', async () => {
    const same = await promfold('diff', recording, directory);
    assert.deepEqual([same.exitCode, same.stderr], [0, '']);
    const { stdout } = await promfold('diff', '--at', '-9s', recording, directory);
    assert.match(stdout, /^~ +770 +833 +\+63 +jobs_total/m);
  });

  it('takes one recording', async () => {
    const { exitCode, stderr } = await promfold('diff', '--since', '-9s', recording, directory);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--since: expected one recording, got two paths/);
  });
});

describe('a moment long after the last one that was recorded', () => {
  it('is told', async () => {
    const folder = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    await recorder.tick(T0);
    await recorder.tick(T0 + 3600);
    const path = join(folder, 'gap.rec');
    writeFileSync(path, recorder.appended);
    const { stderr, exitCode } = await promfold('ls', '--at', '02:30', path);
    assert.equal(exitCode, 0);
    assert.match(
      stderr,
      /nothing was recorded in the 30m before that time; this is the last moment/,
    );
  });
});

describe('top of a recording', () => {
  it('plays it from --since to its end, and ends', async () => {
    const args = ['--since', '-30s', '--speed', '100', '--interval', '0.1', '--json', recording];
    const { stdout, exitCode } = await promfold('top', ...args);
    assert.equal(exitCode, 0);
    const views = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TopView);
    assert.deepEqual(
      views.map(({ takenAtSeconds, incrementsPerSecond }) => [
        takenAtSeconds - T0,
        incrementsPerSecond,
      ]),
      [
        [99, 7],
        [109, 7],
        [119, 7],
      ],
    );
  });

  it('is refused where there is none', async () => {
    const { exitCode, stderr } = await promfold('top', '--since', '-1m', directory);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--since: expected a recording .*, got a directory$/m);
  });
});
