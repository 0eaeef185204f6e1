/** Ticks, and the live values that stand on them, of a scraper that is made up. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Selector } from '../../src/inspect/selector.js';
import { ApiCounts } from '../../src/live/api-counts.js';
import { type LiveStream, LiveValues, TooManySeriesError } from '../../src/live/live-values.js';
import { type TickListener, Ticks } from '../../src/live/ticks.js';
import type { SourceInstant } from '../../src/scrape/directory/source.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

/** Each instant takes so long; how many there were, and how many at a time. */
class SlowScraper {
  taken = 0;
  released = 0;
  mostAtOnce = 0;
  fails = false;
  readonly #tookMs: number;
  #underWay = 0;

  constructor(tookMs: number) {
    this.#tookMs = tookMs;
  }

  async instant(_source?: string): Promise<SourceInstant> {
    this.taken++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    await sleep(this.#tookMs);
    this.#underWay--;
    if (this.fails) throw new Error('no such directory');
    return { release: () => this.released++ } as unknown as SourceInstant;
  }
}

class Heard implements TickListener<SourceInstant> {
  ticks = 0;
  readonly failures: string[] = [];

  tick(_instant: SourceInstant): void | Promise<void> {
    this.ticks++;
  }

  failed({ message }: Error): void {
    this.failures.push(message);
  }
}

describe('ticks', () => {
  it('are shared by all that listen at the same interval', async () => {
    const scraper = new SlowScraper(0);
    const ticks = new Ticks((source) => scraper.instant(source), new ApiCounts());
    const heard = Array.from({ length: 20 }, () => new Heard());
    const leave = heard.map((each) => ticks.listen(undefined, 20, each));
    await until(
      () => heard[0]!.ticks >= 5,
      () => 'five ticks',
    );
    for (const each of leave) each();
    assert.ok(heard.every((each) => each.ticks === heard[0]!.ticks));
    assert.ok(scraper.taken <= heard[0]!.ticks + 1);
    await sleep(10);
    assert.equal(scraper.released, scraper.taken);
  });

  it('are never two at a time; those in between are left out and counted', async () => {
    const scraper = new SlowScraper(70);
    const counts = new ApiCounts();
    const heard = new Heard();
    const begin = performance.now();
    const leave = new Ticks(() => scraper.instant(), counts).listen(undefined, 20, heard);
    await until(
      () => heard.ticks >= 3,
      () => 'three ticks',
    );
    leave();
    const intervals = (performance.now() - begin) / 20;
    assert.equal(scraper.mostAtOnce, 1);
    assert.ok(counts.ticksLeftOut >= 6, `${counts.ticksLeftOut} of ${intervals}`);
    assert.ok(counts.ticksLeftOut + heard.ticks <= intervals + 1);
  });

  it('wait for a listener that works over the instant', async () => {
    const scraper = new SlowScraper(0);
    const counts = new ApiCounts();
    let working = 0;
    const slow = new Heard();
    slow.tick = async () => {
      assert.equal(++working, 1);
      const { released } = scraper;
      await sleep(50);
      assert.equal(scraper.released, released);
      slow.ticks++;
      working--;
    };
    const leave = new Ticks(() => scraper.instant(), counts).listen(undefined, 10, slow);
    await until(
      () => slow.ticks >= 3,
      () => 'three ticks',
    );
    leave();
    assert.deepEqual(slow.failures, []);
    assert.ok(counts.ticksLeftOut >= 6);
  });

  it('end with the last listener, also while one is under way', async () => {
    for (const tookMs of [0, 40]) {
      const scraper = new SlowScraper(tookMs);
      const ticks = new Ticks((source) => scraper.instant(source), new ApiCounts());
      const [first, second] = [new Heard(), new Heard()];
      const leave = [first, second].map((each) => ticks.listen(undefined, 10, each));
      leave[0]!();
      await until(
        () => second.ticks >= 2,
        () => 'two ticks',
      );
      assert.equal(first.ticks, 0);
      leave[1]!();
      leave[1]!();
      await sleep(60);
      const { taken } = scraper;
      await sleep(60);
      assert.equal(scraper.taken, taken);
      assert.equal(scraper.released, taken);
      const again = new Heard();
      const stop = ticks.listen(undefined, 10, again);
      await until(
        () => again.ticks >= 2,
        () => 'ticks of another listener',
      );
      stop();
    }
  });

  it('go on where a listener throws, for it and for the others', async () => {
    const scraper = new SlowScraper(0);
    const ticks = new Ticks((source) => scraper.instant(source), new ApiCounts());
    const throwing = new Heard();
    throwing.tick = () => {
      throwing.ticks++;
      throw new Error('a bug');
    };
    const others = [new Heard(), new Heard()];
    const leave = [others[0]!, throwing, others[1]!].map((each) =>
      ticks.listen(undefined, 10, each),
    );
    await until(
      () => others.every((each) => each.ticks >= 3),
      () => 'three ticks',
    );
    for (const each of leave) each();
    await sleep(20);
    for (const each of others) assert.deepEqual(each.failures, []);
    assert.ok(throwing.ticks >= 3);
    assert.equal(throwing.failures.length, throwing.ticks);
    assert.equal(scraper.released, scraper.taken);
  });

  it('that fail are told, and the next one tries again', async () => {
    const scraper = new SlowScraper(0);
    const heard = new Heard();
    const leave = new Ticks((source) => scraper.instant(source), new ApiCounts()).listen(
      undefined,
      10,
      heard,
    );
    scraper.fails = true;
    await until(
      () => heard.failures.length >= 2,
      () => 'two failures',
    );
    scraper.fails = false;
    const before = heard.ticks;
    await until(
      () => heard.ticks >= before + 2,
      () => 'two ticks',
    );
    leave();
    assert.ok(heard.failures.every((message) => message === 'no such directory'));
  });

  it('of other sources and intervals are others', async () => {
    const asked: (string | undefined)[] = [];
    const scraper = {
      async instant(source: string | undefined) {
        asked.push(source);
        return { release() {} } as unknown as SourceInstant;
      },
    };
    const ticks = new Ticks((source) => scraper.instant(source), new ApiCounts());
    const heard = [new Heard(), new Heard(), new Heard()];
    const leave = [
      ticks.listen('one', 10, heard[0]!),
      ticks.listen('two', 10, heard[1]!),
      ticks.listen('two', 60_000, heard[2]!),
    ];
    await until(
      () => heard[0]!.ticks >= 2 && heard[1]!.ticks >= 2,
      () => 'ticks of both',
    );
    for (const each of leave) each();
    assert.equal(heard[2]!.ticks, 0);
    assert.deepEqual(new Set(asked), new Set(['one', 'two']));
  });
});

class Told implements LiveStream {
  readonly texts: string[] = [];
  readonly failures: string[] = [];
  end: string | undefined;

  events(bytes: Buffer): void {
    this.texts.push(String(bytes));
  }

  failed(message: string): void {
    this.failures.push(message);
  }

  ended(message: string): void {
    this.end = message;
  }
}

describe('live values', () => {
  const directory = tempDirectory();
  writeMetricFile(`${directory}/counter_1.db`, [
    counter('jobs', 1),
    counter('more', 2),
    ...Array.from({ length: 1001 }, (_, i) => counter('many', i, { i: `${i}` })),
  ]);

  /** Counts what is asked of a real scraper, and reads of the values of each instant. */
  async function used(
    test: (values: LiveValues, counted: { taken: number; read: number }) => Promise<void>,
  ) {
    const scraper = new Scraper(directory);
    const counted = { taken: 0, read: 0 };
    const values = new LiveValues(
      {
        async instant(...args) {
          counted.taken++;
          const instant = await scraper.instant(...args);
          return {
            ...instant,
            get columns() {
              counted.read++;
              return instant.columns;
            },
          };
        },
      },
      new ApiCounts(),
    );
    try {
      await test(values, counted);
    } finally {
      await scraper.close();
    }
  }

  const query = (...texts: string[]) => ({
    source: undefined,
    intervalMs: 20,
    selectors: texts.map((text) => new Selector(text)),
    texts,
  });

  it('of the same series share a tick and an encoding', () =>
    used(async (values, counted) => {
      const streams = Array.from({ length: 10 }, () => new Told());
      const leave = await Promise.all(
        streams.map((stream, i) =>
          values.join(i % 2 === 0 ? query('jobs', 'more') : query('more', 'jobs'), stream),
        ),
      );
      await until(
        () => streams[0]!.texts.length >= 5,
        () => 'five events',
      );
      for (const each of leave) each();
      const { taken, read } = counted;
      const [first, ...others] = streams;
      assert.match(first!.texts[0]!, /^event: series\n.*\n\nevent: values\n.*\n\n$/);
      assert.match(first!.texts[1]!, /^event: values\n.*\n\n$/);
      for (const { texts } of others) assert.deepEqual(texts, first!.texts);
      assert.ok(taken <= first!.texts.length + 1);
      assert.ok(read <= first!.texts.length);
    }));

  it('are told at once to a stream that joins later', () =>
    used(async (values, counted) => {
      const slow = { ...query('jobs'), intervalMs: 60_000 };
      const [first, second] = [new Told(), new Told()];
      const leave = [await values.join(slow, first), await values.join(slow, second)];
      assert.equal(counted.taken, 1);
      assert.equal(first.texts.length, 1);
      assert.deepEqual(second.texts, first.texts);
      for (const each of leave) each();
    }));

  it('are not taken any more when the last stream has left, or when none can be given', () =>
    used(async (values, counted) => {
      const stream = new Told();
      const leave = await values.join(query('jobs'), stream);
      leave();
      const { texts } = stream;
      await assert.rejects(values.join(query('many'), stream), TooManySeriesError);
      await sleep(50);
      const { taken } = counted;
      await sleep(80);
      assert.equal(counted.taken, taken);
      assert.equal(stream.texts, texts);
    }));
});
