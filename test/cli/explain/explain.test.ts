/** `promfold explain`, as it is started by a user. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promfold } from '../../support/cli.js';
import { counter, gauge, writeMetricFile } from '../../support/metric-file.js';
import { GOLDEN, MAIN } from '../../support/paths.js';
import { run } from '../../support/process.js';
import { tempDirectory } from '../../support/temp.js';

function counters(): string {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 3, { queue: 'a' })]);
  writeMetricFile(join(directory, 'counter_2.db'), [counter('jobs', 1, { queue: 'a' })]);
  return directory;
}

/** The files were just made: a second may pass before they are read. */
const rows = (stdout: string): string[] =>
  stdout
    .replace(/unknown \d+s/g, 'unknown 0s')
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));

describe('promfold explain', () => {
  it('shows what each process gives to a series, largest first', async () => {
    const { exitCode, stdout, stderr } = await promfold([
      'explain',
      'jobs_total{queue="a"}',
      counters(),
    ]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.deepEqual(rows(stdout).slice(0, 7), [
      'jobs_total{queue="a"} = 4',
      'counter: the sum over processes',
      '2 processes: all unknown',
      '',
      'PROCESS STATE VALUE SHARE',
      '1 unknown 0s 3 75.0%',
      '2 unknown 0s 1 25.0%',
    ]);
  });

  it('shows vLLM engines on one screen, with age and verdict', async () => {
    const directory = tempDirectory();
    const set = Date.now() / 1000 - 41 * 60;
    const name = 'vllm:num_requests_running';
    const entries = (own: number) => [
      gauge(name, own, set, { engine: '0' }),
      gauge(name, 0, 0, { engine: '1' }),
    ];
    writeMetricFile(join(directory, 'gauge_mostrecent_1.db'), entries(7));
    const { exitCode, stdout } = await promfold(['explain', name, directory]);
    assert.equal(exitCode, 0);
    const lines = rows(stdout);
    assert.ok(lines.includes('engine="0" 7 41m ago 1 unknown 0s no step since'), stdout);
    assert.ok(lines.includes('engine="1" - never 1 unknown 0s never set'), stdout);
    assert.match(stdout, /A process is a vLLM API server; the label engine names its GPU\./);
  });

  it('shows a histogram with quantiles, processes and buckets', async () => {
    const { exitCode, stdout } = await promfold([
      'explain',
      'shop_latency_seconds',
      `${GOLDEN}/web-v0.26.0/files`,
    ]);
    if (exitCode === 1) assert.fail(stdout);
    assert.match(stdout, /^since start /m);
    assert.match(stdout, /P50 +P90 +P99$/m);
    assert.match(stdout, /^ *\+Inf /m);
  });

  it('shows 100 buckets in a terminal, and the rest with --all', async () => {
    const directory = tempDirectory();
    const buckets = [...Array.from({ length: 150 }, (_, i) => String(i)), '+Inf'];
    writeMetricFile(
      join(directory, 'histogram_1.db'),
      buckets.map((le) => ({
        family: 'took',
        sampleName: 'took_bucket',
        labels: { le },
        value: 1,
      })),
    );
    const inTerminal = async (...flags: string[]) => {
      const words = [process.execPath, MAIN, 'explain', ...flags, 'took', directory];
      const command = `stty rows 24 cols 80; ${words.map((word) => `'${word}'`).join(' ')}`;
      const { stdout } = await run('script', ['-qec', command, '/dev/null']);
      return rows(stdout);
    };
    const some = await inTerminal();
    assert.ok(some.includes('99.0 100 100'), some.join('\n'));
    assert.ok(!some.includes('100.0 101 101'));
    assert.ok(some.includes('and 51 more buckets; --all shows them'), some.join('\n'));
    const all = await inTerminal('--all');
    assert.ok(all.includes('+Inf 151 151'), all.join('\n'));
    assert.ok(!all.some((line) => line.includes('more bucket')));
  });

  it('reads twice for a window', async () => {
    const { exitCode, stdout } = await promfold([
      'explain',
      '--window',
      '50ms',
      'jobs_total',
      counters(),
    ]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^now: 0\/s$/m);
  });

  it('has near names for one that is not there, and exit code 1', async () => {
    const { exitCode, stdout, stderr } = await promfold(['explain', 'jobs_totl', counters()]);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(
      stderr,
      /^promfold: no series of \S+ is jobs_totl; near names: jobs_total, jobs\n$/,
    );
  });

  it('says that only the labels are not there', async () => {
    const { exitCode, stderr } = await promfold(['explain', 'jobs_total{queue="b"}', counters()]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /; jobs_total exists, with other labels\n$/);
  });

  it('prints the same as JSON, in a shape that stays', async () => {
    const directory = counters();
    const { stdout } = await promfold(['explain', '--json', 'jobs_total', directory]);
    const { takenAtSeconds, ...view } = JSON.parse(stdout);
    assert.equal(typeof takenAtSeconds, 'number');
    for (const share of view.series[0].shares) {
      assert.ok(share.lastSeenSeconds <= takenAtSeconds);
      delete share.lastSeenSeconds;
    }
    const share = (processId: string, value: number, percent: number) => ({
      processId,
      liveness: 'unknown',
      file: `counter_${processId}.db`,
      value,
      valueOffset: 56,
      percent,
      previousLife: false,
      decides: false,
    });
    assert.deepEqual(view, {
      path: directory,
      series: [
        {
          series: 'jobs_total{queue="a"}',
          sampleName: 'jobs_total',
          labels: { queue: 'a' },
          family: 'jobs',
          type: 'counter',
          operation: 'sum',
          value: 4,
          shares: [share('1', 3, 75), share('2', 1, 25)],
          verdict: '4',
          warnings: [],
        },
      ],
      histograms: [],
    });
  });

  const wrong: [title: string, args: string[], line: RegExp][] = [
    ['no selector', ['explain'], /: SELECTOR is missing; see promfold explain --help$/m],
    [
      'a directory alone',
      ['explain', '/run/prom'],
      /^promfold: SELECTOR is missing: expected promfold explain SELECTOR \/run\/prom$/m,
    ],
    [
      'a directory of the working directory alone',
      ['explain', 'dist'],
      /^promfold: SELECTOR is missing: expected promfold explain SELECTOR dist$/m,
    ],
    [
      'a directory first',
      ['explain', './prom', 'jobs_total'],
      /^promfold: expected SELECTOR before DIR, got \.\/prom jobs_total$/m,
    ],
    [
      'an expression',
      ['explain', 'rate(x[5m])', '.'],
      /^promfold: selector rate\(x\[5m\]\): expected a selector, not an expression; try x$/m,
    ],
    [
      'a selector that is none',
      ['explain', 'a{b=c}', '.'],
      /selector a\{b=c\}: expected a quoted value, got 'c' at character 5/,
    ],
    [
      'a window that is none',
      ['explain', '--window', '3', 'a', '.'],
      /--window: expected a duration/,
    ],
    [
      'a directory that is not there',
      ['explain', 'a', '/no/such'],
      /\/no\/such: no such directory/,
    ],
  ];
  for (const [title, args, line] of wrong) {
    it(`refuses ${title} in one line, with 2`, async () => {
      const { exitCode, stdout, stderr } = await promfold(args);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, /^[^\n]+\n$/);
      assert.match(stderr, line);
    });
  }
});
