/** promfold_findings: what is looked for, how often, and what a scrape says of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { ApiCounts } from '../../src/live/api-counts.js';
import { FindingsWatch } from '../../src/live/findings-watch.js';
import { UNLIMITED } from '../../src/plan/budget.js';
import { ProcThread } from '../../src/processes/proc-thread.js';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { counter, gauge, int32, overwrite, writeMetricFile } from '../support/metric-file.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

class Clock {
  cpu = 0;
  waitsMs: number[] = [];
  #callback: (() => void) | undefined;
  readonly cpuSeconds = () => this.cpu;
  readonly after = (milliseconds: number, callback: () => void) => {
    this.waitsMs.push(milliseconds);
    this.#callback = callback;
    return () => {
      this.#callback = undefined;
    };
  };

  get isWaiting(): boolean {
    return this.#callback !== undefined;
  }

  async pass(): Promise<void> {
    const callback = this.#callback!;
    this.#callback = undefined;
    callback();
    await until(
      () => this.isWaiting,
      () => 'the look',
    );
  }
}

describe('what is found in the background', () => {
  const ends: (() => Promise<unknown> | undefined)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  function serve(directory: ConstructorParameters<typeof Scraper>[0]) {
    const clock = new Clock();
    const procThread = new ProcThread();
    const parts = { connections: { open: 0, closedIdle: 0, refused: 0 }, api: new ApiCounts() };
    const server: typeof parts & { findings?: FindingsWatch } = parts;
    const scraper = new Scraper(directory, {
      selfMetrics: new SelfMetrics({ version: '1', revision: '' }, undefined, server),
    });
    const watch = new FindingsWatch(scraper, { procThread, limits: UNLIMITED, clock });
    server.findings = watch;
    ends.push(
      () => watch.close(),
      () => scraper.close(),
      () => procThread.close(),
    );
    const found = async () => {
      const values = valuesOf(String(await scraper.scrape({ dialect: TEXT })));
      return [...values].filter(([series]) => /^promfold_findings\{/.test(series));
    };
    return { clock, watch, scraper, found };
  }

  function damaged(): string {
    const directory = tempDirectory();
    for (const pid of [1, 2]) {
      writeMetricFile(join(directory, `counter_${pid}.db`), [counter('jobs', 1)]);
      overwrite(join(directory, `counter_${pid}.db`), 0, int32(1 << 20));
    }
    for (let pid = 1; pid <= 101; pid++) {
      writeMetricFile(join(directory, `gauge_all_${pid}.db`), [gauge('conns', pid)]);
    }
    return directory;
  }

  it('is a metric by severity and code, with the time of the look, and none before the first', async () => {
    const { clock, watch, scraper, found } = serve(damaged());
    assert.deepEqual(await found(), []);
    watch.start();
    await clock.pass();
    const before = Date.now() / 1000 - 60;
    assert.deepEqual(await found(), [
      ['promfold_findings{code="DAMAGED_FILE",severity="error"}', 2],
      ['promfold_findings{code="PID_EXPLOSION",severity="warning"}', 1],
    ]);
    const values = valuesOf(String(await scraper.scrape({ dialect: TEXT })));
    assert.ok(values.get('promfold_findings_timestamp_seconds')! > before);
  });

  it('is gone when it is found no more', async () => {
    const directory = damaged();
    const { clock, watch, found } = serve(directory);
    watch.start();
    await clock.pass();
    assert.equal((await found()).length, 2);
    for (const pid of [1, 2]) {
      writeMetricFile(join(directory, `counter_${pid}.db`), [counter('jobs', 1)]);
    }
    await clock.pass();
    assert.deepEqual(
      (await found()).map(([series]) => series),
      ['promfold_findings{code="PID_EXPLOSION",severity="warning"}'],
    );
  });

  it('is looked for once a minute, and less often where it takes more than its share', async () => {
    const { clock, watch } = serve(damaged());
    watch.start();
    await clock.pass();
    const { after } = clock;
    await clock.pass();
    assert.deepEqual(clock.waitsMs, [15_000, 60_000, 60_000]);
    let asked = 0;
    Object.assign(clock, {
      // A second of it.
      cpuSeconds: () => asked++,
      after,
    });
    await clock.pass();
    assert.equal(clock.waitsMs.at(-1), 500_000);
  });

  it('of several directories is that of each, of one that cannot be read the last that was known', async () => {
    const [one, two] = [damaged(), damaged()];
    const { clock, watch, scraper, found } = serve([
      { name: 'one', directory: one },
      { name: 'two', directory: two },
    ]);
    watch.start();
    await clock.pass();
    assert.equal((await found()).length, 4);
    await scraper.detach('two');
    await clock.pass();
    assert.deepEqual(
      (await found()).map(([series]) => /promfold_source="(\w+)"/.exec(series)![1]),
      ['one', 'one'],
    );
  });

  it('is looked for no more once it is closed', async () => {
    const { clock, watch } = serve(damaged());
    watch.start();
    await watch.close();
    assert.equal(clock.isWaiting, false);
  });
});
