/** What a recording answers is what the directory answered at that moment. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { dialectFor } from '../../src/expose/formats.js';
import { viewEntries } from '../../src/inspect/entries.js';
import { explain } from '../../src/inspect/explain/explain.js';
import { openInput } from '../../src/inspect/input.js';
import { toJson } from '../../src/inspect/json.js';
import { selectedKeys } from '../../src/inspect/past-values.js';
import { viewFiles, viewProcesses } from '../../src/inspect/processes.js';
import { openPast, readPath } from '../../src/inspect/read-directory.js';
import type { Reading } from '../../src/inspect/reading.js';
import type { RecordedPast } from '../../src/inspect/recorded-reading.js';
import { Selector } from '../../src/inspect/selector.js';
import { ReadingPages } from '../../src/live/reading-page.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { atOnce } from '../../src/steps.js';
import { ChangingDirectory } from '../support/changing-directory.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { Random, seed } from '../support/random.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { tempDirectory } from '../support/temp.js';

const T0 = 1_772_331_600;

const EVERYTHING = new Selector('{__name__=~".+"}');

const TEXT = dialectFor('text');

const jsonOf = (view: unknown): string => [...toJson(view)].join('');

async function openFile(path: string): Promise<RecordedPast> {
  return openPast(path, await openInput(path), 'at');
}

async function openBytes(bytes: Buffer): Promise<RecordedPast> {
  const path = join(tempDirectory(), 'a.rec');
  writeFileSync(path, bytes);
  return openFile(path);
}

/** Without what is not recorded: sizes on disk, and times of files. */
function asRecorded(reading: Reading, path: string): Reading {
  const files = reading.files.map((file) => ({
    ...file,
    sizeBytes: file.usedBytes,
    diskBytes: 0,
    modifiedSeconds: undefined,
    changedSeconds: undefined,
  }));
  return { ...reading, path, files, isRecorded: true };
}

function* answersOf(reading: Reading): IterableIterator<[view: string, json: string]> {
  yield ['explain', jsonOf(explain(reading, EVERYTHING))];
  yield ['ls', jsonOf(viewProcesses(reading))];
  yield ['ls --files', jsonOf(viewFiles(reading))];
  yield ['cat', jsonOf(viewEntries(reading, undefined, 0))];
}

interface Tick {
  readonly timeSeconds: number;
  readonly reading: Reading;
  readonly page: string;
}

async function record(ticks: number, random: Random) {
  const directory = new ChangingDirectory(random);
  const recorder = new DirectoryRecorder(directory.path, { segmentSeconds: 20 });
  const scraper = new Scraper(directory.path, { watch: false });
  const log: Tick[] = [];
  for (let i = 0; i < ticks; i++) {
    const timeSeconds = T0 + i + 0.125;
    directory.change(timeSeconds);
    const reading = await recorder.tick(timeSeconds);
    const page = await scraper.scrape({ dialect: TEXT });
    log.push({ timeSeconds, reading, page: page.toString() });
  }
  await scraper.close();
  return { recorder, log };
}

describe('a recording', () => {
  const used = seed();
  for (const form of ['sealed', 'appended'] as const) {
    it(`answers at each moment as the directory did, ${form} (seed ${used})`, async () => {
      const { recorder, log } = await record(70, new Random(used));
      const bytes = form === 'sealed' ? await recorder.bytes() : recorder.appended;
      const past = await openBytes(bytes);
      assert.deepEqual(
        [...past.timeSeconds],
        log.map(({ timeSeconds }) => timeSeconds),
      );
      for (const { timeSeconds, reading, page } of log) {
        const recorded = await past.readingOf(timeSeconds + 0.5);
        const expected = new Map(answersOf(asRecorded(reading, past.path)));
        for (const [view, json] of answersOf(recorded)) {
          assert.equal(json, expected.get(view), `${view} at ${timeSeconds}`);
        }
        const printed = await new ReadingPages(recorded).print({ dialect: TEXT });
        assert.equal(printed.toString(), page, `scrape at ${timeSeconds}`);
      }
    });
  }

  it('answers the same where only the families that are selected are read', async () => {
    const { recorder } = await record(30, new Random(7));
    const past = await openBytes(await recorder.bytes());
    for (const text of ['lat_seconds', 'jobs_1_total', 'depth_mostrecent', '{path="/0"}']) {
      const selector = new Selector(text);
      for (const timeSeconds of past.timeSeconds) {
        const whole = await past.readingOf(timeSeconds);
        const some = await past.readingOf(timeSeconds, atOnce(selectedKeys(past.keys, selector)));
        assert.equal(jsonOf(explain(some, selector)), jsonOf(explain(whole, selector)), text);
      }
    }
  });

  it('stands wherever a directory does, at its last moment', async () => {
    const { recorder, log } = await record(5, new Random(1));
    const path = join(tempDirectory(), 'a file of any name');
    writeFileSync(path, await recorder.bytes());
    const reading = await readPath(path);
    assert.equal(reading.takenAtSeconds, log.at(-1)!.timeSeconds);
    assert.ok(reading.files.length > 0);
  });

  it('may be a folder, whose oldest file may go at any time', async () => {
    const folder = tempDirectory();
    for (const minute of ['00', '10']) {
      const { recorder } = await record(3, new Random(2));
      writeFileSync(join(folder, `recording-20260301T02${minute}00.000Z.rec`), recorder.appended);
    }
    writeFileSync(join(folder, '.recording-20260301T022000.000Z.rec.tmp'), 'half');
    writeFileSync(join(folder, 'notes.txt'), 'of somebody');
    const input = await openInput(folder);
    assert.equal(input.kind, 'recording');
    rmSync(join(folder, 'recording-20260301T020000.000Z.rec'));
    assert.equal((await openPast(folder, input, 'at')).timeSeconds.length, 3);
  });

  it('of several sources is one of them', async () => {
    const folder = tempDirectory();
    for (const source of ['api', 'web']) {
      const { recorder } = await record(3, new Random(3));
      writeFileSync(join(folder, `${source}-20260301T020000.000Z.rec`), recorder.appended);
    }
    await assert.rejects(openFile(folder), {
      message: `${folder}: expected the recording of one source, got 2; name one: ${folder}/api, ${folder}/web`,
    });
    assert.equal((await openFile(join(folder, 'web'))).timeSeconds.length, 3);
  });

  it('is no folder with metric files, nor one that is empty', async () => {
    const folder = tempDirectory();
    assert.equal((await openInput(folder)).kind, 'directory');
    writeFileSync(join(folder, 'recording-20260301T020000.000Z.rec'), '');
    writeMetricFile(join(folder, 'counter_1.db'), [counter('a', 1)]);
    assert.equal((await openInput(folder)).kind, 'directory');
  });

  it('has the files that the daemon retained, of no process', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('a', 1)]);
    const recorder = new DirectoryRecorder(directory);
    await recorder.tick(T0, [], ([file]) => ({ ...file!, name: 'removed counter files' }));
    const past = await openBytes(recorder.appended);
    const { series } = explain(await past.lastReading(), new Selector('a_total'));
    assert.deepEqual(
      series.at(0)?.shares.map(({ processId, value }) => [processId, value]),
      [['', 1]],
    );
  });
});

describe('a damaged recording', () => {
  it('is told, and loses what is damaged alone', async () => {
    const { recorder, log } = await record(60, new Random(4));
    const bytes = await recorder.bytes();
    const whole = await openBytes(bytes);
    assert.deepEqual(whole.notes, []);
    const segments = whole.recording.segments();
    assert.ok(segments.length >= 3, `${segments.length} segments`);
    // In the second one.
    const damaged = Buffer.from(bytes);
    damaged[segments[0]!.bytes + Math.floor(segments[1]!.bytes / 2)]! ^= 1;
    const past = await openBytes(damaged);
    assert.match(past.notes.join(), /1 of \d segments damaged; what can be read of it is answered/);
    for (const { timeSeconds, page } of log) {
      if (timeSeconds >= segments[1]!.fromSeconds && timeSeconds <= segments[1]!.toSeconds)
        continue;
      const recorded = await past.readingOf(timeSeconds);
      assert.equal(recorded.takenAtSeconds, timeSeconds);
      const printed = await new ReadingPages(recorded).print({ dialect: TEXT });
      assert.equal(printed.toString(), page);
    }
  });

  it('that was cut off lacks its last moment', async () => {
    const { recorder, log } = await record(10, new Random(5));
    const past = await openBytes(recorder.appended.subarray(0, -1));
    assert.equal(past.timeSeconds.length, log.length - 1);
    assert.match(past.notes.join(), /1 of 1 segment damaged/);
  });

  it('without anything to read is an error', async () => {
    const { recorder } = await record(2, new Random(6));
    await assert.rejects(openBytes(recorder.appended.subarray(0, 30)), {
      code: 'FILE_UNREADABLE',
      message: /a\.rec: a recording without a moment that can be read$/,
    });
  });
});

describe('a gauge that a process set, and one that has the same id', () => {
  it('are two over time, since the file is another one', async () => {
    const directory = tempDirectory();
    const path = join(directory, 'gauge_mostrecent_7.db');
    const recorder = new DirectoryRecorder(directory);
    writeMetricFile(path, [gauge('depth', 3, T0 - 1)]);
    await recorder.tick(T0);
    mkdirSync(join(directory, 'new'));
    writeMetricFile(join(directory, 'new', 'x'), [gauge('depth', 4, T0)]);
    renameSync(join(directory, 'new', 'x'), path);
    await recorder.tick(T0 + 1);
    const past = await openBytes(await recorder.bytes());
    const valueAt = async (seconds: number) =>
      explain(await past.readingOf(seconds), new Selector('depth')).series.at(0)?.value;
    assert.deepEqual([await valueAt(T0), await valueAt(T0 + 1)], [3, 4]);
  });
});
