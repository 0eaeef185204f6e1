/** `promfold diff` and `promfold snapshot`, as they are started by a user. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN, MAIN } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

describe('promfold snapshot and diff', () => {
  it('find nothing between a directory and its snapshot, and exit 0', async () => {
    const file = join(tempDirectory(), 'web.tar.gz');
    const directory = `${GOLDEN}/web-v0.26.0/files`;
    const taken = await promfold(['snapshot', directory, '-o', file]);
    assert.deepEqual([taken.exitCode, taken.stdout], [0, '']);
    assert.match(taken.stderr, /web\.tar\.gz: [\d.]+ KiB, \d+ files, of [\d.]+ KiB in use\n$/);
    const { exitCode, stdout } = await promfold(['diff', file, directory]);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^0 series added, 0 removed, 0 changed, \d+ the same; a histogram counts as one\n$/,
    );
  });

  it('give the same answers on a snapshot as on the directory', async () => {
    const file = join(tempDirectory(), 'a.tar.gz');
    const directory = tempDirectory();
    cpSync(`${GOLDEN}/bad-klen-huge/files`, directory, { recursive: true });
    await promfold(['snapshot', directory, '-o', file]);
    for (const command of [['explain', 'bad_jobs_total'], ['cat']]) {
      const live = await promfold([...command, directory]);
      const taken = await promfold([...command, file]);
      assert.equal(taken.exitCode, live.exitCode);
      // Between the two a second may pass.
      const atOnce = (text: string) => text.replace(/unknown \d+s/g, 'unknown 0s');
      assert.equal(atOnce(taken.stdout).replaceAll(file, directory), atOnce(live.stdout));
    }
  });

  it('write a snapshot for its owner alone, also over a file that everybody may read', async () => {
    const file = join(tempDirectory(), 'web.tar.gz');
    writeFileSync(file, 'old', { mode: 0o644 });
    const taken = await promfold(['snapshot', `${GOLDEN}/web-v0.26.0/files`, '-o', file]);
    assert.equal(taken.exitCode, 0);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('mark what went back, and exit 1', async () => {
    const [before, after] = [tempDirectory(), tempDirectory()];
    writeMetricFile(join(before, 'counter_1.db'), [counter('jobs', 9), counter('gone', 1)]);
    writeMetricFile(join(after, 'counter_1.db'), [counter('jobs', 2), counter('new', 1)]);
    const { exitCode, stdout } = await promfold(['diff', before, after]);
    assert.equal(exitCode, 1);
    const lines = stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
    assert.deepEqual(lines, [
      'BEFORE AFTER DELTA SERIES',
      '- 1 gone_total',
      '+ 1 new_total',
      '! 9 2 -7 jobs_total',
      '1 series added, 1 removed, 1 changed, 1 of them went back (!), 0 the same',
      '',
    ]);
  });

  it('keep a series whole on 80 columns, and a histogram on one row', {
    skip: !existsSync('/usr/bin/script'),
  }, async () => {
    const labels = { method: 'GET', path: '/a/rather/long/path/of/an/api', code: '200' };
    const took = (value: number, sum: number) => [
      { family: 'took_seconds', sampleName: 'took_seconds_sum', labels, value: sum },
      ...['0.1', '1.0', '+Inf'].map((le, i) => ({
        family: 'took_seconds',
        sampleName: 'took_seconds_bucket',
        labels: { ...labels, le },
        value: i === 0 ? value : 0,
      })),
    ];
    const [before, after] = [tempDirectory(), tempDirectory()];
    for (const [directory, factor] of [
      [before, 1],
      [after, 1.3],
    ] as const) {
      const total = 0.123456789 * factor;
      writeMetricFile(join(directory, 'counter_1.db'), [
        counter('http_requests_seconds', total, labels),
      ]);
      writeMetricFile(join(directory, 'histogram_1.db'), took(10 * factor, 0.05 * factor));
    }
    const command = `stty rows 24 cols 80; '${process.execPath}' '${MAIN}' diff '${before}' '${after}'`;
    const { stdout } = await run('script', ['-qec', command, '/dev/null']);
    assert.deepEqual(stdout.trimEnd().split('\r\n'), [
      '   BEFORE   AFTER    DELTA  SERIES',
      '~  0.1235  0.1605  +0.0370  http_requests_seconds_total{code="200",method="GET",',
      '                            path="/a/rather/long/path/of/an/api"}',
      '',
      '   BEFORE  AFTER  DELTA  MEAN    P99  HISTOGRAM',
      '~      10     13     +3  5 ms  99 ms  took_seconds{code="200",method="GET",',
      '                                      path="/a/rather/long/path/of/an/api"}',
      '0 series added, 0 removed, 2 changed, 0 the same; a histogram counts as one',
    ]);
  });

  it('print the same as JSON', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', Number.POSITIVE_INFINITY)]);
    const empty = tempDirectory();
    const { exitCode, stdout } = await promfold(['diff', '--json', empty, directory]);
    assert.equal(exitCode, 1);
    assert.deepEqual(JSON.parse(stdout), {
      before: empty,
      after: directory,
      added: [{ series: 'jobs_total', type: 'counter', after: '+Inf' }],
      removed: [],
      changed: [],
      same: 0,
      wentBack: 0,
      counts: { added: 1, removed: 0, changed: 0, wentBack: 0, same: 0 },
      damagedFiles: { before: 0, after: 0 },
      histograms: { changed: [], same: 0 },
      ownSeries: 0,
    });
  });

  const wrong: [title: string, args: string[], line: RegExp][] = [
    ['one operand', ['diff', '/'], /: B is missing; see promfold diff --help$/m],
    ['a directory that is not there', ['diff', '/no/such', '/'], /\/no\/such: no such directory/],
    ['a snapshot without a file', ['snapshot', '/'], /--output: expected a file or -/],
    [
      'processes by another word',
      ['diff', '--by', 'x', '/', '/'],
      /--by: expected process, got 'x'/,
    ],
  ];
  for (const [title, args, line] of wrong) {
    it(`refuse ${title} in one line, with 2`, async () => {
      const { exitCode, stdout, stderr } = await promfold(args);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, /^[^\n]+\n$/);
      assert.match(stderr, line);
    });
  }

  it('leave nothing where the directory cannot be read', async () => {
    const file = join(tempDirectory(), 'a.tar.gz');
    const { exitCode } = await promfold(['snapshot', '/no/such', '-o', file]);
    assert.deepEqual([exitCode, existsSync(file)], [2, false]);
  });

  it('refuse a gzip of something else', async () => {
    const file = join(tempDirectory(), 'a.tar.gz');
    writeFileSync(file, Buffer.from([0x1f, 0x8b, 8, 0, 0]));
    const { exitCode, stderr } = await promfold(['diff', file, '/']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /not a snapshot of promfold: .* \[FILE_UNREADABLE\]\n$/);
  });
});
