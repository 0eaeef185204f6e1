/** The memory of a page is freed when all who received it have released it, not before. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { releaseBody } from '../../../src/native.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { OPENMETRICS, TEXT } from '../../support/dialect.js';
import { counter, writeMetricFile } from '../../support/metric-file.js';
import { tempDirectory } from '../../support/temp.js';

describe('a released page', () => {
  const plain = { dialect: TEXT };
  let directory: string;
  let scraper: Scraper;

  beforeEach(() => {
    directory = tempDirectory();
    const entries = Array.from({ length: 5000 }, (_, i) => counter('c', i, { i: `${i}` }));
    writeMetricFile(join(directory, 'counter_1.db'), entries);
    scraper = new Scraper(directory);
  });

  afterEach(() => scraper.close());

  it('is empty, once all who share it have released it', async () => {
    const [one, other, more] = await Promise.all([
      scraper.scrape(plain),
      scraper.scrape(plain),
      scraper.scrape({ dialect: OPENMETRICS }),
    ]);
    assert.equal(one, other);
    const text = String(one);
    scraper.release(one);
    assert.equal(String(one), text);
    scraper.release(one);
    assert.equal(one.length, 0);
    scraper.release(one);
    assert.match(String(more), /# EOF\n$/);
  });

  it('does not stop the next one', async () => {
    const first = await scraper.scrape(plain);
    const text = String(first);
    scraper.release(first);
    assert.equal(String(await scraper.scrape(plain)), text);
  });

  it('is independent of its compressed form', async () => {
    const [gzipped, page] = await Promise.all([
      scraper.scrape({ ...plain, gzip: true }),
      scraper.scrape(plain),
    ]);
    const text = String(page);
    assert.equal(String(gunzipSync(gzipped)), text);
    scraper.release(gzipped);
    assert.equal(String(gunzipSync(gzipped)), text);
    assert.equal(String(page), text);
    scraper.release(page);
    assert.equal(page.length, 0);
    assert.equal(String(gunzipSync(gzipped)), text);
  });

  it('leaves nothing for the garbage collection to find', async () => {
    const { length } = await scraper.scrape(plain);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20; i++) scraper.release(await scraper.scrape(plain));
    assert.ok(process.memoryUsage().arrayBuffers - before < 3 * length);
  });

  it('is ignored where the addon did not make it', () => {
    const pooled = Buffer.from('pooled with others');
    releaseBody(pooled);
    assert.equal(String(pooled), 'pooled with others');
    assert.throws(() => releaseBody('text' as never), /expected a body as a Buffer/);
  });
});

describe('pages of several directories', () => {
  it('are joined, and the parts are released', async () => {
    const named = ['a', 'b'].map((name) => {
      const directory = tempDirectory();
      const entries = Array.from({ length: 2000 }, (_, i) => counter('c', i, { i: `${i}` }));
      writeMetricFile(join(directory, 'counter_1.db'), entries);
      return { name, directory };
    });
    const scraper = new Scraper(named);
    try {
      const first = String(await scraper.scrape({ dialect: TEXT }));
      assert.equal(first.split('\n').length, 2 + 4000 + 1);
      for (let i = 0; i < 5; i++) {
        const page = await scraper.scrape({ dialect: TEXT });
        assert.equal(String(page), first);
        scraper.release(page);
      }
    } finally {
      await scraper.close();
    }
  });
});
