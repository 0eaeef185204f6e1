/**
 * Metrics directories are often on tmpfs, where reading a hole through a map allocates its pages: a
 * scrape touches nothing beyond `used`, so no file ever takes more memory because it was read.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { keyText, MetricFileWriter } from '../../scripts/demo/metric-file-writer.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { mapped } from '../support/mapped.js';
import { entryBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const blocksOf = (directory: string): Record<string, number> =>
  Object.fromEntries(
    readdirSync(directory).map((name) => [name, statSync(join(directory, name)).blocks]),
  );

/** Sparse files as real clients make them, from empty to nearly full. */
function fill(directory: string): void {
  for (const entries of [0, 1, 3, 40, 300, 700, 3000]) {
    const file = new MetricFileWriter(join(directory, `counter_${entries}.db`), mapped);
    for (let i = 0; i < entries; i += 1) {
      const labels = { n: String(i) };
      file.createEntry({ family: 'jobs', sampleName: 'jobs_total', labels, help: 'help' }, 1);
    }
    file.close();
  }
  // The end of what is used is the end of a page, and nothing follows but a hole.
  const file = new MetricFileWriter(join(directory, 'counter_page.db'), mapped);
  const key = { family: 'jobs', sampleName: 'jobs_total', labels: {} };
  let help = '';
  while (8 + entryBytes(16, keyText({ ...key, help }), 0).length < 4096) help += 'x';
  file.createEntry({ ...key, help }, 1);
  assert.equal(file.usedBytes, 4096);
  file.close();
}

describe('a directory on tmpfs', () => {
  for (const [title, options] of [
    ['mapped', {}],
    ['read without maps', { mapLimit: 0 }],
  ] as const) {
    it(`takes no block more for being scraped, ${title}`, async () => {
      const directory = join(tempDirectory('/dev/shm'), 'prom');
      mkdirSync(directory);
      fill(directory);
      const before = blocksOf(directory);
      const scraper = new Scraper(directory, options);
      try {
        for (let i = 0; i < 5; i += 1) await scraper.scrape({ dialect: TEXT });
        assert.deepEqual(blocksOf(directory), before);

        // The same for files that are found bad, and for a truncated one.
        writeFileSync(join(directory, 'counter_bad.db'), Buffer.from([0xf8, 0xff, 0, 0]));
        const withBad = blocksOf(directory);
        for (let i = 0; i < 3; i += 1) await scraper.scrape({ dialect: TEXT });
        assert.deepEqual(blocksOf(directory), withBad);
      } finally {
        await scraper.close();
      }
    });
  }
});
