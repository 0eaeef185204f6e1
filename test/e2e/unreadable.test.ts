/** Files that promfold may not read, in every command: reported separately from damaged ones, with what to do. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const READER = 65_534;
const skip = process.getuid!() === 0 ? false : 'not root: another user is needed';

const DENIED = /permission denied: it belongs to uid 0 with mode 0600, promfold runs as uid 65534/;

describe('files of another user that one may not read', { skip }, () => {
  let directory: string;
  before(() => {
    directory = tempDirectory();
    chmodSync(directory, 0o755);
    for (const id of [1, 2]) {
      const file = join(directory, `counter_${id}.db`);
      writeFileSync(file, fileBytes('dict4-16', [counter('jobs', 2), counter('loops', 5)], 4096));
      chmodSync(file, id === 1 ? 0o644 : 0o600);
    }
    const damaged = join(directory, 'counter_3.db');
    writeFileSync(damaged, Buffer.alloc(64, 0xff), { mode: 0o644 });
  });

  const said = async (...args: string[]) => {
    const ended = await promfold(args, { uid: READER });
    return { ...ended, all: ended.stdout + ended.stderr };
  };

  it('are counted separately by ls', async () => {
    const { stdout } = await said('ls', directory);
    assert.match(stdout, /1 \(1 unreadable\)/);
    assert.match(stdout, /1 \(1 damaged\)/);
    assert.match(stdout, /^3 files, 1 damaged, 1 unreadable: /m);
    const { total } = JSON.parse((await said('ls', '--json', directory)).stdout);
    assert.deepEqual([total.damagedFiles, total.unreadableFiles], [2, 1]);
  });

  it('are a finding of their own in check, which says nothing of removing them', async () => {
    const { stdout } = await said('check', directory);
    const [, finding = ''] =
      /(^error UNREADABLE_FILE.*?)(?=^error|^warning|^info|\n\n)/ms.exec(stdout) ?? [];
    assert.match(finding, DENIED);
    assert.match(finding, /run promfold as their owner, or\s+change their\s+mode/);
    assert.doesNotMatch(finding, /[Rr]emove|500/);
    assert.match(stdout, /^error DAMAGED_FILE[\s\S]*counter_3\.db: used -1/m);
    assert.doesNotMatch(stdout, /DAMAGED_FILE[\s\S]*counter_2\.db[\s\S]*UNREADABLE_FILE/);
  });

  it('are counted by explain, whether or not there is such a series', async () => {
    for (const [selector, exitCode] of [
      ['jobs_total', 0],
      ['nosuch_total', 1],
    ] as const) {
      const ended = await said('explain', selector, directory);
      assert.equal(ended.exitCode, exitCode);
      assert.match(ended.all, /1 file could not be read; see promfold check/);
    }
  });

  it('are said to be not read by cat, scrape and snapshot', async () => {
    assert.match((await said('cat', directory)).stdout, /^not read \[FILE_UNREADABLE\]$/m);
    assert.match((await said('cat', directory)).stdout, DENIED);
    const scrape = await said('scrape', directory);
    assert.match(scrape.stderr, DENIED);
    assert.match(scrape.stdout, /^jobs_total 2\.0$/m);
    const target = tempDirectory();
    chownSync(target, READER, READER);
    const snapshot = await said('snapshot', '-o', join(target, 'x.tgz'), directory);
    assert.match(snapshot.stderr, /3 files, 1 of them damaged, 1 not read, of /);
  });
});
