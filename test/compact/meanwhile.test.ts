/** What a process does between the look at a directory and its compaction. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { counter, fileBytes, overwrite, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

function directoryWith(files: Readonly<Record<string, Parameters<typeof writeMetricFile>[1]>>) {
  const directory = join(tempDirectory(), 'prom');
  mkdirSync(directory);
  for (const [name, entries] of Object.entries(files)) {
    writeMetricFile(join(directory, name), entries, { sizeBytes: 4096 });
  }
  return directory;
}

const total = async (directory: string): Promise<string | undefined> => {
  const { stdout } = await promfold(['scrape', directory]);
  return /^jobs_total (.*)$/m.exec(stdout)?.[1];
};

describe('a file without entries', () => {
  it('is removed', async () => {
    const directory = directoryWith({ 'counter_70001.db': [], 'counter_70002.db': [] });
    const { removed, outcome } = await compactAsIf(directory);
    assert.deepEqual([removed[0]?.kind, removed[0]?.files], ['empty', 2]);
    assert.deepEqual([outcome?.folded, outcome?.removed], [0, 2]);
    assert.deepEqual(readdirSync(directory), ['.promfold-compaction']);
  });

  it('keeps the numbers of a process that took over its id, and ended', async () => {
    const directory = directoryWith({
      'counter_70001.db': [],
      'counter_70002.db': [],
      'counter_70003.db': [counter('jobs', 7)],
      'counter_70004.db': [counter('jobs', 9)],
    });
    const fill = () =>
      overwrite(
        join(directory, 'counter_70001.db'),
        0,
        fileBytes('dict4-16', [counter('jobs', 5)]),
      );
    const { outcome } = await compactAsIf(directory, () => true, fill);
    assert.equal(await total(directory), '21.0');
    assert.deepEqual([outcome?.folded, outcome?.removed], [3, 1]);
    assert.equal(readdirSync(directory).filter((name) => name.startsWith('counter_')).length, 2);
    // The next one makes one archive of the two.
    await compactAsIf(directory);
    assert.equal(await total(directory), '21.0');
    assert.equal(readdirSync(directory).filter((name) => name.startsWith('counter_')).length, 1);
  });

  it('stays where an older client wrote to it', async () => {
    const directory = directoryWith({ 'counter_70001.db': [], 'counter_70002.db': [] });
    const path = join(directory, 'counter_70001.db');
    const old = fileBytes('dict3-8', [counter('jobs', 5)]);
    const { kept } = await compactAsIf(
      directory,
      () => true,
      () => overwrite(path, 0, old),
    );
    assert.deepEqual(
      kept.map(({ reason, example }) => [reason, example]),
      [['replaced', 'counter_70001.db']],
    );
    assert.equal(await total(directory), '5.0');
  });
});
