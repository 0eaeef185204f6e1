/** Recorder and Recording of src/native.ts, with a real directory; native/test/recording_test.cc tests what is recorded. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import {
  openRecording,
  type RecordedInstant,
  type RecordedTick,
  Recorder,
  type Recording,
  releaseColumns,
} from '../src/native.js';
import type { SourceInstant } from '../src/scrape/directory/source.js';
import { Scraper } from '../src/scrape/scraper.js';
import { counter, gauge, writeMetricFile } from './support/metric-file.js';
import { tempDirectory } from './support/temp.js';

const OPTIONS = { maxBytes: 1 << 24, segmentSeconds: 300 };

let scraper: Scraper | undefined;
afterEach(() => scraper?.close());

/** Two entries of a file, without a directory. */
function tick(changes: Partial<RecordedTick> = {}): RecordedTick {
  const runs = {
    fileId: Uint32Array.of(3),
    generation: Uint32Array.of(1),
    entryEnd: Uint32Array.of(2),
  };
  return {
    timeSeconds: 100,
    columns: { ...runs, value: Float64Array.of(1, 2), timestampSeconds: new Float64Array() },
    structure: {
      rows: { ...runs, keyId: Uint32Array.of(1, 0) },
      keyTexts: [{ text: Buffer.from('ab'), end: Uint32Array.of(1, 2) }],
      fileName: ['counter_1.db'],
      identity: ['fd:01:7'],
      valueBytes: Uint8Array.of(8),
    },
    ...changes,
  };
}

function keyOf(recording: Recording): (id: number) => string {
  const { text, end } = recording.keyTexts(0, recording.keyCount(), 1 << 20);
  return (id) => String(Buffer.from(text.subarray(end[id - 1] ?? 0, end[id])));
}

/** `file key value timestamp` of each entry, in order. */
function entries(recording: Recording, instant: RecordedInstant | undefined): string[] {
  const key = keyOf(recording);
  const { entryEnd, fileName, keyId, value, timestampSeconds } = instant!;
  return [...entryEnd].flatMap((to, i) =>
    [...keyId.keys()].slice(entryEnd[i - 1] ?? 0, to).map((e) => {
      const time = timestampSeconds[e] ?? 0;
      return `${fileName[i]} ${JSON.parse(key(keyId[e]!))[1]} ${value[e]} ${time}`;
    }),
  );
}

/** As the daemon gives a tick to a recorder. */
function tickOf({ columns, state }: SourceInstant, timeSeconds: number): RecordedTick {
  const { rows, keyTexts, valueBytes } = state;
  const names = Array.from(rows.fileId, (id) => state.fileNames.get(id)!);
  const structure = {
    rows,
    keyTexts,
    valueBytes,
    fileName: names.map(({ type, processId }) => `${type}_${processId}.db`),
    identity: names.map(({ processId }) => `fd:01:${processId}`),
  };
  return { timeSeconds, columns, structure };
}

describe('a recorder', () => {
  it('records the columns of a directory whose files come, change, grow and go', async () => {
    const directory = tempDirectory();
    const write = (name: string, ...of: Parameters<typeof writeMetricFile>[1]) =>
      writeMetricFile(join(directory, name), of);
    scraper = new Scraper(directory);
    const recorder = new Recorder({ ...OPTIONS, isDurable: true });
    const written: Uint8Array[] = [];
    const add = async (timeSeconds: number) => {
      const instant = await scraper!.instant(undefined, false);
      const added = recorder.add(tickOf(instant, timeSeconds));
      instant.release();
      written.push((await added).toAppend!);
    };
    write('counter_1.db', counter('jobs', 1), counter('fails', 0.5));
    await add(10);
    write('counter_1.db', counter('jobs', 2), counter('fails', 0.5), counter('more', 3));
    write('gauge_mostrecent_2.db', gauge('latest', -0, 1234.5));
    await add(11);
    rmSync(join(directory, 'counter_1.db'));
    await add(12);

    for (const recording of [recorder.recording(), await openRecording([Buffer.concat(written)])]) {
      assert.deepEqual([...recording.times()], [10, 11, 12]);
      const at = async (seconds: number) => entries(recording, await recording.at(seconds));
      assert.equal(await recording.at(9.9), undefined);
      assert.deepEqual(await at(10.9), [
        'counter_1.db jobs_total 1 0',
        'counter_1.db fails_total 0.5 0',
      ]);
      assert.deepEqual(await at(11), [
        'counter_1.db jobs_total 2 0',
        'counter_1.db fails_total 0.5 0',
        'counter_1.db more_total 3 0',
        'gauge_2.db latest 0 1234.5',
      ]);
      assert.deepEqual(await at(Infinity), ['gauge_2.db latest 0 1234.5']);
      const gaugeNow = await recording.at(12);
      assert.ok(Object.is(gaugeNow!.value[0], -0));
      releaseColumns(gaugeNow!);
      assert.equal(gaugeNow!.value.length, 0);

      const key = keyOf(recording);
      const ids = Array.from({ length: recording.keyCount() }, (_, id) => id);
      const jobs = ids.filter((id) => key(id).includes('jobs_total'));
      const history = await recording.history(Uint32Array.from(jobs), 0, 100, 10);
      assert.deepEqual([...history.timeSeconds], [10, 11, 12]);
      assert.deepEqual([...history.isPresent], [1, 1, 0]);
      assert.deepEqual([...history.value], [1, 2, 0]);
      assert.deepEqual([history.fileName, history.identity], [['counter_1.db'], ['fd:01:1']]);
      assert.equal(history.timestampSeconds.length, 0);
    }
  });

  it('says what a tick took, and what is to be written', async () => {
    const recorder = new Recorder({ ...OPTIONS, segmentSeconds: 2, isDurable: true });
    const first = await recorder.add(tick());
    assert.equal(first.changedValues, 2);
    assert.equal(first.segment, 0);
    assert.equal(Buffer.from(first.toAppend!).toString('latin1', 0, 8), '\x89promfr\n');
    const second = await recorder.add(tick({ timeSeconds: 101 }));
    assert.equal(second.changedValues, 0);
    assert.ok(second.toAppend!.length < 40, String(second.toAppend!.length));
    assert.equal(second.sealed, undefined);
    const third = await recorder.add(tick({ timeSeconds: 102, beginsSegment: true }));
    assert.equal(third.segment, 1);
    assert.equal(third.fromSeconds, 100);
    assert.equal(third.sealed?.segment, 0);
    const sealed = await openRecording([third.sealed!.bytes]);
    assert.deepEqual([...sealed.times()], [100, 101]);
    const inMemory = await new Recorder(OPTIONS).add(tick());
    assert.equal(inMemory.toAppend, undefined);
  });

  it('keeps a blob until there is another one', async () => {
    const recorder = new Recorder(OPTIONS);
    for (const [i, text] of [undefined, 'a', undefined, 'b'].entries()) {
      const blob = text === undefined ? {} : { blob: Buffer.from(text) };
      await recorder.add(tick({ timeSeconds: i, ...blob }));
    }
    const recording = recorder.recording();
    const blobs = [0, 1, 2, 3].map(async (time) => {
      return Buffer.from((await recording.at(time))!.blob).toString();
    });
    assert.deepEqual(await Promise.all(blobs), ['', 'a', 'a', 'b']);
  });

  it('has one call at a time, and none once it is closed', async () => {
    const recorder = new Recorder(OPTIONS);
    const added = recorder.add(tick());
    assert.throws(() => recorder.add(tick()), /a call of add is under way/);
    recorder.close();
    await added;
    assert.throws(() => recorder.add(tick()), /the recorder is closed/);
    assert.throws(() => recorder.recording(), /the recorder is closed/);
  });

  const { columns, structure } = tick();
  const refused: [string, unknown, RegExp][] = [
    ['what is no tick', 7, /expected a tick/],
    ['a tick without a time', { ...tick(), timeSeconds: '1' }, /timeSeconds as a number/],
    ['a tick without columns', { ...tick(), columns: undefined }, /columns as an object/],
    ['values of another type', { ...tick(), columns: { ...columns, value: [1, 2] } }, /value as a/],
    [
      'rows of other files',
      tick({
        structure: { ...structure!, rows: { ...structure!.rows, fileId: Uint32Array.of(4) } },
      }),
      /rows and columns are not of the same entries/,
    ],
    [
      'a file without a name',
      tick({ structure: { ...structure!, fileName: [] } }),
      /fileName as a string for each file/,
    ],
    [
      'a key without a text',
      tick({ structure: { ...structure!, keyTexts: [] } }),
      /there is no text of key 1/,
    ],
    [
      'texts that are none',
      tick({ structure: { ...structure!, keyTexts: [7] as never } }),
      /keyTexts as an array of texts/,
    ],
    ['a blob that is a text', { ...tick(), blob: 'a' }, /blob as a Uint8Array/],
  ];
  for (const [title, given, message] of refused) {
    it(`refuses ${title}`, () => {
      const recorder = new Recorder(OPTIONS);
      assert.throws(() => recorder.add(given as RecordedTick), message);
    });
  }

  it('rejects values that do not fit the files', async () => {
    const recorder = new Recorder(OPTIONS);
    const given = tick({ columns: { ...columns, value: Float64Array.of(1) } });
    await assert.rejects(recorder.add(given), /there are 1 values of 2 entries/);
    await recorder.add(tick());
  });

  it('refuses options that are none', () => {
    for (const options of [undefined, {}, { maxBytes: 0, segmentSeconds: 1 }, { maxBytes: 1 }]) {
      assert.throws(() => new Recorder(options as never), /expected/);
    }
  });
});

describe('a recording', () => {
  it('is read while recording goes on', async () => {
    const recorder = new Recorder({ ...OPTIONS, segmentSeconds: 5 });
    await recorder.add(tick());
    const recording = recorder.recording();
    const reads: Promise<RecordedInstant | undefined>[] = [];
    for (let time = 101; time < 120; time++) {
      const added = recorder.add(tick({ timeSeconds: time }));
      reads.push(recording.at(1_000), recorder.recording().at(time - 1));
      await added;
    }
    for (const [i, read] of (await Promise.all(reads)).entries()) {
      assert.ok(read!.timeSeconds === (i % 2 === 0 ? 100 : 100 + (i - 1) / 2));
    }
    assert.equal(recorder.recording().segments().length, 4);
  });

  it('is saved as bytes, from a time on', async () => {
    const recorder = new Recorder(OPTIONS);
    for (let time = 100; time < 110; time++) await recorder.add(tick({ timeSeconds: time }));
    const recording = recorder.recording();
    const saved = await openRecording([await recording.save(0, 104.5), await recording.save(0)]);
    assert.deepEqual(
      saved.segments().map(({ fromSeconds, toSeconds, ticks, isDamaged }) => {
        return [fromSeconds, toSeconds, ticks, isDamaged];
      }),
      [
        [105, 109, 5, false],
        [100, 109, 10, false],
      ],
    );
    assert.throws(() => recording.save(1), /there is no segment 1/);
  });

  it('is saved with other names of keys', async () => {
    const recorder = new Recorder(OPTIONS);
    await recorder.add(tick());
    const recording = recorder.recording();
    const keyTexts = { text: Buffer.from('secrets'), end: Uint32Array.of(3, 7) };
    const saved = await openRecording([await recording.save(0, undefined, keyTexts)]);
    assert.deepEqual([0, 1].map(keyOf(saved)), ['sec', 'rets']);
    for (const end of [Uint32Array.of(3), Uint32Array.of(3, 8), Uint32Array.of(4, 3)]) {
      const given = { ...keyTexts, end };
      assert.throws(() => recording.save(0, 0, given), /there is no text of each key/);
    }
  });

  it('of bytes that are none has nothing', async () => {
    const recording = await openRecording([Buffer.from('something else'), new Uint8Array()]);
    assert.deepEqual(recording.segments(), []);
    assert.equal(await recording.at(1), undefined);
    assert.throws(() => openRecording([7] as never), /the bytes of a file as a Uint8Array/);
    assert.throws(() => openRecording(7 as never), /files as an array/);
  });

  it('cannot be made by others, nor used once it is closed', async () => {
    const recording = new Recorder(OPTIONS).recording();
    const Class = recording.constructor as new (given?: unknown) => Recording;
    for (const given of [undefined, {}, 7]) assert.throws(() => new Class(given), /expected/);
    recording.close();
    assert.throws(() => recording.segments(), /the recording is closed/);
    assert.throws(() => recording.at(1), /the recording is closed/);
  });

  it('refuses arguments that are none', () => {
    const recording = new Recorder(OPTIONS).recording();
    assert.throws(() => recording.at('1' as never), /timeSeconds as a number/);
    assert.throws(() => recording.history([1] as never, 0, 1, 1), /keyId as a Uint32Array/);
    assert.throws(() => recording.history(new Uint32Array(), 0, Number.NaN, 1), /toSeconds/);
    assert.throws(() => recording.history(new Uint32Array(), 0, 1, -1), /maxPoints/);
    const [times, classes] = [Float64Array.of(1), new Uint8Array()];
    assert.throws(
      () => recording.increases([1] as never, classes),
      /timeSeconds as a Float64Array/,
    );
    assert.throws(() => recording.increases(times, [1] as never), /classOfKey as a Uint8Array/);
  });
});
