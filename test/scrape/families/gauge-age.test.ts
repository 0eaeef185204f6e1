/** `--gauge-age`: whose age is given, under which labels, and from which moment on. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { NamedDirectory } from '../../../src/scrape/directory/source.js';
import { GaugeAges } from '../../../src/scrape/families/gauge-age.js';
import type { ScrapeRequest, ScraperOptions } from '../../../src/scrape/scrape-run.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { OPENMETRICS, TEXT } from '../../support/dialect.js';
import { faultsOf, valuesOf } from '../../support/exposition.js';
import { gauge, writeMetricFile } from '../../support/metric-file.js';
import { tempDirectory } from '../../support/temp.js';

const NOW = 1_000_000;

let scraper: Scraper | undefined;
afterEach(() => scraper?.close());

function open(
  directory: string | readonly NamedDirectory[],
  prefixes: readonly string[],
  options: ScraperOptions = {},
): Scraper {
  scraper = new Scraper(directory, {
    ...options,
    extras: [new GaugeAges(prefixes, () => NOW)],
  });
  return scraper;
}

async function ages(from: Scraper, request: Partial<ScrapeRequest> = {}) {
  const text = String(await from.scrape({ dialect: TEXT, ...request }));
  assert.deepEqual(faultsOf(text, false), []);
  const all = [...valuesOf(text)].filter(([name]) => name.startsWith('promfold_gauge_age'));
  return Object.fromEntries(all.map(([name, age]) => [/\{(.*)\}/.exec(name)![1], age]));
}

function directoryOf(files: Readonly<Record<string, ReturnType<typeof gauge>[]>>): string {
  const directory = tempDirectory();
  for (const [name, entries] of Object.entries(files)) {
    writeMetricFile(join(directory, name), entries);
  }
  return directory;
}

describe('the age of gauges', () => {
  it('is that of the value which is served', async () => {
    const directory = directoryOf({
      'gauge_mostrecent_1.db': [gauge('q:running', 4, NOW - 90, { engine: '0' })],
      'gauge_mostrecent_2.db': [gauge('q:running', 5, NOW - 30, { engine: '0' })],
      'gauge_livemostrecent_2.db': [gauge('q:waiting', 1, NOW - 7)],
    });
    assert.deepEqual(await ages(open(directory, ['q:'])), {
      'engine="0",promfold_gauge="q:running"': 30,
      'promfold_gauge="q:waiting"': 7,
    });
  });

  const none: [title: string, file: string, setSeconds: number, prefix: string][] = [
    ['a gauge that was never set', 'gauge_mostrecent_1.db', 0, 'q'],
    ['other modes, whose files have no times', 'gauge_max_1.db', NOW - 5, 'q'],
    ['other names', 'gauge_mostrecent_1.db', NOW - 5, 'uq'],
  ];
  for (const [title, file, setSeconds, prefix] of none) {
    it(`is not given for ${title}`, async () => {
      const directory = directoryOf({ [file]: [gauge('q', 1, setSeconds)] });
      assert.deepEqual(await ages(open(directory, [prefix])), {});
    });
  }

  it('is not below 0, whatever the clock of the writer says', async () => {
    const directory = directoryOf({ 'gauge_mostrecent_1.db': [gauge('q', 1, NOW + 60)] });
    assert.deepEqual(await ages(open(directory, ['q'])), { 'promfold_gauge="q"': 0 });
  });

  it('has the labels that the gauge is served with', async () => {
    const named = ['a', 'b'].map((name, i) => ({
      name,
      directory: directoryOf({ 'gauge_mostrecent_1.db': [gauge('q', 1, NOW - i, { x: '1' })] }),
    }));
    const rules = {
      prefixes: { include: [], exclude: [] },
      labels: { fixed: [['zone', 'n']] },
    } as const;
    const from = open(named, ['q'], { rules });
    const b = { 'promfold_gauge="q",promfold_source="b",x="1",zone="n"': 1 };
    assert.deepEqual(await ages(from), {
      'promfold_gauge="q",promfold_source="a",x="1",zone="n"': 0,
      ...b,
    });
    assert.deepEqual(await ages(from, { source: 'b' }), b);
  });

  it('keeps a label of the same name under another name', async () => {
    const directory = directoryOf({
      'gauge_mostrecent_1.db': ['a', 'b'].map((own) =>
        gauge('q', 1, NOW - 3, { promfold_gauge: own }),
      ),
    });
    assert.deepEqual(await ages(open(directory, ['q'])), {
      'exported_promfold_gauge="a",promfold_gauge="q"': 3,
      'exported_promfold_gauge="b",promfold_gauge="q"': 3,
    });
  });

  it('is given where only it is asked for', async () => {
    const directory = directoryOf({ 'gauge_mostrecent_1.db': [gauge('q', 1, NOW - 3)] });
    const from = open(directory, ['q']);
    const names = ['promfold_gauge_age_seconds'];
    assert.deepEqual(await ages(from, { names }), { 'promfold_gauge="q"': 3 });
    assert.deepEqual(await ages(from, { names: ['q'] }), {});
  });

  it('is one family in every dialect', async () => {
    const directory = directoryOf({ 'gauge_mostrecent_1.db': [gauge('q', 1, NOW - 3)] });
    const text = String(await open(directory, ['q']).scrape({ dialect: OPENMETRICS }));
    assert.deepEqual(faultsOf(text, true), []);
    assert.match(text, /^# TYPE promfold_gauge_age_seconds gauge\npromfold_gauge_age_s/m);
  });

  it('follows what comes, is set and goes', async () => {
    const directory = directoryOf({ 'gauge_mostrecent_1.db': [gauge('q', 1, NOW - 3)] });
    const from = open(directory, ['q']);
    assert.deepEqual(await ages(from), { 'promfold_gauge="q"': 3 });
    writeMetricFile(join(directory, 'gauge_mostrecent_2.db'), [
      gauge('q', 1, NOW - 2),
      gauge('q2', 1, NOW - 9),
    ]);
    assert.deepEqual(await ages(from), { 'promfold_gauge="q"': 2, 'promfold_gauge="q2"': 9 });
    rmSync(join(directory, 'gauge_mostrecent_2.db'));
    assert.deepEqual(await ages(from), { 'promfold_gauge="q"': 3 });
  });
});
