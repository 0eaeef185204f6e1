/** The keys of a recording: one object for all recordings of a recorder, as long as one of them is open. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Key } from '../../src/format/key.js';
import type { RecordedKeys } from '../../src/inspect/recorded-keys.js';
import { atOnce } from '../../src/steps.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { tempDirectory } from '../support/temp.js';

const T0 = 1_772_331_600;

describe('the keys of a recorder', () => {
  const directory = tempDirectory();
  const recorder = new DirectoryRecorder(directory);
  const queues = ['a'];

  const tick = async (queue: string) => {
    queues.push(queue);
    const entries = queues.map((one) => counter('jobs', 1, { queue: one }));
    writeMetricFile(join(directory, 'counter_1.db'), entries);
    await recorder.tick(T0 + queues.length);
  };

  const queuesOf = (keys: RecordedKeys) =>
    Array.from({ length: keys.size }, (_, id) => (keys.read(id) as Key).labels[0]?.[1]);

  const idsOf = (keys: RecordedKeys, fromId: number) => [
    ...atOnce(keys.withNames(({ sampleName }) => sampleName === 'jobs_total', fromId)),
  ];

  before(() => tick('b'));
  after(() => recorder.close());

  it('are those of a later recording, with what it has more of', async () => {
    const first = recorder.past();
    assert.deepEqual(queuesOf(first.keys), ['a', 'b']);
    assert.deepEqual(idsOf(first.keys, 0), [0, 1]);
    assert.equal(first.keys.length.length, 2);
    await tick('longer');
    const second = recorder.past(first.keys);
    assert.equal(second.keys, first.keys);
    first.close();
    assert.deepEqual(queuesOf(second.keys), ['a', 'b', 'longer']);
    assert.deepEqual(idsOf(second.keys, 0), [0, 1, 2]);
    assert.deepEqual(idsOf(second.keys, 1), [1, 2]);
    const { length } = second.keys;
    assert.equal(length.length, 3);
    assert.equal(length[2]! - length[1]!, 'longer'.length - 'b'.length);
    second.close();
    assert.throws(() => second.keys.text(0), /the recording is closed/);
  });

  it('are others than those of another recorder', async () => {
    const other = new DirectoryRecorder(directory);
    await other.tick(T0);
    const [theirs, ours] = [other.past(), recorder.past()];
    const past = recorder.past(theirs.keys);
    assert.notEqual(past.keys, theirs.keys);
    for (const one of [theirs, ours, past]) one.close();
    other.close();
  });
});
