/** Several directories in one scraper: one exposition, and a problem of one affects only that one. */
import assert from 'node:assert/strict';
import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { PlanRules } from '../../src/plan/plan.js';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import type { ScraperOptions } from '../../src/scrape/scrape-run.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { dialect, OPENMETRICS, TEXT } from '../support/dialect.js';
import { faultsOf, linesOf } from '../support/exposition.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN } from '../support/paths.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';

let scraper: Scraper | undefined;

afterEach(async () => {
  await scraper?.close();
  scraper = undefined;
});

type Files = Readonly<Record<string, readonly TestEntry[]>>;

function directoryOf(files: Files): string {
  const directory = tempDirectory();
  for (const [name, entries] of Object.entries(files)) {
    writeMetricFile(join(directory, name), entries);
  }
  return directory;
}

function open(sources: Readonly<Record<string, Files>>, options: ScraperOptions = {}) {
  const directories = Object.entries(sources).map(([name, files]) => ({
    name,
    directory: directoryOf(files),
  }));
  const opened = new Scraper(directories, options);
  scraper = opened;
  return {
    scraper: opened,
    pathOf: (name: string) => directories.find((source) => source.name === name)!.directory,
    page: async (source?: string) => String(await opened.scrape({ dialect: TEXT, source })),
    codes: () => opened.problems().map(({ code }) => code),
  };
}

const A: Files = { 'counter_1.db': [counter('hits', 1, { path: '/' }), counter('only_a', 2)] };
const B: Files = { 'counter_1.db': [counter('only_b', 5), counter('hits', 3, { path: '/' })] };

describe('several sources', () => {
  it('are one exposition: each family once, each line with its source', async () => {
    const { page } = open({ a: A, b: B });
    assert.deepEqual(linesOf(await page()), [
      '# HELP hits_total help',
      '# TYPE hits_total counter',
      'hits_total{path="/",promfold_source="a"} 1.0',
      'hits_total{path="/",promfold_source="b"} 3.0',
      '# HELP only_a_total help',
      '# TYPE only_a_total counter',
      'only_a_total{promfold_source="a"} 2.0',
      '# HELP only_b_total help',
      '# TYPE only_b_total counter',
      'only_b_total{promfold_source="b"} 5.0',
    ]);
  });

  it('follow what changes in any of them', async () => {
    const { page, pathOf } = open({ a: A, b: B });
    await page();
    writeMetricFile(join(pathOf('b'), 'counter_2.db'), [counter('hits', 4, { path: '/' })]);
    assert.match(await page(), /^hits_total\{path="\/",promfold_source="b"\} 7\.0$/m);
    writeMetricFile(join(pathOf('a'), 'counter_2.db'), [counter('new', 9)]);
    const text = await page();
    assert.match(text, /^new_total\{promfold_source="a"\} 9\.0$/m);
    assert.deepEqual(faultsOf(text, false), []);
  });

  it('take the given label, sorted by name', async () => {
    const { page } = open({ a: A, b: B }, { sourceLabel: 'app' });
    assert.match(await page(), /^hits_total\{app="b",path="\/"\} 3\.0$/m);
  });

  it('are selected by name[]', async () => {
    const { scraper } = open({ a: A, b: B });
    const names = ['only_b', 'hits_total'];
    const text = String(await scraper.scrape({ dialect: TEXT, names }));
    assert.deepEqual(
      linesOf(text).filter((line) => !line.startsWith('#')),
      [
        'hits_total{path="/",promfold_source="a"} 1.0',
        'hits_total{path="/",promfold_source="b"} 3.0',
        'only_b_total{promfold_source="b"} 5.0',
      ],
    );
  });

  it('print the same lines as each alone, in every dialect', async () => {
    const cases = ['colons', 'utf8-names', 'buckets', 'gauge-modes', 'web-v0.26.0', 'summary'];
    const directories = cases.map((name) => {
      const directory = tempDirectory();
      cpSync(`${GOLDEN}/${name}/files`, directory, { recursive: true });
      return { name, directory };
    });
    const all = new Scraper(directories);
    scraper = all;
    const dialects = [
      TEXT,
      OPENMETRICS,
      dialect('text-1.0.0', 'values'),
      dialect('openmetrics', 'allow-utf-8'),
    ];
    for (const dialect of dialects) {
      const joined = String(await all.scrape({ dialect }));
      assert.deepEqual(faultsOf(joined, dialect.format === 'openmetrics'), []);
      const alone: string[] = [];
      for (const { name } of directories) {
        alone.push(String(await all.scrape({ dialect, source: name })));
      }
      const lines = new Set(alone.flatMap(linesOf));
      assertSameLines(joined, [...lines].map((line) => `${line}\n`).join(''), dialect.format);
    }
  });

  it('print the same bytes for the same files, and gzip them', async () => {
    const { scraper, page } = open({ a: A, b: B });
    const [first, second] = [await page(), await page()];
    assert.equal(first, second);
    assert.notEqual(String(await scraper.scrape({ dialect: TEXT, gzip: true })), first);
  });
});

describe('one source of several', () => {
  it('is printed alone, without what is of no source', async () => {
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const { page } = open({ a: A, b: B }, { selfMetrics });
    assert.deepEqual(linesOf(await page('b')), [
      '# HELP only_b_total help',
      '# TYPE only_b_total counter',
      'only_b_total{promfold_source="b"} 5.0',
      '# HELP hits_total help',
      '# TYPE hits_total counter',
      'hits_total{path="/",promfold_source="b"} 3.0',
    ]);
    assert.match(await page(), /^promfold_up\{promfold_source="b"\} 1\.0$/m);
  });

  it('and the whole page come from one run', async () => {
    const { page } = open({ a: A, b: B });
    const [whole, a, b] = await Promise.all([page(), page('a'), page('b')]);
    assert.equal(linesOf(whole!).length, 10);
    assert.deepEqual([linesOf(a!).length, linesOf(b!).length], [6, 6]);
  });

  it('that does not exist is an error with the names that do', async () => {
    const { page } = open({ a: A, b: B });
    await assert.rejects(page('c'), { message: "no source is called 'c'; known: a, b" });
  });
});

describe('a failing source', () => {
  it('affects only itself: its families are missing, and it is down', async () => {
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const { page, pathOf, codes } = open({ a: A, b: B }, { selfMetrics });
    await page();
    renameSync(pathOf('a'), `${pathOf('a')}-gone`);
    try {
      const text = await page();
      assert.match(text, /^promfold_up\{promfold_source="a"\} 0\.0$/m);
      assert.match(text, /^promfold_up\{promfold_source="b"\} 1\.0$/m);
      assert.doesNotMatch(text, /only_a|promfold_entries\{promfold_source="a"\}/);
      assert.deepEqual(faultsOf(text, false), []);
      assert.deepEqual(codes(), ['DIRECTORY_UNREADABLE']);
      await assert.rejects(page('a'), { code: 'DIRECTORY_UNREADABLE' });
    } finally {
      renameSync(`${pathOf('a')}-gone`, pathOf('a'));
    }
    assert.match(await page(), /^only_a_total\{promfold_source="a"\} 2\.0$/m);
    assert.deepEqual(codes(), []);
  });

  it('fails the scrape only when it was the last', async () => {
    const { page, pathOf, scraper } = open({ a: A, b: B });
    await page();
    rmSync(pathOf('a'), { recursive: true });
    rmSync(pathOf('b'), { recursive: true });
    await assert.rejects(page(), { code: 'DIRECTORY_UNREADABLE' });
    const { ready, waitingFor } = await scraper.readiness();
    assert.equal(ready, false);
    assert.ok(waitingFor.includes(pathOf('a')) && waitingFor.includes(pathOf('b')), waitingFor);
  });

  it('that never existed is waited for, and the others are ready', async () => {
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    scraper = new Scraper(
      [
        { name: 'a', directory: directoryOf(A) },
        { name: 'b', directory: join(tempDirectory(), 'not-yet') },
      ],
      { selfMetrics },
    );
    const text = String(await scraper.scrape({ dialect: TEXT }));
    assert.match(text, /^promfold_up\{promfold_source="b"\} 0\.0$/m);
    assert.match(text, /^only_a_total/m);
    assert.equal((await scraper.readiness()).ready, true);
  });

  it('under strict fails every page it is in, and no other', async () => {
    const { page, pathOf } = open({ a: A, b: B }, { strict: true });
    writeFileSync(join(pathOf('a'), 'counter_9.db'), 'no metric file');
    await assert.rejects(page(), { code: 'FILE_CORRUPT' });
    await assert.rejects(page('a'), { code: 'FILE_CORRUPT' });
    assert.match(await page('b'), /^only_b_total/m);
  });
});

describe('a family that two sources define otherwise', () => {
  it('is what the first says, and reported', async () => {
    const { page, codes, scraper, pathOf } = open({
      a: { 'counter_1.db': [counter('thing', 1), counter('n', 1)] },
      b: { 'gauge_sum_1.db': [gauge('thing', 2)], 'counter_1.db': [counter('n', 2)] },
    });
    const text = await page();
    assert.deepEqual(linesOf(text).slice(0, 4), [
      '# HELP thing_total help',
      '# TYPE thing_total counter',
      'thing_total{promfold_source="a"} 1.0',
      'thing{promfold_source="b"} 2.0',
    ]);
    assert.deepEqual(faultsOf(text, false), []);
    assert.deepEqual(codes(), ['FAMILY_CONFLICT']);
    const { found, path } = scraper.problems()[0]!;
    assert.equal(found, 'thing is a gauge, and a counter in source a; served as counter');
    assert.equal(path, pathOf('b'));
  });

  it('keeps its numbers apart: a conflict in one does not change another', async () => {
    const { page } = open({
      a: { 'gauge_max_1.db': [gauge('g', 1)], 'gauge_max_2.db': [gauge('g', 5)] },
      b: { 'gauge_sum_1.db': [gauge('g', 1)], 'gauge_sum_2.db': [gauge('g', 5)] },
    });
    assert.deepEqual(linesOf(await page()).slice(2), [
      'g{promfold_source="a"} 5.0',
      'g{promfold_source="b"} 6.0',
    ]);
  });

  it('may have another help: the first is printed', async () => {
    const { page } = open({
      a: { 'counter_1.db': [{ ...counter('n', 1), help: 'one' }] },
      b: { 'counter_1.db': [{ ...counter('n', 2), help: 'two' }] },
    });
    const text = await page();
    assert.match(text, /^# HELP n_total one$/m);
    assert.doesNotMatch(text, /two/);
  });

  it('is renamed where escaping makes two names one across sources, and reported', async () => {
    const { page, codes } = open({
      a: { 'gauge_max_1.db': [gauge('a_b', 1)] },
      b: { 'gauge_max_1.db': [gauge('a.b', 2)] },
    });
    const text = await page();
    assert.deepEqual(faultsOf(text, false), []);
    assert.match(text, /^a_b\{promfold_source="b"\} 2\.0$/m);
    assert.match(text, /^U__a__b\{promfold_source="a"\} 1\.0$/m);
    assert.deepEqual(codes(), ['NAMES_COLLIDE']);
  });
});

describe('a label with the name of the source label', () => {
  const own: Files = { 'counter_1.db': [counter('n', 1, { promfold_source: 'x' })] };

  it('is printed under another name, and reported', async () => {
    const { page, codes, scraper } = open({ a: own, b: B });
    const text = await page();
    assert.match(text, /^n_total\{exported_promfold_source="x",promfold_source="a"\} 1\.0$/m);
    assert.deepEqual(faultsOf(text, false), []);
    assert.deepEqual(codes(), ['LABEL_IN_USE']);
    assert.match(scraper.problems()[0]!.found, /^n has a label promfold_source of its own/);
  });

  it('is not a problem once the family is gone', async () => {
    const { page, codes, pathOf } = open({ a: own, b: B });
    await page();
    rmSync(join(pathOf('a'), 'counter_1.db'));
    await page();
    assert.deepEqual(codes(), []);
  });

  it('never makes two series one line', async () => {
    const rules: PlanRules = {
      prefixes: { include: [], exclude: [] },
      labels: { fixed: [['exported_promfold_source', 'x']] },
    };
    const entries = [counter('n', 1, { promfold_source: 'x' }), counter('n', 2)];
    const { page } = open({ a: { 'counter_1.db': entries }, b: B }, { rules });
    assert.deepEqual(faultsOf(await page(), false), []);
  });
});

describe('sources that come and go', () => {
  it('are in the next scrape, and out of it', async () => {
    const { page, scraper } = open({ a: A });
    assert.doesNotMatch(await page(), /only_b/);
    scraper.attach({ name: 'b', directory: directoryOf(B) });
    assert.match(await page(), /^only_b_total\{promfold_source="b"\} 5\.0$/m);
    assert.deepEqual(scraper.sourceNames(), ['a', 'b']);
    await scraper.detach('a');
    assert.doesNotMatch(await page(), /only_a/);
    await assert.rejects(page('a'), /known: b/);
  });

  it('may go while they are scraped', async () => {
    const { page, scraper } = open({ a: A, b: B });
    const running = page();
    const later = new Promise((resolve) => setImmediate(resolve)).then(() => scraper.detach('b'));
    assert.match(await running, /only_a/);
    await later;
    assert.doesNotMatch(await page(), /only_b/);
  });

  it('may all be gone', async () => {
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const { page, scraper } = open({ a: A }, { selfMetrics });
    await scraper.detach('a');
    const text = await page();
    assert.match(text, /^promfold_build_info/m);
    assert.doesNotMatch(text, /promfold_up/);
    assert.equal((await scraper.readiness()).ready, false);
    assert.equal(String(await scraper.scrape({ dialect: OPENMETRICS })).endsWith('# EOF\n'), true);
  });
});

describe('entries that are gathered between two runs', () => {
  const GAUGES: Files = { 'gauge_mostrecent_1.db': [gauge('queue', 4, 100)] };

  async function some(of: Scraper, name: string) {
    const instant = await of.instant(name, false);
    const { fileId, generation } = instant.columns;
    const first = Uint32Array.of(0);
    const wanted = {
      fileId: fileId.slice(0, 1),
      generation: generation.slice(0, 1),
      entryEnd: Uint32Array.of(1),
      entry: first,
    };
    instant.release();
    return { wanted, state: instant.state };
  }

  it('are those of their source, also while scrapes are asked for', async () => {
    const { scraper: of, page } = open({ a: GAUGES, b: { ...GAUGES } });
    const { wanted, state } = await some(of, 'b');
    const answers = await Promise.all([
      page(),
      of.gatherEntries('b', wanted, state),
      page('a'),
      of.gatherEntries('b', wanted, state),
    ]);
    assert.deepEqual([...answers[1]!.value, ...answers[3]!.timestampSeconds], [4, 100]);
    assert.match(answers[0], /^queue\{promfold_source="b"\} 4\.0$/m);
    assert.match(answers[2], /^queue\{promfold_source="a"\} 4\.0$/m);
  });

  it('are none of a source that there is not, or of a plan that is not so any more', async () => {
    const { scraper: of, page, pathOf } = open({ a: GAUGES });
    const { wanted, state } = await some(of, 'a');
    assert.equal(await of.gatherEntries('b', wanted, state), undefined);
    writeMetricFile(join(pathOf('a'), 'gauge_mostrecent_2.db'), [gauge('other', 1, 100)]);
    await page();
    assert.equal(await of.gatherEntries('a', wanted, state), undefined);
    const again = await some(of, 'a');
    assert.equal((await of.gatherEntries('a', again.wanted, again.state))!.value[0], 4);
    rmSync(pathOf('a'), { recursive: true });
    await page().catch(() => {});
    assert.equal(await of.gatherEntries('a', again.wanted, again.state), undefined);
  });
});
