/**
 * 130,000 series in one family, in every way that a directory can have them: as many as arguments of a call
 * overflow V8's stack.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { OPENMETRICS, TEXT } from '../support/dialect.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const SERIES = 130_000;

const counters = (from: number, to: number): TestEntry[] =>
  Array.from({ length: to - from }, (_, i) => counter('jobs', 1, { n: String(from + i) }));

function directoryOf(files: Readonly<Record<string, readonly TestEntry[]>>): string {
  const directory = tempDirectory();
  for (const [name, entries] of Object.entries(files)) {
    writeMetricFile(join(directory, name), entries);
  }
  return directory;
}

/** Sample lines of the first scrape, and of a second one in another dialect; the longest pause meanwhile. */
async function linesOf(scraper: Scraper, prefix: string): Promise<[number, number, number]> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const counts: number[] = [];
  for (const dialect of [TEXT, OPENMETRICS]) {
    const page = await scraper.scrape({ dialect });
    let lines = 0;
    for (const line of page.toString().split('\n')) if (line.startsWith(prefix)) lines++;
    counts.push(lines);
  }
  delay.disable();
  return [counts[0]!, counts[1]!, delay.max / 1e6];
}

describe('130,000 series in one family', () => {
  const buckets = (sets: number): TestEntry[] =>
    Array.from({ length: sets }, (_, set) =>
      Array.from({ length: 10 }, (_, le) => ({
        family: 'h',
        sampleName: 'h_bucket',
        labels: { le: le === 9 ? '+Inf' : String(le), set: String(set) },
        value: 1,
      })),
    ).flat();
  const gauges = Array.from({ length: SERIES / 10 }, (_, i) => gauge('g', i, 0, { n: String(i) }));
  // Of the histogram each label set gets a count, too.
  const cases: [string, Record<string, readonly TestEntry[]>, string, number][] = [
    ['one file', { 'counter_1.db': counters(0, SERIES) }, 'jobs_total{', SERIES],
    [
      'two halves',
      {
        'counter_1.db': counters(0, SERIES / 2),
        'counter_2.db': counters(SERIES / 2, SERIES),
      },
      'jobs_total{',
      SERIES,
    ],
    ['one histogram', { 'histogram_1.db': buckets(SERIES / 10) }, 'h_', (SERIES * 11) / 10],
    [
      'gauges of mode all',
      Object.fromEntries(
        Array.from({ length: 10 }, (_, pid) => [`gauge_all_${pid + 1}.db`, gauges] as const),
      ),
      'g{',
      SERIES,
    ],
  ];
  for (const [title, files, prefix, expected] of cases) {
    it(`are served from ${title}`, async () => {
      const scraper = new Scraper(directoryOf(files));
      try {
        const [text, openMetrics] = await linesOf(scraper, prefix);
        assert.deepEqual([text, openMetrics], [expected, expected]);
        assert.deepEqual(scraper.problems(), []);
      } finally {
        await scraper.close();
      }
    });
  }

  it('are served of one source of two', async () => {
    const scraper = new Scraper([
      { name: 'big', directory: directoryOf({ 'counter_1.db': counters(0, SERIES) }) },
      { name: 'small', directory: directoryOf({ 'counter_1.db': counters(0, 1) }) },
    ]);
    try {
      const [text, openMetrics] = await linesOf(scraper, 'jobs_total{');
      assert.deepEqual([text, openMetrics], [SERIES + 1, SERIES + 1]);
    } finally {
      await scraper.close();
    }
  });

  it('leave the event loop free', async () => {
    const scraper = new Scraper(directoryOf({ 'counter_1.db': counters(0, SERIES) }));
    try {
      const [, , pauseMs] = await linesOf(scraper, 'jobs_total{');
      // The test itself splits pages of 4 MB; the bar of the benchmark is 50 ms.
      assert.ok(pauseMs < 1_000, `${pauseMs} ms`);
    } finally {
      await scraper.close();
    }
  });
});
