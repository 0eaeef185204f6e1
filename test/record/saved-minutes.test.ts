/** How much of a recording is saved where it must not have more than so many bytes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRecording, Recorder } from '../../src/native.js';
import { SourceRecorder } from '../../src/record/source-recorder.js';
import type { SourceInstant } from '../../src/scrape/directory/source.js';
import { Random } from '../support/random.js';

const T0 = 1_700_000_000;
const ENTRIES = 200;
const TICK_SECONDS = 5;

const KEYS = Array.from({ length: ENTRIES }, (_, i) => `["jobs","jobs_total",{"i":"${i}"},""]`);

const FILE_RUNS = {
  fileId: Uint32Array.of(7),
  generation: Uint32Array.of(1),
  entryEnd: Uint32Array.of(ENTRIES),
};

const STATE = {
  rows: { ...FILE_RUNS, keyId: Uint32Array.from(KEYS, (_, i) => i) },
  keyTexts: [
    {
      text: Buffer.from(KEYS.join('')),
      end: Uint32Array.from(KEYS, (_, i) => KEYS.slice(0, i + 1).join('').length),
    },
  ],
  valueBytes: Uint8Array.of(8),
  fileNames: new Map(),
  retained: new Set(),
};

const FILES = [
  { id: 7, path: '/run/prom/counter_12.db', name: { type: 'counter', processId: '12' } },
];

function instantAt(takenAtSeconds: number, value: Float64Array): SourceInstant {
  const columns = { ...FILE_RUNS, value, timestampSeconds: new Float64Array() };
  const facts = new Map([[7, { identity: '00:01:7' }]]);
  const instant = { takenAtSeconds, columns, state: STATE, files: FILES, facts };
  return instant as unknown as SourceInstant;
}

describe('the last minutes of a recording', () => {
  let seconds = 0;
  const source = new SourceRecorder(undefined, '/run/prom', {
    maxBytes: 2 ** 26,
    exclude: [],
    procThread: { writers: async () => new Map(), forget: async () => {} },
    files: undefined,
    newRecorder: (options) => new Recorder(options),
    nowMs: () => seconds * 1000,
    onEnds: undefined,
  });

  before(async () => {
    const random = new Random(7);
    // Three segments and a half. Random values become no smaller by any encoding.
    for (; seconds < 1050; seconds += TICK_SECONDS) {
      const value = Float64Array.from({ length: ENTRIES }, () => random.next());
      await source.add(instantAt(T0 + seconds, value), TICK_SECONDS);
    }
  });
  after(() => source.close());

  const sizeOf = (parts: readonly Uint8Array[]) =>
    parts.reduce((sum, { length }) => sum + length, 0);

  const timesOf = async (parts: readonly Uint8Array[]) =>
    Array.from((await openRecording([Buffer.concat(parts)])).times(), (time) => time - T0);

  it('are all where they fit, and fewer with one byte less', async () => {
    const all = await source.save(T0 + 100);
    const size = sizeOf(all);
    assert.deepEqual(await source.save(T0 + 100, { maxBytes: size }), all);
    const times = await timesOf(all);
    assert.deepEqual([times[0], times.at(-1)], [100, 1045]);
    const fewer = await source.save(T0 + 100, { maxBytes: size - 1 });
    assert.ok(sizeOf(fewer) < size);
    const left = await timesOf(fewer);
    assert.ok(left[0]! > 100 && left[0]! <= 165, `${left[0]}`);
    assert.equal(left.at(-1), 1045);
  });

  it('have no gap and never more bytes, however few there may be', async () => {
    const size = sizeOf(await source.save(T0));
    let reached = Number.POSITIVE_INFINITY;
    for (const share of [0.1, 0.25, 0.5, 0.75, 0.9, 1]) {
      const most = Math.floor(size * share);
      const parts = await source.save(T0, { maxBytes: most });
      assert.ok(sizeOf(parts) <= most, `${sizeOf(parts)} of ${most}`);
      const times = await timesOf(parts);
      assert.equal(times.at(-1), 1045);
      assert.ok(times.slice(1).every((time, i) => time - times[i]! === TICK_SECONDS));
      assert.ok(times[0]! <= reached);
      reached = times[0]!;
    }
    assert.equal(reached, 0);
    assert.deepEqual(await source.save(T0, { maxBytes: 10 }), []);
  });
});
