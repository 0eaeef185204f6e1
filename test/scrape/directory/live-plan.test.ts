import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CREATION_GRACE_SECONDS } from '../../../src/files/fault-code.js';
import { LivePlan } from '../../../src/scrape/directory/live-plan.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { TEXT } from '../../support/dialect.js';
import { valuesOf } from '../../support/exposition.js';
import { counter, gauge, writeMetricFile } from '../../support/metric-file.js';
import { tempDirectory } from '../../support/temp.js';

describe('the live plan', () => {
  it('reports an empty file once its creation grace period ends, though nothing changed', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'counter_1.db'), '');
    const live = new LivePlan(directory, 10);
    try {
      await live.update();
      assert.deepEqual(live.problems(), []);
      assert.deepEqual(live.facts().skippedFiles, new Map());

      await sleep((CREATION_GRACE_SECONDS + 0.5) * 1000);
      await live.update();
      assert.deepEqual(
        live.problems().map(({ code }) => code),
        ['FILE_EMPTY'],
      );
      assert.deepEqual(live.facts().skippedFiles, new Map([['empty', 1]]));
    } finally {
      live.close();
    }
  });

  it('lists the directory again where another one took its place before its files were opened', async () => {
    const parent = tempDirectory();
    const directory = join(parent, 'prom');
    let nth = 0;
    const makeAnew = () => {
      nth++;
      const made = join(parent, `made-${nth}`);
      mkdirSync(made);
      writeMetricFile(join(made, `counter_${nth}.db`), [counter('jobs', 7)]);
      rmSync(directory, { recursive: true, force: true });
      renameSync(made, directory);
    };
    makeAnew();
    const live = new LivePlan(directory, 10);
    try {
      const { set } = live.files;
      const list = set.list.bind(set);
      let left = 3;
      const value = async () => {
        const change = await list();
        if (left-- > 0) makeAnew();
        return change;
      };
      Object.defineProperty(set, 'list', { value });
      await live.update();
      assert.deepEqual(
        [...live.files.files.values()].map(({ entryCount }) => entryCount),
        [1],
      );
      assert.equal(nth, 4);
    } finally {
      live.close();
    }
  });

  it('keeps held values when it is made anew, because most of its keys are dead', async () => {
    const directory = tempDirectory();
    const path = (name: string) => join(directory, name);
    const many = Array.from({ length: 6_000 }, (_, n) => counter('many', n, { n: String(n) }));
    writeMetricFile(path('counter_1.db'), [counter('jobs', 3)]);
    writeMetricFile(path('counter_2.db'), many);
    const scraper = new Scraper(directory);
    const scrape = async () => valuesOf(String(await scraper.scrape({ dialect: TEXT })));
    try {
      assert.equal((await scrape()).size, 6_001);
      truncateSync(path('counter_1.db'), 20);
      assert.equal((await scrape()).get('jobs_total'), 3);
      rmSync(path('counter_2.db'));
      for (let i = 0; i < 2; i += 1) assert.deepEqual([...(await scrape())], [['jobs_total', 3]]);
      writeMetricFile(path('counter_3.db'), [counter('jobs', 4), counter('later', 1)]);
      assert.deepEqual([...(await scrape())].sort(), [
        ['jobs_total', 7],
        ['later_total', 1],
      ]);
      writeMetricFile(path('counter_1.db'), [counter('jobs', 5)]);
      assert.equal((await scrape()).get('jobs_total'), 9);
    } finally {
      await scraper.close();
    }
  });

  it('gives a file that is found damaged only as values are gathered no part in that page', async () => {
    const directory = tempDirectory();
    const path = (name: string) => join(directory, name);
    const cut = path('gauge_mostrecent_1.db');
    writeMetricFile(cut, [gauge('temperature', 20, 1_000)]);
    writeMetricFile(path('counter_2.db'), [counter('jobs', 3)]);
    const scraper = new Scraper(directory);
    const scrape = async () => String(await scraper.scrape({ dialect: TEXT }));
    try {
      assert.match(await scrape(), /temperature/);
      // A new file makes pages wait until all is read. A cut in the last value shows in nothing but that value.
      writeMetricFile(path('counter_3.db'), [counter('jobs', 4)]);
      truncateSync(cut, statSync(cut).size - 3);
      const page = await scrape();
      assert.doesNotMatch(page, /temperature/);
      assert.equal(valuesOf(page).get('jobs_total'), 7);
    } finally {
      await scraper.close();
    }
  });
});
