/** `top` on a served directory: what is compared with what, and what must not count. */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopView } from '../../src/inspect/top.js';
import { type InstantOptions, Instants } from '../../src/live/instants.js';
import { TopViews } from '../../src/live/top-views.js';
import { ProcThread } from '../../src/processes/proc-thread.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { type MadeFile, makeReading, NOW } from '../inspect/make-reading.js';
import { counter, gauge, int32, overwrite, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** As the command watches a directory: each view is compared with the one before. */
function watch(
  directory: string,
  options: ConstructorParameters<typeof Scraper>[1] = {},
  instantOptions: Partial<InstantOptions> = { topSeconds: 0 },
): () => Promise<TopView> {
  const scraper = new Scraper(directory, options);
  const procThread = new ProcThread();
  const instants = new Instants(scraper, procThread, instantOptions);
  closing.push(async () => {
    instants.close();
    await scraper.close();
    await procThread.close();
  });
  return async () => {
    // A window of 0 s has no rates.
    await sleep(2);
    const instant = await instants.take(undefined);
    try {
      return await instant.top();
    } finally {
      instant.release();
    }
  };
}

/** What was counted in the window; numbers of this test are whole. */
const counted = ({ windowSeconds, incrementsPerSecond }: TopView) =>
  Math.round(windowSeconds * incrementsPerSecond);

describe('top on a served directory', () => {
  const file = (directory: string, name = 'counter_1.db') => join(directory, name);

  it('has no rates at first, and then those since the view before', async () => {
    const directory = tempDirectory();
    writeMetricFile(file(directory), [counter('a', 5)]);
    const next = watch(directory);
    const first = await next();
    assert.deepEqual([first.windowSeconds, first.series], [0, []]);
    for (const value of [6, 6, 9]) {
      writeMetricFile(file(directory), [counter('a', value)]);
      const view = await next();
      assert.equal(view.processes.length, 1);
      assert.equal(view.series.length, value === 6 && view.incrementsPerSecond === 0 ? 0 : 1);
    }
  });

  it('counts nothing while a file is held, and the rest when it is repaired', async () => {
    const directory = tempDirectory();
    writeMetricFile(file(directory), [counter('a', 5)]);
    const next = watch(directory);
    await next();
    overwrite(file(directory), 0, int32(1 << 20));
    const held = await next();
    assert.equal(counted(held), 0);
    writeMetricFile(file(directory), [counter('a', 7)]);
    assert.equal(counted(await next()), 2);
  });

  it('says that a file is damaged when it gets damaged', async () => {
    const directory = tempDirectory();
    writeMetricFile(file(directory), [counter('a', 5)]);
    writeMetricFile(file(directory, 'counter_2.db'), [counter('a', 5)]);
    const next = watch(directory);
    assert.deepEqual((await next()).problems, []);
    overwrite(file(directory), 0, int32(1 << 20));
    const { problems } = await next();
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['DAMAGED_FILE'],
    );
  });

  it('does not count what a removed file leaves to its retained file', async () => {
    const directory = tempDirectory();
    writeMetricFile(file(directory), [counter('a', 1_000_000)]);
    writeMetricFile(file(directory, 'counter_2.db'), [counter('a', 1)]);
    const next = watch(directory, { retainRemoved: true });
    await next();
    rmSync(file(directory));
    writeMetricFile(file(directory, 'counter_2.db'), [counter('a', 3)]);
    assert.equal(counted(await next()), 2);
    writeMetricFile(file(directory, 'counter_2.db'), [counter('a', 4)]);
    assert.equal(counted(await next()), 1);
  });

  it('counts a file that was replaced from 0, and gauges of a new process as new', async () => {
    const directory = tempDirectory();
    writeMetricFile(file(directory), [counter('a', 50)]);
    writeMetricFile(file(directory, 'gauge_all_1.db'), [gauge('g', 1)]);
    const next = watch(directory);
    await next();
    const made = file(directory, '.new');
    writeMetricFile(made, [counter('a', 3)]);
    renameSync(made, file(directory));
    writeMetricFile(file(directory, 'gauge_all_2.db'), [gauge('g', 4)]);
    writeMetricFile(file(directory, 'gauge_all_1.db'), [gauge('g', 2)]);
    const view = await next();
    assert.equal(counted(view), 3);
    assert.deepEqual(
      view.gauges.map(({ series, value, change }) => [series, value, change]),
      [
        ['g{pid="1"}', 2, 1],
        ['g{pid="2"}', 4, undefined],
      ],
    );
  });

  it('goes on when the directory is made anew', async () => {
    const parent = tempDirectory();
    const directory = join(parent, 'metrics');
    const made = tempDirectory();
    writeMetricFile(file(made), [counter('a', 5)]);
    renameSync(made, directory);
    const next = watch(directory);
    await next();
    rmSync(directory, { recursive: true });
    await assert.rejects(next(), { code: 'DIRECTORY_UNREADABLE' });
    const again = tempDirectory();
    writeMetricFile(file(again), [counter('a', 2), counter('b', 1)]);
    renameSync(again, directory);
    assert.equal(counted(await next()), 3);
    assert.equal(counted(await next()), 0);
  });

  it('compares with a view at least as old as it is told', async () => {
    const directory = tempDirectory();
    writeFileSync(file(directory, 'other.db'), '');
    const next = watch(directory, {}, { topSeconds: 1 });
    assert.equal((await next()).windowSeconds, 0);
    assert.equal((await next()).windowSeconds, 0);
    await sleep(1050);
    const second = await next();
    assert.ok(second.windowSeconds >= 1, `${second.windowSeconds}`);
    assert.ok((await next()).windowSeconds > second.windowSeconds);
  });

  it('compares with no view that is older than views are kept', async () => {
    const directory = tempDirectory();
    writeFileSync(file(directory, 'other.db'), '');
    const next = watch(directory, {}, { topSeconds: 0, keepMs: 50 });
    await next();
    await sleep(150);
    assert.equal((await next()).windowSeconds, 0);
  });
});

describe('the moments that are compared', () => {
  const entries = (value: number): Record<string, MadeFile> => ({
    'counter_1.db': { entries: [{ name: 'a', value }] },
  });
  const moment = (seconds: number, value: number) => {
    const held = { count: 0 };
    const reading = makeReading(entries(value), {}, { takenAtSeconds: NOW + seconds });
    return {
      held,
      reading,
      hold: () => void held.count++,
      release: () => void held.count--,
    };
  };

  it('are held as long as a later one is compared with them', async () => {
    const views = new TopViews(1, 60_000);
    const moments = [0, 0.5, 1, 2, 3].map((seconds) => moment(seconds, seconds * 10));
    const seen: number[] = [];
    for (const each of moments) seen.push((await views.view(each)).windowSeconds);
    assert.deepEqual(seen, [0, 0, 1, 1, 1]);
    assert.deepEqual(
      moments.map(({ held }) => held.count),
      [0, 0, 0, 1, 1],
    );
    views.close();
    assert.ok(moments.every(({ held }) => held.count === 0));
  });

  it('may come in any order, and each has one view', async () => {
    const views = new TopViews(1, 60_000);
    const [first, later] = [moment(0, 1), moment(5, 11)] as const;
    await views.view(first);
    const view = await views.view(later);
    assert.equal(view.incrementsPerSecond, 2);
    assert.equal((await views.view(first)).windowSeconds, 0);
    assert.deepEqual(await views.view(later), view);
    views.close();
  });

  it('are not older than a minute, nor of a clock that was set back', async () => {
    const views = new TopViews(1, 60_000);
    await views.view(moment(0, 1));
    assert.equal((await views.view(moment(61, 2))).windowSeconds, 0);
    assert.equal((await views.view(moment(-3600, 3))).windowSeconds, 0);
    assert.equal((await views.view(moment(-3598, 4))).windowSeconds, 2);
    views.close();
  });
});
