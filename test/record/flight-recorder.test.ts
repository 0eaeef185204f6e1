/** When ticks are taken and of what, by a clock, a store and a scraper that are made up. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Writer } from '../../src/processes/writer.js';
import { FlightRecorder, type FlightRecorderOptions } from '../../src/record/flight-recorder.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';
import { MadeUpClock, MadeUpScraper, MadeUpStore } from './made-up.js';

const WRITER: Writer = {
  processId: '12',
  liveness: 'alive',
  pid: 12,
  role: 'worker',
  program: 'python3',
  startSeconds: 5,
};

class Flight {
  readonly clock = new MadeUpClock();
  readonly scraper = new MadeUpScraper(this.clock);
  readonly stores: MadeUpStore[] = [];
  readonly log: string[] = [];
  writers = new Map([['12', WRITER]]);
  readonly recorder: FlightRecorder;

  constructor(options: Partial<FlightRecorderOptions> = {}) {
    const line = (message: string) => this.log.push(message);
    this.recorder = new FlightRecorder(this.scraper, {
      intervalSeconds: 1,
      maxBytes: 1_000_000,
      procThread: {
        writers: async () => this.writers,
        forget: async () => {},
      },
      log: { info: line, warn: line },
      clock: this.clock,
      newRecorder: (given) => {
        const store = new MadeUpStore(given);
        this.stores.push(store);
        return store;
      },
      ...options,
    });
    this.recorder.start();
  }

  async ticks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.clock.tick();
  }
}

describe('the flight recorder', () => {
  it('takes a tick at each interval, the first one at once', async () => {
    const flight = new Flight();
    await flight.ticks(4);
    const times = flight.stores[0]!.ticks.map(({ timeSeconds }) => timeSeconds - 1_000_000);
    assert.deepEqual(times, [1, 2, 3, 4]);
    assert.equal(flight.scraper.held, 0);
    await flight.recorder.close();
    assert.equal(flight.clock.isWaiting, false);
    assert.ok(flight.stores[0]!.isClosed);
  });

  it('tells the structure where it changed, with facts, and only then', async () => {
    const flight = new Flight();
    await flight.ticks(3);
    flight.scraper.change('one');
    await flight.ticks(2);
    const { ticks } = flight.stores[0]!;
    assert.deepEqual(
      ticks.map(({ structure }) => structure?.identity),
      [['00:01:7'], undefined, undefined, ['00:01:7'], undefined],
    );
    assert.deepEqual(ticks[0]!.structure!.fileName, ['counter_12.db']);
    const facts = flight.scraper.asked.filter((asked) => asked.endsWith('facts'));
    assert.equal(facts.length, 2);
    assert.equal(flight.scraper.held, 0);
    await flight.recorder.close();
  });

  it('tells who writes when that is known, and again when it changes', async () => {
    const flight = new Flight();
    const told = () => {
      const moments = flight.stores[0]!.ticks.flatMap(({ blob }) => blob ?? []);
      return moments.map((moment) => JSON.parse(String(moment)).writers);
    };
    await flight.ticks(3);
    assert.deepEqual(told(), [[], [WRITER]]);
    flight.writers = new Map([['12', { ...WRITER, liveness: 'dead' }]]);
    // Lookups have a clock of their own.
    await until(
      async () => {
        await flight.ticks(1);
        return told().length === 3;
      },
      () => 'another lookup',
    );
    assert.equal(told()[2]![0].liveness, 'dead');
    await flight.recorder.close();
  });

  it('leaves out ticks where one takes longer than the interval, and counts them', async () => {
    const flight = new Flight();
    await flight.ticks(1);
    flight.scraper.tookMs = 2_500;
    await flight.ticks(1);
    assert.equal(flight.recorder.ticksLeftOut, 2);
    assert.equal(flight.clock.dueMs, 5_000);
    await flight.recorder.close();
  });

  it('takes ticks less often where they take more than 1% of a core, and says so once', async () => {
    const flight = new Flight();
    flight.scraper.tookMs = 20;
    flight.scraper.tookCpu = 0.04;
    flight.scraper.isBusy = true;
    await flight.ticks(1);
    flight.stores[0]!.cost = { cpuSeconds: 0.015, sealSeconds: 0, tickBytes: 1 };
    await flight.ticks(40);
    // 20 ms at most are of gathering: the rest was other work.
    assert.equal(flight.recorder.intervalSeconds, 5);
    assert.equal(flight.log.length, 1);
    assert.match(flight.log[0]!, /less often/);
    flight.scraper.tookMs = 0;
    flight.stores[0]!.cost = { cpuSeconds: 0, sealSeconds: 0, tickBytes: 1 };
    await flight.ticks(20);
    assert.equal(flight.recorder.intervalSeconds, 1);
    assert.equal(flight.log.length, 1);
    await flight.recorder.close();
  });

  it('counts the garbage of ticks, where nothing else asks', async () => {
    const flight = new Flight();
    flight.scraper.tookMs = 6;
    flight.scraper.tookCpu = 0.006;
    let garbage = 0.007;
    const tickWithGarbage = async () => {
      await flight.ticks(1);
      flight.clock.cpu += garbage;
    };
    for (let i = 0; i < 20; i++) await tickWithGarbage();
    assert.equal(flight.recorder.intervalSeconds, 2);
    // Other work that no one sees: it must not stop the recorder.
    garbage = 1;
    for (let i = 0; i < 20; i++) await tickWithGarbage();
    assert.equal(flight.recorder.intervalSeconds, 2);
    flight.scraper.isBusy = true;
    for (let i = 0; i < 20; i++) await tickWithGarbage();
    assert.equal(flight.recorder.intervalSeconds, 1);
    await flight.recorder.close();
  });

  it('goes on where a directory cannot be read, and where a tick cannot be recorded', async () => {
    const flight = new Flight();
    flight.scraper.names.add('two');
    flight.scraper.unreadable.add('two');
    await flight.ticks(3);
    assert.equal(flight.stores[0]!.ticks.length, 3);
    assert.equal(flight.stores[1]!.ticks.length, 0);
    assert.deepEqual(flight.log, []);
    flight.scraper.unreadable.clear();
    flight.stores[0]!.fails = true;
    await flight.ticks(2);
    assert.equal(flight.stores[1]!.ticks.length, 2);
    assert.equal(flight.log[0], 'a tick was not recorded');
    flight.stores[0]!.fails = false;
    await flight.ticks(1);
    // What it was told before may not have arrived.
    assert.ok(flight.stores[0]!.ticks.at(-1)!.structure !== undefined);
    assert.equal(flight.scraper.held, 0);
    await flight.recorder.close();
  });

  it('shares one budget among sources, by what they take', async () => {
    const flight = new Flight();
    flight.scraper.names.add('two');
    await flight.ticks(1);
    const [one, two] = flight.stores;
    assert.deepEqual([one!.maxBytes, two!.maxBytes], [500_000, 500_000]);
    one!.cost = { ...one!.cost, tickBytes: 900 };
    await flight.ticks(70);
    assert.ok(one!.maxBytes > 650_000 && one!.maxBytes < 750_000, `${one!.maxBytes}`);
    assert.ok(one!.maxBytes + two!.maxBytes <= 1_000_000);
    flight.scraper.names.add('three');
    await flight.ticks(1);
    const sum = flight.stores.reduce((bytes, { maxBytes }) => bytes + maxBytes, 0);
    assert.ok(sum <= 1_000_000, `${sum}`);
    await flight.recorder.close();
  });

  it('says once that it holds the last seconds only', async () => {
    for (const [held, lines] of [
      [29, ['the recorder holds the last seconds only: raise --recorder.size']],
      [31, []],
    ] as const) {
      const flight = new Flight();
      await flight.ticks(1);
      flight.stores[0]!.held = held;
      await flight.ticks(100);
      assert.deepEqual(flight.log, lines, `${held}`);
      await flight.recorder.close();
    }
  });

  it('keeps what it has of a source that is gone, for an hour', async () => {
    const flight = new Flight();
    flight.scraper.names.add('two');
    await flight.ticks(2);
    flight.scraper.names.delete('two');
    await flight.ticks(2);
    assert.equal(flight.stores[1]!.ticks.length, 2);
    assert.deepEqual(
      flight.recorder.sources().map(({ name }) => name),
      ['one', 'two'],
    );
    flight.clock.ms += 3_600_001;
    await flight.ticks(1);
    assert.ok(flight.stores[1]!.isClosed);
    assert.deepEqual(
      flight.recorder.sources().map(({ name }) => name),
      ['one'],
    );
    await flight.recorder.close();
  });

  it('begins a segment where the clock is set', async () => {
    const flight = new Flight();
    await flight.ticks(2);
    flight.scraper.clockSeconds += 3_600;
    await flight.ticks(2);
    flight.scraper.clockSeconds -= 3_600;
    await flight.ticks(2);
    const begun = flight.stores[0]!.ticks.map(({ beginsSegment = false }) => beginsSegment);
    assert.deepEqual(begun, [false, false, true, false, true, false]);
    await flight.recorder.close();
  });

  it('appends each tick to a file where there is a folder, and one at the end', async () => {
    const path = join(tempDirectory(), 'recorded');
    const flight = new Flight({ folder: { path, maxBytes: 1_000_000 } });
    await flight.ticks(3);
    await flight.recorder.close();
    const [name, ...others] = readdirSync(path);
    assert.deepEqual(others, []);
    assert.equal(name, 'one-19700112T134641.000Z.rec');
    assert.equal(readFileSync(join(path, name), 'utf8'), '1\n2\n3\n4\n');
    assert.ok(!existsSync(join(path, `.${name}.tmp`)));
  });
});
