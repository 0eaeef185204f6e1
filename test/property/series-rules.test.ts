/**
 * `--metrics.keep`, `--metrics.drop`, `--metrics.drop-label` and `--gauge-mode`, chosen at random: a directory changes at
 * random, and promfold says what the slow merge of test/reference.ts says of files with those labels and modes, less the
 * samples that are dropped. PROMFOLD_TEST_SEED repeats a failure.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Selector } from '../../src/inspect/selector.js';
import type { SeriesRules } from '../../src/plan/series-rules.js';
import { Scraper } from '../../src/scrape/scraper.js';
import type { ReferenceRules } from '../reference.js';
import { TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { Random, seed } from '../support/random.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';
import { DirectoryModel } from './directory-model.js';

const STEPS = 200;
const first = seed();

interface Test {
  readonly selector: string;
  selects(family: string, sample: string, labels: Readonly<Record<string, string>>): boolean;
}

/** Selectors, and what they mean. */
const TESTS: readonly Test[] = [
  { selector: 'counter_1', selects: (family, sample) => [family, sample].includes('counter_1') },
  {
    selector: 'counter_2_total{path="/"}',
    selects: (_, sample, { path }) => sample === 'counter_2_total' && path === '/',
  },
  { selector: '{pid!=""}', selects: (_family, _sample, { pid }) => (pid ?? '') !== '' },
  {
    selector: '{verb=~"G.*"}',
    selects: (_family, _sample, { verb }) => (verb ?? '').startsWith('G'),
  },
  { selector: 'histogram_0_bucket', selects: (_, sample) => sample === 'histogram_0_bucket' },
  {
    selector: 'histogram_1_bucket{le="1.0"}',
    selects: (_, sample, { le }) => sample === 'histogram_1_bucket' && le === '1.0',
  },
  { selector: 'histogram_2_count', selects: (_, sample) => sample === 'histogram_2_count' },
  { selector: '{__name__=~".*_sum"}', selects: (_, sample) => sample.endsWith('_sum') },
  {
    selector: '{__name__=~"gauge_.*",path=""}',
    selects: (family, sample, { path }) =>
      [family, sample].some((name) => name.startsWith('gauge_')) && !path,
  },
  {
    selector: '{__name__=~"(counter|summary|gauge_all)_.*"}',
    selects: (family, sample) =>
      [family, sample].some((name) => /^(counter|summary|gauge_all)_/.test(name)),
  },
];

const FAMILIES = [
  ...['counter', 'histogram', 'summary'].flatMap((type) => [0, 1, 2].map((i) => `${type}_${i}`)),
  ...['all', 'liveall', 'min', 'livemax', 'sum', 'livemostrecent'].flatMap((mode) =>
    [0, 1, 2].map((i) => `gauge_${mode}_${i}`),
  ),
  'conflict',
];

function chooseRules(random: Random): {
  rules: SeriesRules;
  reference: ReferenceRules;
  told: string;
} {
  const some = (chance: number) => TESTS.filter(() => random.chance(chance));
  const keep = random.chance(0.5) ? some(0.6) : [];
  const drop = some(0.3);
  const modes: Record<string, string> = {};
  const dropLabels: Record<string, string[]> = {};
  for (const family of FAMILIES) {
    if (random.chance(0.4)) modes[family] = random.pick(['min', 'max', 'sum']);
    if (random.chance(0.4))
      dropLabels[family] = random.pick([['path'], ['verb'], ['path', 'Zone']]);
  }
  return {
    rules: {
      keep: keep.map(({ selector }) => new Selector(selector)),
      drop: drop.map(({ selector }) => new Selector(selector)),
      gaugeModes: new Map(Object.entries(modes)),
      dropLabels: new Map(Object.entries(dropLabels).map(([name, some]) => [name, new Set(some)])),
    },
    reference: {
      modes,
      dropLabels,
      serves: (...of) =>
        (keep.length === 0 || keep.some((test) => test.selects(...of))) &&
        !drop.some((test) => test.selects(...of)),
    },
    told: JSON.stringify({ keep, drop, modes, dropLabels }),
  };
}

describe('a directory under random change, and rules of series', () => {
  for (let run = 0; run < 8; run += 1) {
    it(`is served as the reference would, seed ${first + run}`, async () => {
      const random = new Random(first + run);
      const { rules: series, reference, told: rulesTold } = chooseRules(random);
      const directory = tempDirectory();
      const model = new DirectoryModel(directory, random);
      const rules = { prefixes: { include: [], exclude: [] }, labels: { fixed: [] }, series };
      const scraper = new Scraper(directory, { rules });
      const done: string[] = [];
      try {
        for (let step = 0; step < STEPS; step += 1) {
          done.push(model.change());
          const { exposition } = model.expected(reference);
          const said = String(await scraper.scrape({ dialect: TEXT }));
          const told = `seed ${first + run}, step ${step}: ${done.slice(-8).join('; ')}; ${rulesTold}`;
          assertSameLines(said, exposition, told);
          assert.deepEqual(faultsOf(said, false), [], told);
        }
      } finally {
        await scraper.close();
      }
    });
  }
});
