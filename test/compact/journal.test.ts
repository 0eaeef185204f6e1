/** While a compaction with --readers-stopped has files moved away, and after it was killed: nobody takes the rest for all. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { promfold } from '../support/cli.js';
import { TEXT } from '../support/dialect.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const GENERATION = '0123456789abcdef';

/** As native/core/compact/journal.h has it, killed before anything was decided. */
function interrupt(directory: string): void {
  const journal = `.promfold-${GENERATION}`;
  mkdirSync(join(directory, journal), { mode: 0o700 });
  symlinkSync(`${journal}/nothing`, join(directory, `counter_-promfold-${GENERATION}.db`));
  for (const name of ['counter_70001.db', 'counter_70002.db'])
    renameSync(join(directory, name), join(directory, journal, name));
}

function fill(): string {
  const directory = join(tempDirectory(), 'prom');
  mkdirSync(directory);
  for (const [i, pid] of [70_001, 70_002, 70_003].entries())
    writeMetricFile(join(directory, `counter_${pid}.db`), [counter('jobs', 2 ** i)]);
  return directory;
}

const MOVED_AWAY =
  /files are moved away: a compaction .*; promfold compact --apply puts it in order/;

const total = async (scraper: Scraper): Promise<string | undefined> =>
  /^jobs_total (.*)$/m.exec(String(await scraper.scrape({ dialect: TEXT })))?.[1];

describe('a directory with an interrupted compaction', () => {
  for (const retainRemoved of [false, true]) {
    it(`is not served, and then as before, retaining: ${retainRemoved}`, async () => {
      const directory = fill();
      const scraper = new Scraper(directory, { retainRemoved });
      try {
        assert.equal(await total(scraper), '7.0');
        interrupt(directory);
        await assert.rejects(total(scraper), MOVED_AWAY);
        await assert.rejects(total(scraper), MOVED_AWAY);
        const { stdout } = await promfold(['compact', '--apply', directory]);
        assert.match(stdout, /what an interrupted one left was put in order/);
        assert.equal(await total(scraper), '7.0');
      } finally {
        await scraper.close();
      }
    });
  }

  it('fails commands that read it, and is put in order by compact --apply', async () => {
    const directory = fill();
    interrupt(directory);
    for (const command of ['ls', 'scrape', 'compact']) {
      const { exitCode, stderr } = await promfold([command, directory]);
      assert.equal(exitCode, 2, command);
      assert.match(stderr, MOVED_AWAY);
      assert.match(stderr, /\[DIRECTORY_UNREADABLE\]|DIRECTORY_UNREADABLE/);
    }
    await promfold(['compact', '--apply', directory]);
    const { stdout } = await promfold(['scrape', directory]);
    assert.match(stdout, /^jobs_total 7\.0$/m);
    assert.deepEqual(readdirSync(directory).length, 3);
  });
});
