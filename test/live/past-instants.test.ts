/** Instants of recorded moments: what is opened for them stays open as long as they are held, and no longer. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RecordedPast } from '../../src/inspect/recorded-reading.js';
import { type OpenPast, PastInstants } from '../../src/live/past-instants.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const T0 = 1_772_331_600;
const TICKS = 20;

const momentOf = (seconds: number) => ({ kind: 'time', seconds, text: `${seconds}` }) as const;

describe('what is opened for recorded moments', () => {
  const directory = tempDirectory();
  const recorder = new DirectoryRecorder(directory);
  let seconds = T0;
  const opened: RecordedPast[] = [];
  const closed: RecordedPast[] = [];

  const tick = async () => {
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', seconds - T0)]);
    await recorder.tick(seconds++);
  };

  /** What a recorder opens, and it is noted when it is closed. */
  const open: OpenPast = (_source, known) => {
    const past = recorder.past(known);
    const close = past.close.bind(past);
    past.close = () => {
      closed.push(past);
      close();
    };
    opened.push(past);
    return past;
  };

  const reset = () => {
    opened.length = 0;
    closed.length = 0;
  };

  /** The recorder has more by then: what was opened before is too short for it. */
  const askOfNow = async (instants: PastInstants) => {
    await tick();
    const { release } = await instants.at(undefined, momentOf(seconds - 1));
    release();
  };

  before(async () => {
    for (let i = 0; i < TICKS; i++) await tick();
  });
  after(() => recorder.close());

  it('stays open for an instant that is held, though a longer one took its place', async () => {
    reset();
    const instants = new PastInstants(open);
    const held = await instants.at(undefined, momentOf(T0 + 10));
    await askOfNow(instants);
    assert.equal(opened.length, 2);
    assert.deepEqual(closed, []);
    const rates = await held.perSecond();
    assert.ok(rates !== undefined);
    assert.equal((await held.top()).incrementsPerSecond, 1);
    const earlier = await held.earlier();
    assert.equal(earlier?.reading.takenAtSeconds, T0 + 5);
    held.release();
    assert.deepEqual(closed, [], 'the earlier moment is held');
    earlier?.release();
    assert.deepEqual(closed, [opened[0]]);
    instants.close();
    assert.deepEqual(closed, opened);
  });

  it('is closed once all have released it, each of them once', async () => {
    reset();
    const instants = new PastInstants(open);
    const first = await instants.at(undefined, momentOf(T0 + 10));
    const second = await instants.at(undefined, momentOf(T0 + 11));
    await askOfNow(instants);
    first.release();
    first.release();
    assert.deepEqual(closed, []);
    second.release();
    assert.deepEqual(closed, [opened[0]]);
    instants.close();
  });

  it('is not kept by a moment that was refused', async () => {
    reset();
    const instants = new PastInstants(open);
    await assert.rejects(instants.at(undefined, momentOf(T0 - 10)), /^UsageError/);
    instants.close();
    assert.deepEqual(closed, opened);
  });

  it('is what lines are read of, though a longer one took its place and was closed', async () => {
    reset();
    const instants = new PastInstants(open);
    const asked = { start: undefined, processes: undefined, stepSeconds: 1 };
    const lines = [];
    for (let i = 0; i < 5; i++) {
      lines.push(instants.activity(undefined, { ...asked, end: momentOf(seconds - 1) }));
      await askOfNow(instants);
    }
    for (const { incrementsPerSecond } of await Promise.all(lines)) {
      assert.equal(incrementsPerSecond.at(-1), 1);
    }
    instants.close();
    assert.deepEqual(new Set(closed), new Set(opened));
  });

  it('shows a moment that stays the same as it was read and planned before', async () => {
    reset();
    const instants = new PastInstants(open);
    const still = async () => {
      const { reading, release } = await instants.at(undefined, momentOf(T0 + 10));
      release();
      return reading;
    };
    const first = await still();
    await askOfNow(instants);
    assert.equal(await still(), first);
    const { reading, release } = await instants.at(undefined, momentOf(T0 + 12));
    assert.equal(reading.structure, first.structure);
    release();
    assert.equal(opened.length, 2);
    instants.close();
  });

  const keysOf = (instants: PastInstants) => {
    const past = instants.past(undefined);
    past.close();
    return past.keys;
  };

  it('has the keys of the one before', async () => {
    reset();
    const instants = new PastInstants(open);
    const keys = keysOf(instants);
    await askOfNow(instants);
    assert.equal(keysOf(instants), keys);
    instants.close();
  });

  it('has no more the keys of one that no view was asked of for a while', async () => {
    reset();
    const instants = new PastInstants(open, 50);
    const keys = keysOf(instants);
    const end = momentOf(seconds - 1);
    const asked = { start: undefined, end, processes: undefined, stepSeconds: 1 };
    const beganMs = performance.now();
    await until(
      async () => {
        // Lines are asked for on, and that is no view.
        await instants.activity(undefined, asked);
        return performance.now() - beganMs > 300;
      },
      () => 'the time',
    );
    assert.notEqual(keysOf(instants), keys);
    instants.close();
  });

  it('is closed when no view was asked of it for a while, each time', async () => {
    reset();
    const instants = new PastInstants(open, 50);
    for (const times of [1, 2, 3]) {
      const { release } = await instants.at(undefined, momentOf(T0 + 10));
      release();
      assert.equal(opened.length, times);
      await until(
        () => closed.length === times,
        () => `the ${times}. to be closed`,
      );
    }
    instants.close();
  });
});
