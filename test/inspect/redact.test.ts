/** `--redact`: no value of the label is in what is written, and series add up as before. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { explain } from '../../src/inspect/explain/explain.js';
import { readPath } from '../../src/inspect/read-directory.js';
import { Selector } from '../../src/inspect/selector.js';
import { promfold } from '../support/cli.js';
import {
  counter,
  entryBytes,
  int32,
  type Layout,
  overwrite,
  writeMetricFile,
} from '../support/metric-file.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { tempDirectory } from '../support/temp.js';

const SECRET = 'alice@example.org';

let directory = '';
before(() => {
  directory = tempDirectory();
  const layouts: Layout[] = ['dict4-16', 'dict4-8', 'dict3-8', 'list4-8'];
  for (const [pid, layout] of layouts.entries()) {
    const labels = (user: string) => ({ path: '/a', user });
    writeMetricFile(
      join(directory, `counter_${pid}.db`),
      [
        counter('jobs', 1 + pid, labels(SECRET)),
        counter('jobs', 10, labels('bob')),
        counter('jobs', 100, labels('')),
      ],
      { layout },
    );
  }
});

/** Values by user. */
async function jobsIn(path: string): Promise<[user: string | undefined, value: number][]> {
  const { series } = explain(await readPath(path), new Selector('jobs_total'));
  return [...series].map(({ labels, value }) => [labels.user, value!]);
}

describe('--redact', () => {
  it('hides a label in a snapshot, in all layouts', async () => {
    const output = join(tempDirectory(), 'a.tar.gz');
    const { exitCode } = await promfold(['snapshot', '--redact=user', directory, '-o', output]);
    assert.equal(exitCode, 0);
    const bytes = gunzipSync(readFileSync(output)).toString('latin1');
    assert.ok(!bytes.includes('alice') && !bytes.includes('bob'));
    const [plain, hashed] = [await jobsIn(directory), await jobsIn(output)];
    assert.deepEqual(
      hashed.map(([, value]) => value),
      plain.map(([, value]) => value),
    );
    assert.match(hashed[0]![0]!, /^redacted-[0-9a-f]{16}$/);
    assert.equal(new Set(hashed.map(([user]) => user)).size, plain.length);
    assert.equal(hashed[2]![0], plain[2]![0]);
  });

  it('does not pack what is damaged', async () => {
    const damaged = tempDirectory();
    const path = join(damaged, 'counter_1.db');
    writeMetricFile(path, [
      counter('jobs', 1, { user: 'bob' }),
      counter('hits', 1, { user: SECRET }),
    ]);
    overwrite(path, 0, int32(1 << 20));
    writeMetricFile(join(damaged, 'counter_2.db'), [counter('jobs', 2, { user: 'bob' })]);
    const output = join(damaged, 'a.tar.gz');
    await promfold(['snapshot', '--redact=user', damaged, '-o', output]);
    const bytes = gunzipSync(readFileSync(output)).toString('latin1');
    assert.ok(!bytes.includes('alice') && !bytes.includes('bob'));
    const { files } = await readPath(output);
    assert.deepEqual(
      files.map(({ name, fault }) => [name, fault?.code]),
      [
        ['counter_1.db', 'FILE_CORRUPT'],
        ['counter_2.db', undefined],
      ],
    );
  });

  it('hides a label in an export, with another hash each time', async () => {
    const recorder = new DirectoryRecorder(directory);
    await recorder.tick(1_772_330_400);
    const recording = join(tempDirectory(), 'a.rec');
    writeFileSync(recording, recorder.appended);
    const [first, second] = await Promise.all([
      promfold(['export', '--redact=user', recording]),
      promfold(['export', '--redact=user', recording]),
    ]);
    assert.match(
      first.stdout,
      /^jobs_total\{path="\/a",user="redacted-[0-9a-f]{16}"\} 10\.0 1772330400\.000$/m,
    );
    assert.ok(!first.stdout.includes('alice') && !first.stdout.includes('bob'));
    assert.notEqual(first.stdout, second.stdout);
  });

  it('hides a label in what record writes, and leaves out keys that are not understood', async () => {
    const written = tempDirectory();
    writeMetricFile(join(written, 'counter_1.db'), [
      counter('jobs', 1, { path: '/a', user: SECRET }),
      counter('jobs', 10, { path: '/a', user: 'bob' }),
    ]);
    const odd = Buffer.concat([
      Buffer.alloc(8),
      entryBytes(16, `["jobs", "jobs_total", {"user": "${SECRET}"`, 3),
    ]);
    odd.writeInt32LE(odd.length, 0);
    writeFileSync(join(written, 'counter_2.db'), odd);
    const output = join(tempDirectory(), 'a.rec');
    const args = ['record', '--redact=user', '--for=400ms', '--interval=100ms', written];
    const { exitCode, stderr } = await promfold([...args, '-o', output]);
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /--redact/);
    const bytes = readFileSync(output).toString('latin1');
    assert.ok(!bytes.includes('alice') && !bytes.includes('bob'));
    const jobs = await jobsIn(output);
    assert.deepEqual(
      jobs.map(([, value]) => value),
      [1, 10],
    );
    for (const [user] of jobs) assert.match(user!, /^redacted-[0-9a-f]{16}$/);
  });

  it('says after a recording that no series had the label', async () => {
    const output = join(tempDirectory(), 'a.rec');
    const args = ['record', '--redact=usr', '--for=200ms', '--interval=100ms', directory];
    const { exitCode, stderr } = await promfold([...args, '-o', output]);
    assert.equal(exitCode, 0);
    assert.match(stderr, /--redact: no series had the label 'usr'/);
  });

  it('of a label that there is not is refused: it may be misspelled', async () => {
    const { exitCode, stderr } = await promfold(['snapshot', '--redact=usr', directory, '-o', '-']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--redact: expected a label that a series has, got 'usr'$/m);
  });
});
