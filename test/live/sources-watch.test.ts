/** When the watchdog takes an instant of its own, and when it uses one of the recorder, by a clock that is made up. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SourcesWatch } from '../../src/live/watch/sources-watch.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { MadeUpClock } from '../record/made-up.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

class Watching {
  readonly clock = new MadeUpClock();
  readonly scraper: Scraper;
  readonly watch: SourcesWatch;
  /** Instants that it took itself. */
  taken = 0;

  constructor() {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 7)]);
    this.scraper = new Scraper(directory);
    this.watch = new SourcesWatch(
      {
        sources: () => this.scraper.sources(),
        instant: (source, withFacts) => {
          if (!withFacts) this.taken++;
          return this.scraper.instant(source, withFacts);
        },
      },
      {
        silenceSeconds: 30,
        profile: 'all',
        procThread: {
          writers: async () => new Map(),
          glance: async () => new Map(),
          forget: async () => {},
        },
        log: { info() {}, warn: (text) => assert.fail(text) },
        clock: this.clock,
      },
    );
    this.watch.start();
  }

  async close(): Promise<void> {
    await this.watch.close();
    await this.scraper.close();
  }
}

describe('the watchdog of a daemon', () => {
  it('takes an instant a second, where no one else does', async () => {
    const watching = new Watching();
    for (let ticks = 1; ticks <= 4; ticks++) {
      await watching.clock.tick();
      await until(
        () => watching.taken === ticks,
        () => `${ticks} instants, got ${watching.taken}`,
      );
    }
    assert.equal(watching.watch.verdictsOf(undefined)!.length, 1);
    await watching.close();
  });

  it('takes none while instants are offered', async () => {
    const watching = new Watching();
    await watching.clock.tick();
    await until(
      () => watching.watch.verdictsOf(undefined)?.length,
      () => 'a verdict',
    );
    const before = watching.taken;
    for (let i = 0; i < 5; i++) {
      watching.clock.ms += 1000;
      const instant = await watching.scraper.instant(undefined, false);
      await watching.watch.offer(instant);
      instant.release();
    }
    assert.equal(watching.taken, before);
    await watching.close();
  });

  it('knows nothing of a source that is not served', () => {
    const watching = new Watching();
    assert.equal(watching.watch.verdictsOf('x'), undefined);
    assert.equal(watching.watch.processesOf('x'), undefined);
    return watching.close();
  });
});
