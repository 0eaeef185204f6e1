import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { ValuedFamily } from '../../../src/expose/valued-family.js';
import type { ExtraFamilies } from '../../../src/scrape/families/extra-families.js';
import { SelfMetrics } from '../../../src/scrape/families/self-metrics.js';
import type { ScraperOptions } from '../../../src/scrape/scrape-run.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { dialect, OPENMETRICS, TEXT } from '../../support/dialect.js';
import { faultsOf } from '../../support/exposition.js';
import { counter, gauge, writeMetricFile } from '../../support/metric-file.js';
import { tempDirectory } from '../../support/temp.js';

let scraper: Scraper | undefined;

afterEach(() => scraper?.close());

function open(options: ScraperOptions): Scraper {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('app_requests', 3)]);
  writeMetricFile(join(directory, 'gauge_max_1.db'), [gauge('app.depth', 2)]);
  scraper = new Scraper(directory, { mapLimit: 100, ...options });
  return scraper;
}

const extra = (...families: ValuedFamily[]): ExtraFamilies => ({ families: () => families });

function family(name: string, ...values: string[]): ValuedFamily {
  return {
    name,
    type: 'gauge',
    help: 'one',
    keepsRawName: false,
    series: values.map((_, i) => ({ sampleName: name, labels: [['n', String(i)]] })),
    value: values,
  };
}

const uptime: ValuedFamily = {
  name: 'uptime_seconds',
  type: 'counter',
  help: 'two',
  keepsRawName: false,
  series: [{ sampleName: 'uptime_seconds_total', labels: [] }],
  value: ['7.0'],
};

const namesIn = (exposition: string) =>
  [...exposition.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);

describe('extra families', () => {
  it("come after the application's and before our own", async () => {
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    const page = String(
      await open({ extras: [extra(family('b', '1.0', '2.0')), extra(uptime)], selfMetrics }).scrape(
        {
          dialect: TEXT,
        },
      ),
    );
    assert.deepEqual(namesIn(page).slice(0, 5), [
      'app_requests_total',
      'app_depth',
      'b',
      'uptime_seconds_total',
      'promfold_build_info',
    ]);
    assert.match(page, /^b\{n="1"\} 2\.0$/m);
    assert.deepEqual(faultsOf(page, false), []);
  });

  it('are spelled as in the dialect', async () => {
    const page = String(await open({ extras: [extra(uptime)] }).scrape({ dialect: OPENMETRICS }));
    assert.match(page, /^# TYPE uptime_seconds counter\nuptime_seconds_total 7\.0\n# EOF\n$/m);
    assert.deepEqual(faultsOf(page, true), []);
  });

  const repeated: [title: string, name: string][] = [
    ['a name of the directory', 'app_requests'],
    ["a sample's name of the directory", 'app_requests_total'],
    ['a name of an extra before it', 'b'],
    ['a name of our own', 'promfold_up'],
  ];
  for (const [title, name] of repeated) {
    it(`are left out under ${title}`, async () => {
      const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
      const extras = [extra(family('b', '1.0')), extra(family(name, '99.0'))];
      const page = String(await open({ extras, selfMetrics }).scrape({ dialect: TEXT }));
      assert.deepEqual(faultsOf(page, false), []);
      assert.doesNotMatch(page, /99\.0/);
    });
  }

  it('are renamed where escaping makes a name that the directory has', async () => {
    const once = open({ extras: [extra(family('app_depth', '99.0'))] });
    const escaped = String(await once.scrape({ dialect: TEXT }));
    assert.deepEqual(namesIn(escaped), ['app_requests_total', 'app_depth', 'U__app__depth']);
    const utf8 = String(await once.scrape({ dialect: dialect('openmetrics', 'allow-utf-8') }));
    assert.deepEqual(namesIn(utf8), ['app_requests', '"app.depth"', 'app_depth']);
  });

  it('are selected by name[]', async () => {
    const once = open({ extras: [extra(family('b', '1.0'), uptime)] });
    const page = String(await once.scrape({ dialect: TEXT, names: ['uptime_seconds_total'] }));
    assert.deepEqual(namesIn(page), ['uptime_seconds_total']);
  });

  it('are asked once for all waiting requests, after the directory was read', async () => {
    const calls: string[] = [];
    const once = open({
      extras: [
        {
          families: ([source]) => {
            calls.push(`families ${source?.live.files.files.size}`);
            return [];
          },
          close: () => void calls.push('close'),
        },
      ],
    });
    await Promise.all([once.scrape({ dialect: TEXT }), once.scrape({ dialect: OPENMETRICS })]);
    await once.close();
    scraper = undefined;
    assert.deepEqual(calls, ['families 2', 'close']);
  });
});
