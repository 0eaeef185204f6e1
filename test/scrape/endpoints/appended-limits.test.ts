/** --append-url: pages as large as they may be, and larger; and that the event loop stays free. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { PAGE_BUDGET } from '../../../src/expose/external-page.js';
import { AppendedPages } from '../../../src/scrape/endpoints/appended-pages.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { OPENMETRICS, TEXT } from '../../support/dialect.js';
import { LongestTurn } from '../../support/longest-turn.js';
import { counter, gauge, writeMetricFile } from '../../support/metric-file.js';
import { PageServer } from '../../support/page-server.js';
import { tempDirectory } from '../../support/temp.js';

let scraper: Scraper | undefined;
let server: PageServer | undefined;

afterEach(async () => {
  await scraper?.close();
  server?.stop();
});

async function open(page: string, directory: string, type?: string) {
  server = await PageServer.start(page, type);
  // As much time as a busy machine needs.
  const appended = new AppendedPages([server.url], { readMs: 120_000, printMs: 120_000 });
  scraper = new Scraper(directory, { appended });
  // The first scrape makes much of the directory that is not the matter here.
  await scraper.scrape({ dialect: TEXT, source: undefined, names: ['none'] });
  return { scraper, server };
}

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

/** A page of this size: what is left of it are comments. */
function filled(page: string, bytes: number): string {
  const left = bytes - Buffer.byteLength(page);
  const comment = `#${'-'.repeat(998)}\n`;
  return page + comment.repeat(Math.floor(left / 1000)) + '\n'.repeat(left % 1000);
}

const directoryOf = (entries: Parameters<typeof writeMetricFile>[1]) => {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), entries);
  return directory;
};

/** What a probe or another scrape may wait for the event loop. */
const MAX_HELD_MS = 50;

/** @returns the page, made while no turn of the event loop held it long; the best of three, since garbage is not ours */
async function scrapedFreely(from: Scraper, dialect = TEXT): Promise<string> {
  const held: number[] = [];
  for (let i = 0; i < 3; i++) {
    const longest = new LongestTurn();
    const page = await from.scrape({ dialect });
    held.push(longest.stop());
    if (held.at(-1)! <= MAX_HELD_MS) return String(page);
  }
  throw new Error(`the event loop was held for ${held.join(', ')} ms`);
}

describe('a page of 32 MiB', () => {
  const series = (i: number) =>
    `vllm:latency_seconds_bucket{engine="${i % 97}",le="${i}.5",model_name="meta-llama/Llama-3.1-8B"} ${i}.0\n`;
  const ordinary = `# TYPE vllm:latency_seconds histogram\n${many(300_000, series)}`;

  it('is served without blocking the event loop', async () => {
    const page = filled(ordinary, PAGE_BUDGET.bytes);
    const opened = await open(page, directoryOf([counter('hits', 1)]));
    const text = await scrapedFreely(opened.scraper);
    assert.deepEqual(opened.scraper.problems(), []);
    assert.ok(text.length > ordinary.length);
    assert.match(text.slice(-200), /^vllm:latency_seconds_bucket\{.*\} \d+\.0\n$/m);
    // The same series with other values are not read anew; that is faster, and as free.
    opened.server.show(page.replace(/ 7\.0$/m, ' 8.0'));
    const next = await scrapedFreely(opened.scraper, OPENMETRICS);
    assert.match(next, /le="7\.5",.*\} 8\.0$/m);
  });

  it('is joined with a family of the directory without blocking the event loop', async () => {
    const directory = tempDirectory();
    const labels = { engine: '7', model_name: 'meta-llama/Llama-3.1-8B' };
    const family = 'vllm:latency_seconds';
    writeMetricFile(join(directory, 'histogram_1.db'), [
      { family, sampleName: `${family}_bucket`, labels: { ...labels, le: '+Inf' }, value: 5 },
    ]);
    const opened = await open(filled(ordinary, PAGE_BUDGET.bytes), directory);
    const text = await scrapedFreely(opened.scraper);
    assert.deepEqual(opened.scraper.problems(), []);
    assert.equal(text.match(/^# TYPE vllm:latency_seconds /gm)!.length, 1);
    assert.deepEqual(text.match(/^.*engine="7",.*$/gm), [
      'vllm:latency_seconds_bucket{engine="7",le="+Inf",model_name="meta-llama/Llama-3.1-8B"} 5.0',
      'vllm:latency_seconds_count{engine="7",model_name="meta-llama/Llama-3.1-8B"} 5.0',
    ]);
  });

  it('is refused with a byte more', async () => {
    const opened = await open(
      filled('a 1\n', PAGE_BUDGET.bytes + 1),
      directoryOf([counter('hits', 1)]),
    );
    const text = await scrapedFreely(opened.scraper);
    assert.equal(text, '# HELP hits_total help\n# TYPE hits_total counter\nhits_total 1.0\n');
    assert.match(opened.scraper.problems()[0]!.found, /^more than 33554432 bytes$/);
  });
});

describe('a page of as many samples as there may be', () => {
  const page = (samples: number) => many(samples, (i) => `n{a="${i}"} ${i}\n`);
  const { samples } = PAGE_BUDGET;

  it('is served without blocking the event loop', async () => {
    const opened = await open(page(samples), directoryOf([counter('hits', 1)]));
    const text = await scrapedFreely(opened.scraper);
    assert.deepEqual(opened.scraper.problems(), []);
    assert.equal(text.match(/^n\{/gm)!.length, samples);
  });

  it('is refused with one more', async () => {
    const opened = await open(page(samples + 1), directoryOf([counter('hits', 1)]));
    assert.match(await scrapedFreely(opened.scraper), /^hits_total 1\.0\n$/m);
    assert.equal(
      opened.scraper.problems()[0]!.found,
      `line ${samples + 1}: more than ${samples} samples`,
    );
  });
});

describe('a page of as many families as there may be', () => {
  const { families } = PAGE_BUDGET;
  const page = many(families, (i) => `# TYPE f${i} gauge\nf${i}{a="1"} 1\nf${i}{a="2"} 2\n`);

  it('is served without blocking the event loop', async () => {
    const opened = await open(page, directoryOf([counter('hits', 1)]));
    const text = await scrapedFreely(opened.scraper);
    assert.deepEqual(opened.scraper.problems(), []);
    assert.equal(text.match(/^# TYPE f/gm)!.length, families);
  });

  it('is joined with as many of the directory without blocking the event loop', async () => {
    const directory = tempDirectory();
    writeMetricFile(
      join(directory, 'gauge_max_1.db'),
      Array.from({ length: families }, (_, i) => ({ ...gauge(`f${i}`, 5), labels: { a: '1' } })),
    );
    const opened = await open(page, directory);
    const text = await scrapedFreely(opened.scraper);
    assert.deepEqual(opened.scraper.problems(), []);
    assert.equal(text.match(/^# TYPE f/gm)!.length, families);
    assert.equal(text.match(/^f\d+\{a="1"\} 5\.0\nf\d+\{a="2"\} 2\n/gm)!.length, families);
  });
});

describe('a family of 300,000 series in the directory', () => {
  it('is joined with that of a page without blocking the event loop', async () => {
    const directory = directoryOf(
      Array.from({ length: 300_000 }, (_, i) => ({
        ...counter('hits', 1),
        labels: { engine: String(i), model_name: 'meta-llama/Llama-3.1-8B' },
      })),
    );
    const both = 'hits_total{engine="7",model_name="meta-llama/Llama-3.1-8B"} 2\n';
    const page = (engine: string) =>
      `# TYPE hits_total counter\n${both}hits_total{engine="${engine}"} 3\n`;
    const opened = await open(page('x'), directory);
    for (const engine of ['x', 'y']) {
      opened.server.show(page(engine));
      const text = await scrapedFreely(opened.scraper);
      assert.deepEqual(opened.scraper.problems(), []);
      assert.equal(text.match(/^hits_total\{/gm)!.length, 300_001);
      assert.ok(text.endsWith(`\nhits_total{engine="${engine}"} 3\n`));
    }
  });
});
