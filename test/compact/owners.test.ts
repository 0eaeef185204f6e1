/** Files of several users in one directory: each user has archives of their own, and compacting again changes nothing. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { CompactionReport } from '../../src/compact/compact-directory.js';
import { promfold } from '../support/cli.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const asRoot = { skip: process.getuid!() === 0 ? false : 'needs root' };

const OTHER = 65_534;

/** Files of one entry; every nth belongs to another user. */
function fill(files: number, nth: number): string {
  const directory = join(tempDirectory(), 'prom');
  mkdirSync(directory);
  for (let i = 0; i < files; i++) {
    const path = join(directory, `counter_${70_000 + i}.db`);
    writeMetricFile(path, [counter('jobs', 1)], { sizeBytes: 4096 });
    if (i % nth === 0) chownSync(path, OTHER, OTHER);
  }
  return directory;
}

const archivesOf = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.includes('-promfold-'));

const uidOf = (directory: string, name: string): number => statSync(join(directory, name)).uid;

async function total(directory: string): Promise<string | undefined> {
  const { stdout } = await promfold(['scrape', directory]);
  return /^jobs_total (.*)$/m.exec(stdout)?.[1];
}

describe('a directory with files of two users', asRoot, () => {
  it('gets an archive for each, and is compacted then', async () => {
    const directory = fill(9, 3);
    const { outcome, kept } = await compactAsIf(directory);
    assert.deepEqual([outcome?.folded, outcome?.archives.length, kept], [9, 2, []]);
    const archives = archivesOf(directory);
    assert.deepEqual(archives.map((name) => uidOf(directory, name)).sort(), [0, OTHER]);
    assert.equal(await total(directory), '9.0');

    const { ino } = statSync(directory);
    const again = await compactAsIf(directory);
    assert.deepEqual(
      again.kept.map(({ reason, files }) => [reason, files]),
      [['archive', 2]],
    );
    assert.deepEqual([again.outcome?.folded, again.outcome?.passes], [0, 0]);
    assert.deepEqual(archivesOf(directory), archives);
    // Nothing was exchanged.
    assert.equal(statSync(directory).ino, ino);
  });

  it('is compacted to the end where not all files can be open at once', async () => {
    const directory = fill(300, 2);
    const child = `${ROOT}/dist/test/support/compact-child.js`;
    const limited = ['60', 'prlimit', '--nofile=200', process.execPath, child, directory];
    const { stdout, stderr, exitCode } = await run('timeout', limited);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const { outcome } = JSON.parse(stdout) as CompactionReport;
    assert.ok(outcome!.passes > 2);
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.db')).length, 2);
    assert.equal(outcome!.archives.length, 2);
    assert.equal(await total(directory), '300.0');
  });
});
