/** `--retain-removed`: which values count after their files are removed, in which families, and what it costs. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { LivePlan } from '../../src/scrape/directory/live-plan.js';
import type { NamedDirectory } from '../../src/scrape/directory/source.js';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import type { ScraperOptions } from '../../src/scrape/scrape-run.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { OPENMETRICS, TEXT } from '../support/dialect.js';
import { faultsOf, valuesOf } from '../support/exposition.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

let scraper: Scraper | undefined;
afterEach(() => scraper?.close());

function open(
  directory: string | readonly NamedDirectory[],
  options: ScraperOptions = {},
): { scrape: () => Promise<Record<string, number>>; scraper: Scraper } {
  const opened = new Scraper(directory, { retainRemoved: true, ...options });
  scraper = opened;
  const scrape = async () => {
    const text = String(await opened.scrape({ dialect: TEXT }));
    assert.deepEqual(faultsOf(text, false), []);
    return Object.fromEntries(valuesOf(text));
  };
  return { scrape, scraper: opened };
}

const sample = (family: string, sampleName: string, value: number, labels = {}): TestEntry => ({
  family,
  sampleName,
  labels,
  value,
});

const histogram = (observed: number): TestEntry[] => [
  sample('took', 'took_sum', observed),
  sample('took', 'took_bucket', observed <= 1 ? 1 : 0, { le: '1.0' }),
  sample('took', 'took_bucket', observed <= 1 ? 0 : 1, { le: '+Inf' }),
];

const summary = (observed: number): TestEntry[] => [
  sample('size', 'size_count', 1),
  sample('size', 'size_sum', observed),
];

describe('the values of removed files', () => {
  it('are kept for every type but gauges', async () => {
    const directory = tempDirectory();
    for (const [pid, observed] of [0.5, 4].entries()) {
      const write = (kind: string, entries: readonly TestEntry[]) =>
        writeMetricFile(join(directory, `${kind}_${pid}.db`), entries);
      write('counter', [counter('jobs', observed)]);
      write('histogram', histogram(observed));
      write('summary', summary(observed));
      write('gauge_sum', [gauge('busy', 1)]);
    }
    const { scrape } = open(directory);
    const { busy, ...counts } = await scrape();
    assert.equal(busy, 2);
    assert.deepEqual(counts, {
      jobs_total: 4.5,
      took_sum: 4.5,
      'took_bucket{le="1.0"}': 1,
      'took_bucket{le="+Inf"}': 2,
      took_count: 2,
      size_count: 2,
      size_sum: 4.5,
    });
    for (const kind of ['counter', 'histogram', 'summary', 'gauge_sum']) {
      rmSync(join(directory, `${kind}_0.db`));
    }
    assert.deepEqual(await scrape(), { ...counts, busy: 1 });
    // Nobody has them any more: name, type and help stay with them.
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    assert.deepEqual(await scrape(), counts);
    const openMetrics = String(await scraper!.scrape({ dialect: OPENMETRICS }));
    assert.deepEqual(faultsOf(openMetrics, true), []);
    assert.match(openMetrics, /^# HELP took help\n# TYPE took histogram\ntook_sum/m);
    writeMetricFile(join(directory, 'counter_0.db'), [counter('jobs', 1)]);
    assert.equal((await scrape()).jobs_total, 5.5);
  });

  it('are gone with the file where nothing is retained', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const { scrape } = open(directory, { retainRemoved: false, selfMetrics });
    assert.equal((await scrape()).jobs_total, 1);
    rmSync(join(directory, 'counter_1.db'));
    const left = await scrape();
    assert.equal(left.jobs_total, undefined);
    assert.equal(left.promfold_retained_files_total, undefined);
  });

  it('are counted in a self-metric', async () => {
    const directory = tempDirectory();
    for (const name of ['counter_1.db', 'counter_2.db', 'gauge_max_1.db']) {
      writeMetricFile(join(directory, name), [counter('jobs', 1)]);
    }
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const { scrape } = open(directory, { selfMetrics });
    assert.equal((await scrape()).promfold_retained_files_total, 0);
    for (const name of ['counter_1.db', 'gauge_max_1.db']) rmSync(join(directory, name));
    const left = await scrape();
    assert.equal(left.promfold_retained_files_total, 1);
    // The retained file is not counted as one.
    assert.equal(left['promfold_metric_files{type="counter"}'], 1);
    assert.equal(left.promfold_entries, 1);
  });

  it('keep their source and the added labels', async () => {
    const named = ['a', 'b'].map((name) => ({ name, directory: tempDirectory() }));
    for (const { directory } of named) {
      writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    }
    const { scrape } = open(named);
    await scrape();
    rmSync(join(named[0]!.directory, 'counter_1.db'));
    assert.deepEqual(await scrape(), {
      'jobs_total{promfold_source="a"}': 1,
      'jobs_total{promfold_source="b"}': 1,
    });
  });

  it('are served like others where a gauge takes their name', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [gauge('jobs', 3)]);
    const opened = open(directory);
    assert.deepEqual(await opened.scrape(), { jobs: 3 });
    rmSync(join(directory, 'counter_1.db'));
    writeMetricFile(join(directory, 'gauge_max_2.db'), [gauge('jobs', 1)]);
    assert.deepEqual(await opened.scrape(), { jobs: 3 });
    const codes = opened.scraper.problems().map(({ code }) => code);
    assert.deepEqual(codes, ['FAMILY_CONFLICT']);
  });

  it('bring no problems with them', async () => {
    const directory = tempDirectory();
    const odd = [{ ...counter('odd', 1), help: '\ud800' }, counter('jobs', 2)];
    writeMetricFile(join(directory, 'counter_1.db'), odd);
    writeMetricFile(join(directory, 'histogram_1.db'), [
      sample('took', 'took_bucket', 1, { le: 'x' }),
    ]);
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const { scrape, scraper: of } = open(directory, { selfMetrics });
    assert.equal((await scrape())['promfold_skipped_entries{reason="le"}'], 1);
    const codes = () => of.problems().map(({ code }) => code);
    assert.deepEqual(codes(), ['TEXT_REPAIRED', 'KEY_UNUSABLE']);
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    const left = await scrape();
    assert.equal(left.odd_total, 1);
    assert.equal(left.jobs_total, 2);
    assert.equal(left['promfold_skipped_entries{reason="le"}'], 0);
    assert.deepEqual(codes(), []);
  });

  it('take memory by key, not by file; those that are not served take none', async () => {
    const directory = tempDirectory();
    const live = new LivePlan(directory, 100, {
      retainRemoved: true,
      rules: { prefixes: { include: [], exclude: ['dull'] }, labels: { fixed: [] } },
    });
    try {
      for (let pid = 0; pid < 30; pid++) {
        const path = join(directory, `counter_${pid}.db`);
        writeMetricFile(path, [counter('jobs', 1), counter('dull', 1), counter('more', 1)]);
        await live.update();
        rmSync(path);
        await live.update();
      }
      assert.equal(live.files.set.keyIds(0).length, 2);
      assert.equal(live.facts().retainedFiles, 30);
    } finally {
      live.close();
    }
  });

  it('stay when the plan is made anew, because most of its keys are dead', async () => {
    const directory = tempDirectory();
    const path = (name: string) => join(directory, name);
    writeMetricFile(path('counter_1.db'), [counter('jobs', 3)]);
    const { scrape } = open(directory);
    await scrape();
    rmSync(path('counter_1.db'));
    // Gauges: what they are of is not retained, and so their keys die.
    const many = Array.from({ length: 6_000 }, (_, n) => gauge('many', n, 0, { n: String(n) }));
    writeMetricFile(path('gauge_max_2.db'), many);
    assert.equal(Object.keys(await scrape()).length, 6_001);
    rmSync(path('gauge_max_2.db'));
    assert.deepEqual(await scrape(), { jobs_total: 3 });
    writeMetricFile(path('counter_1.db'), [counter('later', 1), counter('jobs', 4)]);
    assert.deepEqual(await scrape(), { jobs_total: 7, later_total: 1 });
    rmSync(path('counter_1.db'));
    assert.deepEqual(await scrape(), { jobs_total: 7, later_total: 1 });
  });
});
