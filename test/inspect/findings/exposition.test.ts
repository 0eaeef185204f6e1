/** `check` of a page in a file: names as promtool has them, many label sets, many processes, lines that come twice. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkExposition } from '../../../src/inspect/findings/exposition.js';
import { promfold } from '../../support/cli.js';
import { metricLint } from '../../support/promtool.js';
import { tempDirectory } from '../../support/temp.js';

const codes = (text: string) =>
  checkExposition('page', Buffer.from(text)).findings.map(({ code, evidence }) => [
    code,
    evidence.map((piece) => piece.text),
  ]);

const HEAD = '# HELP jobs_total help\n# TYPE jobs_total counter\n';

const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');

describe('a page in a file', () => {
  it('without faults has no findings', () => {
    assert.deepEqual(codes(`${HEAD}jobs_total{path="/"} 1\njobs_total{path="/a"} 1\n`), []);
    assert.deepEqual(codes(''), []);
  });

  it('has lines that come twice, each family once', () => {
    const text = `${HEAD}jobs_total{a="1",b="2"} 1\njobs_total{b="2",a="1"} 1\njobs_total{a="1",b="2"} 3\n`;
    assert.deepEqual(codes(text), [
      ['IDENTICAL_SERIES', ['jobs_total: 2 lines too many, such as jobs_total{a="1",b="2"}']],
    ]);
  });

  it('has many label sets: one more than a thousand, of which buckets count once', () => {
    const of = (count: number) =>
      `${HEAD}${lines(count, (i) => `jobs_total{path="/${i}",verb="GET"} 1`)}`;
    assert.deepEqual(codes(of(1000)), []);
    assert.deepEqual(codes(of(1001)), [
      ['LABEL_CARDINALITY', ['jobs_total: 1,001 label sets, 1,001 values of label path']],
    ]);
    const buckets = lines(
      600,
      (i) =>
        `lat_bucket{path="/${i}",le="1.0"} 1\nlat_bucket{path="/${i}",le="+Inf"} 1\nlat_count{path="/${i}"} 1`,
    );
    assert.deepEqual(codes(`# HELP lat help\n# TYPE lat histogram\n${buckets}`), []);
  });

  it('has many processes: one more than a hundred', () => {
    const of = (count: number) =>
      `# HELP conns help\n# TYPE conns gauge\n${lines(count, (i) => `conns{pid="${i}"} 1`)}`;
    assert.deepEqual(codes(of(100)), []);
    assert.deepEqual(codes(of(101)), [['PID_EXPLOSION', ['conns: 101 series of 101 processes']]]);
  });

  it('has the warnings of promtool about names', async () => {
    const text = [
      '# HELP request_ms help\n# TYPE request_ms gauge\nrequest_ms 1\n',
      '# TYPE helpless gauge\nhelpless{pathName="a"} 1\n',
      '# HELP ok_seconds help\n# TYPE ok_seconds histogram\nok_seconds_bucket{le="+Inf"} 1\nok_seconds_sum 1\nok_seconds_count 1\n',
      '# HELP a:b help\n# TYPE a:b counter\na:b_total 1\n',
      '# HELP jobs_total help\n# TYPE jobs_total counter\njobs_total 1\n',
      '# HELP old_total help\n# TYPE old_total gauge\nold_total{quantile="0.5"} 1\n',
    ].join('');
    const { output } = await metricLint('/usr/bin/promtool', text);
    const [[code, evidence]] = codes(text) as [[string, string[]]];
    assert.equal(code, 'LINT');
    for (const piece of evidence) {
      const [, warning, family] = /^(.*): ([\w:]+)$/.exec(piece)!;
      assert.ok(
        [family, `${family}_total`].some((name) => output.includes(`${name} ${warning}`)),
        `${piece}\n${output}`,
      );
    }
    assert.ok(evidence.length >= 5, evidence.join('\n'));
  });

  it('is read by the command, also through a pipe, and a line that is no sample is told', async () => {
    const page = join(tempDirectory(), 'metrics.prom');
    writeFileSync(page, `${HEAD}jobs_total 1\njobs_total 1\n`);
    for (const args of [
      ['check', page],
      ['check', '--format=sarif', page],
    ]) {
      const { exitCode, stdout } = await promfold(args);
      assert.equal(exitCode, 1);
      assert.match(stdout, /IDENTICAL_SERIES/);
    }
    const piped = await promfold(['check', '-'], { input: `${HEAD}jobs_total 1\n` });
    assert.deepEqual([piped.exitCode, piped.stdout], [0, '-: nothing found\n']);
    writeFileSync(page, `${HEAD}jobs_total 1\njobs_total one two\n`);
    const { exitCode, stderr } = await promfold(['check', page]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /metrics\.prom: line 4: not a sample: jobs_total one two/);
  });
});
