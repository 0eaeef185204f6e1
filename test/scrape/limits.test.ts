/**
 * What happens beyond a limit: the file that exceeds it is left out and reported, and nothing else is
 * affected.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ChosenLimit, type Quantity, UNLIMITED, withChosen } from '../../src/plan/budget.js';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import type { ScraperOptions } from '../../src/scrape/scrape-run.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const limit = (quantity: Quantity, amount: number, scope?: ChosenLimit['scope']) =>
  withChosen(UNLIMITED, [{ scope, quantity, amount }]);

class Bench {
  readonly directory = tempDirectory();
  readonly scraper: Scraper;
  readonly log: string[] = [];

  constructor(options: ScraperOptions) {
    const write = (message: string, fields: Record<string, unknown>) =>
      this.log.push(`${message} ${fields.path ?? ''}`);
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const log = { warn: write, info: write };
    this.scraper = new Scraper(this.directory, { selfMetrics, log, ...options });
  }

  static async use(options: ScraperOptions, work: (bench: Bench) => Promise<void>): Promise<void> {
    const bench = new Bench(options);
    try {
      await work(bench);
    } finally {
      await bench.scraper.close();
    }
  }

  write(name: string, entries: readonly TestEntry[]): void {
    writeMetricFile(join(this.directory, name), entries);
  }

  remove(name: string): void {
    rmSync(join(this.directory, name));
  }

  async scrape(): Promise<ReadonlyMap<string, number>> {
    return valuesOf(String(await this.scraper.scrape({ dialect: TEXT })));
  }

  /** `BUDGET_EXCEEDED counter_2.db: …`. */
  problems(): string[] {
    return this.scraper
      .problems()
      .map(({ code, path, found }) => `${code} ${path.slice(this.directory.length + 1)}: ${found}`);
  }
}

const series = (family: string, count: number) =>
  Array.from({ length: count }, (_, i) => counter(family, i + 1, { n: String(i) }));

/** counter_1.db is within the limit that counter_2.db goes beyond. */
const FIRST = series('first', 10);

describe('beyond a limit', () => {
  // What the second file has at the limit, one above it, and what is said then.
  const cases: [Quantity, number, TestEntry[], TestEntry[], RegExp][] = [
    ['series', 15, series('second', 5), series('second', 6), /needs more than 15 series/],
    [
      'families',
      3,
      [counter('b', 1), counter('c', 1)],
      [counter('b', 1), counter('c', 1), counter('d', 1)],
      /needs more than 3 families/,
    ],
    [
      'label-names',
      3,
      [counter('b', 1, { n: '1', o: '1', p: '1' })],
      [counter('b', 1, { n: '1', o: '1', p: '1', q: '1' })],
      /needs more than 3 label names/,
    ],
    ['entries', 15, series('second', 5), series('second', 6), /6 entries, .* leaves room for 5/],
  ];
  for (const [quantity, amount, within, beyond, found] of cases) {
    it(`of ${quantity}, a file is left out whole, and the one before it is served`, async () => {
      const limits = limit(quantity, amount, 'source');
      await Bench.use({ limits }, async (bench) => {
        bench.write('counter_1.db', FIRST);
        bench.write('counter_2.db', within);
        const all = await bench.scrape();
        assert.deepEqual(bench.problems(), []);
        assert.ok(
          [...all.keys()].some((key) => !key.startsWith('first') && !/^promfold/.test(key)),
        );
      });
      await Bench.use({ limits }, async (bench) => {
        bench.write('counter_1.db', FIRST);
        bench.write('counter_2.db', beyond);
        const served = await bench.scrape();
        assert.equal([...served.keys()].filter((key) => key.startsWith('first_total')).length, 10);
        assert.ok(![...served.keys()].some((key) => /^(second|b|c|d)_total/.test(key)));
        const problems = bench.problems();
        assert.equal(problems.length, 1, problems.join('\n'));
        assert.match(problems[0]!, /^BUDGET_EXCEEDED counter_2\.db: /);
        assert.match(problems[0]!, found);
        assert.equal(served.get(`promfold_over_budget_files{limit="${quantity}"}`), 1);
        assert.equal(served.get('promfold_over_budget_file_info{file="counter_2.db"}'), 1);
      });
    });
  }

  it('of key bytes and page bytes a file is left out as well', async () => {
    for (const quantity of ['key-bytes', 'page-bytes'] as const) {
      await Bench.use({ limits: limit(quantity, 2_000, 'source') }, async (bench) => {
        bench.write('counter_1.db', FIRST);
        bench.write('counter_2.db', [counter('second', 1, { text: 'x'.repeat(3_000) })]);
        const served = await bench.scrape();
        assert.equal(served.get('first_total{n="0"}'), 1);
        assert.equal(served.get(`promfold_over_budget_files{limit="${quantity}"}`), 1);
        assert.match(bench.problems()[0]!, /^BUDGET_EXCEEDED counter_2\.db/);
      });
    }
  });

  it('the limit for a file counts what the file alone adds', async () => {
    await Bench.use({ limits: limit('series', 10, 'file') }, async (bench) => {
      bench.write('counter_1.db', FIRST);
      bench.write('counter_2.db', [...FIRST, ...series('own', 10)]);
      bench.write('counter_3.db', series('more', 11));
      const served = await bench.scrape();
      assert.equal(served.get('first_total{n="0"}'), 2);
      assert.equal(served.get('own_total{n="9"}'), 10);
      assert.equal(served.get('more_total{n="0"}'), undefined);
      assert.match(bench.problems().join(), /counter_3\.db: needs more than 10 series, .* a file$/);
    });
  });

  it('a gauge of mode all counts once for each process', async () => {
    await Bench.use({ limits: limit('series', 25) }, async (bench) => {
      const gauges = Array.from({ length: 10 }, (_, i) => gauge('g', i, 0, { n: String(i) }));
      for (const pid of [1, 2, 3]) bench.write(`gauge_all_${pid}.db`, gauges);
      const served = await bench.scrape();
      assert.equal(served.get('g{n="0",pid="2"}'), 0);
      assert.equal(served.get('g{n="0",pid="3"}'), undefined);
      assert.match(bench.problems().join(), /gauge_all_3\.db/);
    });
  });

  it('a new file stays out, wherever its name sorts, and comes in when there is room', async () => {
    await Bench.use({ limits: limit('series', 10) }, async (bench) => {
      bench.write('counter_5.db', series('first', 6));
      assert.equal((await bench.scrape()).get('first_total{n="0"}'), 1);
      bench.write('counter_1.db', series('newcomer', 5));
      for (let i = 0; i < 2; i++) {
        const served = await bench.scrape();
        assert.equal(served.get('first_total{n="5"}'), 6);
        assert.equal(served.get('newcomer_total{n="0"}'), undefined);
      }
      assert.match(bench.problems().join(), /counter_1\.db/);
      bench.remove('counter_5.db');
      bench.write('counter_7.db', series('small', 2));
      const served = await bench.scrape();
      assert.equal(served.get('newcomer_total{n="4"}'), 5);
      assert.equal(served.get('small_total{n="1"}'), 2);
      assert.deepEqual(bench.problems(), []);
      assert.ok(
        bench.log.some((line) => /comes in at once .*counter_1\.db/.test(line)),
        `${bench.log}`,
      );
    });
  });

  it('entries that a file grows by are left out, and those it had are served', async () => {
    for (const quantity of ['series', 'entries'] as const) {
      await Bench.use({ limits: limit(quantity, 10, 'source') }, async (bench) => {
        bench.write('counter_1.db', series('first', 8));
        assert.equal((await bench.scrape()).get('first_total{n="7"}'), 8);
        bench.write('counter_1.db', series('first', 12));
        const grown = await bench.scrape();
        assert.equal(grown.get('first_total{n="7"}'), 8, quantity);
        assert.equal(grown.get('first_total{n="11"}'), undefined);
        assert.match(bench.problems()[0]!, /counter_1\.db: .*entries so far are served/);
        assert.equal(grown.get(`promfold_over_budget_files{limit="${quantity}"}`), 1);
        bench.write('counter_1.db', [
          counter('first', 100, { n: '0' }),
          ...series('first', 12).slice(1),
        ]);
        assert.equal((await bench.scrape()).get('first_total{n="0"}'), 100);
      });
    }
  });

  it('one source does not affect another', async () => {
    const limits = limit('series', 10, 'source');
    const [one, other] = [tempDirectory(), tempDirectory()];
    writeMetricFile(join(one, 'counter_1.db'), series('big', 11));
    writeMetricFile(join(other, 'counter_1.db'), series('big', 10));
    const sources = [
      { name: 'one', directory: one },
      { name: 'other', directory: other },
    ];
    const scraper = new Scraper(sources, { limits });
    try {
      const served = valuesOf(String(await scraper.scrape({ dialect: TEXT })));
      assert.equal(served.size, 10);
      assert.equal(served.get('big_total{n="9",promfold_source="other"}'), 10);
    } finally {
      await scraper.close();
    }
  });

  it('labels that come and go count only while they are there', async () => {
    await Bench.use({ limits: limit('series', 100) }, async (bench) => {
      for (let round = 0; round < 6; round++) {
        bench.write(`counter_${round}.db`, series(`round${round}`, 60));
        if (round > 0) bench.remove(`counter_${round - 1}.db`);
        const served = await bench.scrape();
        assert.equal(served.get(`round${round}_total{n="59"}`), 60, `round ${round}`);
        assert.deepEqual(bench.problems(), []);
      }
    });
  });
});
