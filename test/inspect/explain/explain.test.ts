/**
 * `explain` says what a scrape prints, series by series, and who holds it. Its values are held to the scraper's on
 * every golden case, and to the parts they are said to be made of.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { formatNumber } from '../../../src/format/number.js';
import { explain, nearNames } from '../../../src/inspect/explain/explain.js';
import type { ExplainedSeries, Explanation } from '../../../src/inspect/explain/explanation.js';
import { explainWindow } from '../../../src/inspect/explain/window.js';
import { readDirectory } from '../../../src/inspect/read-directory.js';
import type { Reading } from '../../../src/inspect/reading.js';
import { Selector } from '../../../src/inspect/selector.js';
import type { Liveness, Writer } from '../../../src/processes/writer.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { dialect } from '../../support/dialect.js';
import { linesOf } from '../../support/exposition.js';
import { copyOfFiles, goldenCases } from '../../support/golden-case.js';
import { gauge, type TestEntry, writeMetricFile } from '../../support/metric-file.js';
import { GOLDEN, VLLM_CORPUS } from '../../support/paths.js';
import { tempDirectory } from '../../support/temp.js';

/** Everything, and each bucket as a series of its own. */
const ALL = new Selector('{__name__=~".+",le=~".*"}');

const cases = [
  ...goldenCases(GOLDEN),
  ...(existsSync(VLLM_CORPUS) ? goldenCases(VLLM_CORPUS) : []),
];

async function printed(directory: string): Promise<Map<string, string>> {
  const scraper = new Scraper(directory);
  try {
    const body = String(await scraper.scrape({ dialect: dialect('text-1.0.0', 'allow-utf-8') }));
    const samples = linesOf(body).filter((line) => !line.startsWith('#'));
    return new Map(
      samples.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), line.slice(end + 1)];
      }),
    );
  } finally {
    await scraper.close();
  }
}

function assertAddsUp({ series, operation, value, shares }: ExplainedSeries): void {
  const deciders = shares.filter(({ decides }) => decides);
  if (value === undefined) {
    assert.deepEqual(deciders, [], series);
    return;
  }
  if (operation !== 'sum') {
    assert.equal(deciders.length, 1, series);
    assert.ok(Object.is(deciders[0]!.value, value), series);
    return;
  }
  const sum = shares.reduce((total, share) => total + share.value, 0);
  const isNear = Math.abs(sum - value) <= 1e-12 * shares.reduce((t, s) => t + Math.abs(s.value), 0);
  assert.ok(Object.is(sum, value) || isNear, `${series}: ${sum} is not ${value}`);
  if (shares.some(({ percent }) => percent !== undefined)) {
    const percent = shares.reduce((total, share) => total + share.percent!, 0);
    assert.ok(Math.abs(percent - 100) < 1e-9, `${series}: ${percent}%`);
  }
}

describe('explain', () => {
  for (const golden of cases) {
    it(`says what a scrape prints of ${golden.name}, and its shares add up`, async () => {
      const directory = copyOfFiles(golden);
      const series = [...explain(await readDirectory(directory), ALL).series];
      const samples = series.filter(({ value }) => value !== undefined);
      const said = new Map(samples.map((sample) => [sample.series, formatNumber(sample.value!)]));
      assert.deepEqual(
        Object.fromEntries([...said].sort()),
        Object.fromEntries([...(await printed(directory))].sort()),
      );
      for (const explained of series) assertAddsUp(explained);
    });
  }

  it('finds each series by the name it gives it', async () => {
    for (const name of ['utf8-names', 'strings', 'identifiers', 'label-le', 'colons']) {
      const reading = await readDirectory(join(GOLDEN, name, 'files'));
      for (const { series } of explain(reading, ALL).series) {
        const selector = new Selector(series);
        const found = [...explain(reading, selector).series].map((explained) => explained.series);
        assert.ok(found.includes(series), series);
      }
    }
  });
});

const NOW = 1_700_000_000;

/** A reading of files made for it, with processes of which this is known. */
async function readingOf(
  files: Readonly<Record<string, readonly TestEntry[]>>,
  known: Readonly<Record<string, Liveness | Partial<Writer>>> = {},
): Promise<Reading> {
  const directory = tempDirectory();
  for (const [name, entries] of Object.entries(files))
    writeMetricFile(join(directory, name), entries);
  const writers = new Map(
    Object.entries(known).map(([processId, facts]) => {
      const unseen = {
        pid: undefined,
        role: undefined,
        program: undefined,
        startSeconds: undefined,
      };
      const own = typeof facts === 'string' ? { liveness: facts } : facts;
      return [processId, { processId, liveness: 'alive' as const, ...unseen, ...own }];
    }),
  );
  return { ...(await readDirectory(directory)), takenAtSeconds: NOW, writers };
}

const one = (explanation: Explanation): ExplainedSeries => explanation.series.at(0)!;

describe('when a number misleads, explain', () => {
  const cases: [
    title: string,
    files: Readonly<Record<string, readonly TestEntry[]>>,
    known: Readonly<Record<string, Liveness | Partial<Writer>>>,
    codes: string[],
  ][] = [
    ['says nothing of a sound sum', { 'gauge_sum_1.db': [gauge('g', 3)] }, { 1: 'alive' }, []],
    [
      'names a dead process that a gauge still adds',
      { 'gauge_livesum_1.db': [gauge('g', 3)], 'gauge_livesum_2.db': [gauge('g', 4)] },
      { 1: 'dead', 2: 'alive' },
      ['DEAD_ADDS'],
    ],
    [
      'names a dead process that holds the maximum',
      { 'gauge_max_1.db': [gauge('g', 3)], 'gauge_max_2.db': [gauge('g', 2)] },
      { 1: 'dead', 2: 'alive' },
      ['DEAD_DECIDES'],
    ],
    [
      'is content where a dead process does not hold it',
      { 'gauge_max_1.db': [gauge('g', 1)], 'gauge_max_2.db': [gauge('g', 2)] },
      { 1: 'dead', 2: 'alive' },
      [],
    ],
    [
      'names whose 0 the minimum is',
      { 'gauge_min_1.db': [gauge('g', 0)], 'gauge_min_2.db': [gauge('g', 2)] },
      {},
      ['ZERO_IS_MIN'],
    ],
    [
      'says that a gauge was never set',
      { 'gauge_mostrecent_1.db': [gauge('g', 5)] },
      {},
      ['NEVER_SET'],
    ],
    [
      'tells a value of an earlier process',
      { 'gauge_mostrecent_1.db': [gauge('g', 5, NOW - 1000)] },
      { 1: { startSeconds: NOW - 500 } },
      ['PREVIOUS_LIFE'],
    ],
    [
      'is content with a value set since its process began',
      { 'gauge_mostrecent_1.db': [gauge('g', 5, NOW - 400)] },
      { 1: { startSeconds: NOW - 500 } },
      [],
    ],
    [
      'knows a sum of times, as of vllm:lora_requests_info',
      { 'gauge_sum_1.db': [gauge('g', 1.79e9)], 'gauge_sum_2.db': [gauge('g', 1.79e9)] },
      {},
      ['SUM_OF_TIMES'],
    ],
    [
      'takes no large count for a time',
      { 'gauge_sum_1.db': [gauge('g', 1.79e9)], 'gauge_sum_2.db': [gauge('g', 17)] },
      {},
      [],
    ],
    [
      'says when files disagree',
      { 'gauge_max_1.db': [gauge('g', 1)], 'gauge_min_2.db': [gauge('g', 2)] },
      {},
      ['FILES_DISAGREE'],
    ],
  ];
  for (const [title, files, known, codes] of cases) {
    it(title, async () => {
      const { warnings } = one(explain(await readingOf(files, known), new Selector('g')));
      assert.deepEqual(
        warnings.map(({ code }) => code),
        codes,
      );
    });
  }

  const verdicts: [
    title: string,
    timestamp: number,
    known: Liveness | Partial<Writer>,
    expected: string,
  ][] = [
    ['fresh', NOW - 3, 'alive', '7, set 3s ago'],
    ['old', NOW - 41 * 60, 'alive', '7, set 41m ago, no step since'],
    ['old and dead', NOW - 41 * 60, 'dead', '7, set 41m ago, no step since, its process is dead'],
    [
      'of an earlier process',
      NOW - 9000,
      { startSeconds: NOW - 60 },
      '7, set 2h30m ago, earlier process',
    ],
    ['never set', 0, 'alive', 'never set: no sample is printed'],
  ];
  for (const [title, timestamp, known, expected] of verdicts) {
    it(`has a verdict for a value that is ${title}`, async () => {
      const files = { 'gauge_mostrecent_1.db': [gauge('vllm:num_requests_running', 7, timestamp)] };
      const explanation = explain(
        await readingOf(files, { 1: known }),
        new Selector('vllm:num_requests_running'),
      );
      assert.equal(one(explanation).verdict, expected);
    });
  }
});

describe('a histogram', () => {
  const histogram = (
    name: string,
    counts: readonly (readonly [le: string, count: number])[],
    sum: number,
  ) => [
    { family: name, sampleName: `${name}_sum`, labels: {}, value: sum },
    ...counts.map(([le, value]) => ({
      family: name,
      sampleName: `${name}_bucket`,
      labels: { le },
      value,
    })),
  ];

  it('is explained as a whole, in running totals', async () => {
    const reading = await readingOf({
      'histogram_1.db': histogram(
        'h',
        [
          ['1.0', 10],
          ['2.0', 10],
          ['+Inf', 0],
        ],
        20,
      ),
      'histogram_2.db': histogram(
        'h',
        [
          ['1.0', 0],
          ['2.0', 20],
          ['+Inf', 0],
        ],
        30,
      ),
    });
    const { histograms, series } = explain(reading, new Selector('h'));
    assert.equal(series.length, 0);
    const [found] = histograms;
    assert.deepEqual(found!.le, ['1.0', '2.0', '+Inf']);
    assert.deepEqual(found!.buckets, [10, 40, 40]);
    assert.deepEqual([found!.count, found!.sum], [40, 50]);
    assert.deepEqual(
      found!.shares.map(({ processId, buckets, percent }) => [processId, buckets, percent]),
      [
        ['1', [10, 20, 20], 50],
        ['2', [0, 20, 20], 50],
      ],
    );
    // As histogram_quantile(0.5, …): rank 20 of 40, ten of the thirty between 1 and 2.
    assert.equal(found!.quantiles.p50, 1 + 10 / 30);
    assert.deepEqual(found!.warnings, []);
  });

  it('with other bounds in another process is warned of', async () => {
    const reading = await readDirectory(join(GOLDEN, 'bucket-mismatch', 'files'));
    const { histograms } = explain(reading, new Selector('{__name__=~".+"}'));
    const codes = [...histograms].flatMap(({ warnings }) => warnings.map(({ code }) => code));
    assert.ok(codes.includes('BUCKETS_DIFFER'));
  });

  it('has other quantiles now than since start', async () => {
    const at = async (late: number, takenAtSeconds: number) => {
      const files = {
        'histogram_1.db': histogram(
          'h',
          [
            ['1.0', 1000],
            ['100.0', late],
            ['+Inf', 0],
          ],
          0,
        ),
      };
      return explain({ ...(await readingOf(files)), takenAtSeconds }, new Selector('h'));
    };
    const { windowSeconds, histograms } = explainWindow(await at(0, NOW), await at(10, NOW + 30));
    assert.equal(windowSeconds, 30);
    const { window, quantiles } = histograms.at(0)!;
    assert.ok(quantiles.p50 < 1);
    assert.deepEqual(window!.buckets, [0, 10, 10]);
    assert.equal(window!.quantiles.p50, 1 + 99 / 2);
    assert.equal(window!.ratePerSecond, 10 / 30);
  });
});

describe('a counter in a window', () => {
  it('has a rate, and one for each process', async () => {
    const at = async (a: number, b: number, takenAtSeconds: number) => {
      const entry = (value: number) => [{ family: 'c', sampleName: 'c_total', labels: {}, value }];
      const files = { 'counter_1.db': entry(a), 'counter_2.db': entry(b) };
      return explain({ ...(await readingOf(files)), takenAtSeconds }, new Selector('c_total'));
    };
    const found = one(explainWindow(await at(5, 7, NOW), await at(25, 7, NOW + 10)));
    assert.deepEqual(found.window, { delta: 20, ratePerSecond: 2 });
    assert.deepEqual(
      found.shares.map(({ processId, ratePerSecond }) => [processId, ratePerSecond]),
      [
        ['1', 2],
        ['2', 0],
      ],
    );
  });
});

describe('names near one that is not there', () => {
  it('are found by spelling and by part', async () => {
    const reading = await readDirectory(join(GOLDEN, 'web-v0.26.0', 'files'));
    const name = one(explain(reading, ALL)).sampleName;
    assert.ok(nearNames(reading, `${name.slice(0, -1)}x`).includes(name));
    assert.deepEqual(nearNames(reading, 'zzzzzzzz'), []);
  });
});
