/**
 * --metrics.include, --metrics.exclude and --label: against what NVIDIA Dynamo's own code makes of a
 * directory, and where they meet what Dynamo does not have.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { PlanRules } from '../../src/plan/plan.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { promfold } from '../support/cli.js';
import { OPENMETRICS, TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN } from '../support/paths.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';

const CASE = `${GOLDEN}/dynamo-worker`;

interface Parameters {
  readonly include: string[];
  readonly exclude: string[];
  readonly labels: Record<string, string>;
}

const { dynamo } = JSON.parse(readFileSync(`${CASE}/meta.json`, 'utf8')) as {
  dynamo: Record<string, Parameters>;
};

const open: Scraper[] = [];
after(() => Promise.all(open.map((scraper) => scraper.close())));

function scraperOf(directory: string, rules: PlanRules): Scraper {
  const scraper = new Scraper(directory, { rules });
  open.push(scraper);
  return scraper;
}

const rulesOf = ({ include = [], exclude = [], labels = {} }: Partial<Parameters>): PlanRules => ({
  prefixes: { include, exclude },
  labels: { fixed: Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)) },
});

describe("Dynamo's own code", () => {
  for (const [file, parameters] of Object.entries(dynamo)) {
    const expected = readFileSync(`${CASE}/${file}`, 'utf8');

    it(`prints the same: ${file}`, async () => {
      const scraper = scraperOf(`${CASE}/files`, rulesOf(parameters));
      const page = String(await scraper.scrape({ dialect: TEXT }));
      assertSameLines(page, expected, file);
      assert.deepEqual(faultsOf(page, false), []);
      assert.deepEqual(scraper.problems(), []);
      const openMetrics = String(await scraper.scrape({ dialect: OPENMETRICS }));
      assert.deepEqual(faultsOf(openMetrics, true), []);
    });

    it(`prints the same on the command line: ${file}`, async () => {
      const { include, exclude, labels } = parameters;
      const { stdout, stderr, exitCode } = await promfold([
        'scrape',
        `${CASE}/files`,
        ...include.map((prefix) => `--metrics.include=${prefix}`),
        ...exclude.map((prefix) => `--metrics.exclude=${prefix}`),
        ...Object.entries(labels).map((label) => `--label=${label.join('=')}`),
      ]);
      assert.equal(exitCode, 0, stderr);
      assertSameLines(stdout, expected, file);
    });
  }
});

describe('what is left out', () => {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('a_kept', 1), counter('b_gone', 2)]);
  writeMetricFile(join(directory, 'gauge_all_1.db'), [gauge('b_also', 3)]);
  writeMetricFile(join(directory, 'gauge_sum_1.db'), [gauge('b_also', 3)]);

  it('is not folded, not printed, no series and no problem', async () => {
    const scraper = scraperOf(directory, rulesOf({ exclude: ['b_'] }));
    const page = String(await scraper.scrape({ dialect: TEXT }));
    assert.equal(page, '# HELP a_kept_total help\n# TYPE a_kept_total counter\na_kept_total 1.0\n');
    assert.deepEqual(scraper.problems(), []);
  });

  it('is tracked all the same: what comes later is selected by the same rule', async () => {
    const scraper = scraperOf(directory, rulesOf({ include: ['a_'] }));
    await scraper.scrape({ dialect: TEXT });
    writeMetricFile(join(directory, 'counter_2.db'), [counter('a_new', 5), counter('b_new', 6)]);
    const page = String(await scraper.scrape({ dialect: TEXT }));
    assert.match(page, /^a_new_total 5\.0$/m);
    assert.doesNotMatch(page, /b_/);
  });

  it('is still looked at for damage', async () => {
    const damaged = tempDirectory();
    writeFileSync(join(damaged, 'counter_1.db'), 'no metric file at all');
    const scraper = scraperOf(damaged, rulesOf({ include: ['nothing'] }));
    assert.equal(String(await scraper.scrape({ dialect: TEXT })), '');
    assert.deepEqual(
      scraper.problems().map(({ code }) => code),
      ['FILE_CORRUPT'],
    );
  });
});

describe('an added label', () => {
  it('that makes two series one line leaves the later, and says so', async () => {
    const directory = tempDirectory();
    const entries = [counter('n', 1), counter('n', 2, { pod: 'x' }), counter('n', 4, { pod: 'y' })];
    writeMetricFile(join(directory, 'counter_1.db'), entries);
    const scraper = scraperOf(directory, rulesOf({ labels: { pod: 'x' } }));
    const page = String(await scraper.scrape({ dialect: TEXT }));
    assert.deepEqual(page.split('\n').slice(2, -1), [
      'n_total{pod="x"} 2.0',
      'n_total{pod="y"} 4.0',
    ]);
    assert.deepEqual(
      scraper.problems().map(({ code }) => code),
      ['SERIES_IDENTICAL'],
    );
  });

  it('is escaped as any other', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('n', 1)]);
    const scraper = scraperOf(directory, rulesOf({ labels: { a: 'say "x"\n\\' } }));
    const page = String(await scraper.scrape({ dialect: TEXT }));
    assert.match(page, /^n_total\{a="say \\"x\\"\\n\\\\"\} 1\.0$/m);
  });
});
