/** `explain --since`: each value over time is that of a scrape then, and shares of what is gone are there. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { explain } from '../../../src/inspect/explain/explain.js';
import { explainPast } from '../../../src/inspect/explain/history.js';
import { openInput } from '../../../src/inspect/input.js';
import { toJson } from '../../../src/inspect/json.js';
import { openPast } from '../../../src/inspect/read-directory.js';
import type { RecordedPast } from '../../../src/inspect/recorded-reading.js';
import { Selector } from '../../../src/inspect/selector.js';
import { ChangingDirectory } from '../../support/changing-directory.js';
import { counter, gauge, writeMetricFile } from '../../support/metric-file.js';
import { Random, seed } from '../../support/random.js';
import { DirectoryRecorder } from '../../support/recorded.js';
import { tempDirectory } from '../../support/temp.js';

const T0 = 1_772_331_600;

const jsonOf = (view: unknown): string => [...toJson(view)].join('');

async function pastOf(recorder: DirectoryRecorder) {
  const path = join(tempDirectory(), 'a.rec');
  writeFileSync(path, await recorder.bytes());
  return openPast(path, await openInput(path), 'since');
}

async function explained(
  past: RecordedPast,
  selector: Selector,
  fromSeconds: number,
  toSeconds: number,
) {
  const { explanation, total } = await explainPast(past, selector, { fromSeconds, toSeconds });
  assert.equal(total, explanation.series.length + explanation.histograms.length);
  return explanation;
}

describe('the past of a series', () => {
  const used = seed();
  it(`has at each moment what explain says of it (seed ${used})`, async () => {
    const directory = new ChangingDirectory(new Random(used));
    const recorder = new DirectoryRecorder(directory.path, { segmentSeconds: 15 });
    for (let i = 0; i < 50; i++) {
      directory.change(T0 + i);
      await recorder.tick(T0 + i);
    }
    const past = await pastOf(recorder);
    const selector = new Selector('{__name__=~".+"}');
    const found = await explained(past, selector, T0, T0 + 49);
    assert.equal(found.moments, 50);
    for (let i = 0; i < 50; i++) {
      const then = explain(await past.readingOf(T0 + i), selector);
      const series = new Map([...then.series].map((one) => [one.series, one]));
      for (const { series: name, history } of found.series) {
        assert.equal(history.timeSeconds[i], T0 + i);
        const one = series.get(name);
        series.delete(name);
        assert.ok(Object.is(history.value[i], one?.value), `${name} at ${i}`);
        const shares = new Map(one?.shares.map(({ file, value }) => [file, value]));
        const there = history.shares.filter(({ value }) => value[i] !== undefined);
        assert.equal(there.length, shares.size, `${name} at ${i}`);
        for (const { file, value } of there) assert.ok(Object.is(value[i], shares.get(file)), name);
      }
      assert.deepEqual([...series.keys()], [], 'no series is left out');
      const histograms = new Map([...then.histograms].map((one) => [one.histogram, one]));
      for (const { histogram: name, history } of found.histograms) {
        assert.equal(history.value[i], histograms.get(name)?.count);
      }
    }
  });

  it(`is the same where it is asked for again and again, while more is recorded (seed ${used})`, async () => {
    const directory = new ChangingDirectory(new Random(used));
    const recorder = new DirectoryRecorder(directory.path, { segmentSeconds: 15 });
    const texts = ['{__name__=~".+"}', '{__name__=~".*_total"}', '{le!=""}'];
    let known: RecordedPast | undefined;
    for (let i = 0; i < 30; i++) {
      directory.change(T0 + i);
      await recorder.tick(T0 + i);
      const [past, anew] = [recorder.past(known?.keys), recorder.past()];
      known?.close();
      known = past;
      assert.notEqual(past.keys, anew.keys);
      for (const text of texts) {
        const of = (one: RecordedPast) => explained(one, new Selector(text), T0, T0 + i);
        assert.equal(jsonOf(await of(past)), jsonOf(await of(anew)), text);
      }
      anew.close();
    }
    known?.close();
    recorder.close();
  });

  it('has processes that died and files that were removed', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    for (let i = 0; i < 10; i++) {
      writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', i)]);
      if (i < 4) writeMetricFile(join(directory, 'counter_2.db'), [counter('jobs', 10 * i)]);
      else rmSync(join(directory, 'counter_2.db'), { force: true });
      if (i < 3) writeMetricFile(join(directory, 'counter_3.db'), [counter('once', i)]);
      else rmSync(join(directory, 'counter_3.db'), { force: true });
      await recorder.tick(T0 + i);
    }
    const past = await pastOf(recorder);
    const { series } = await explained(past, new Selector('jobs_total'), T0, T0 + 9);
    const shares = series[0]!.history.shares.map(({ processId, value }) => [processId, value]);
    const none = undefined;
    assert.deepEqual(shares, [
      ['1', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['2', [0, 10, 20, 30, none, none, none, none, none, none]],
    ]);
    const gone = (await explained(past, new Selector('once_total'), T0, T0 + 9)).series[0]!;
    assert.deepEqual(
      [gone.value, gone.shares, gone.verdict, gone.history.value.slice(0, 4)],
      [undefined, [], 'gone', [0, 1, 2, undefined]],
    );
  });

  it('has one share of a file that was recorded by two daemons, one after the other', async () => {
    const directory = tempDirectory();
    const folder = tempDirectory();
    const path = join(directory, 'gauge_mostrecent_1.db');
    for (const run of [0, 1]) {
      const recorder = new DirectoryRecorder(directory);
      for (let i = 0; i < 3; i++) {
        writeMetricFile(path, [gauge('depth', 3 * run + i, T0)]);
        await recorder.tick(T0 + 3 * run + i);
      }
      writeFileSync(join(folder, `recording-20260301T0${run}0000.000Z.rec`), recorder.appended);
      // The second one numbers files anew.
      writeMetricFile(join(directory, 'counter_1.db'), [counter('a', 1)]);
    }
    const past = await openPast(folder, await openInput(folder), 'since');
    const { series } = await explained(past, new Selector('depth'), T0, T0 + 5);
    const { shares, decided } = series[0]!.history;
    assert.deepEqual(
      shares.map(({ value }) => value),
      [[0, 1, 2, 3, 4, 5]],
    );
    assert.equal(decided?.length, 1);
  });

  it('names the role of a process that is gone', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    const path = join(directory, 'counter_2.db');
    const writer = { processId: '2', pid: 2, program: 'python3', startSeconds: T0 };
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    writeMetricFile(path, [counter('jobs', 2)]);
    await recorder.tick(T0, [{ ...writer, role: 'the second', liveness: 'alive' }]);
    rmSync(path);
    await recorder.tick(T0 + 1, [
      { ...writer, processId: '1', role: 'the first', liveness: 'alive' },
    ]);
    const past = await pastOf(recorder);
    const { series } = await explained(past, new Selector('jobs'), T0, T0 + 1);
    assert.deepEqual(
      series[0]!.history.shares.map(({ processId, role }) => [processId, role]),
      [
        ['1', 'the first'],
        ['2', 'the second'],
      ],
    );
  });

  it('says who decided a gauge, at each change', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    const file = (pid: number) => join(directory, `gauge_mostrecent_${pid}.db`);
    const set = [undefined, 1, undefined, 2, 2, 1, undefined];
    for (const pid of [1, 2]) writeMetricFile(file(pid), [gauge('depth', 0)]);
    for (const [i, pid] of set.entries()) {
      if (pid !== undefined) writeMetricFile(file(pid), [gauge('depth', 10 * i, T0 + i)]);
      if (i === 6) rmSync(file(1));
      await recorder.tick(T0 + i);
    }
    const past = await pastOf(recorder);
    const { series } = await explained(past, new Selector('depth'), T0, T0 + 6);
    assert.deepEqual(
      series[0]!.history.decided?.map(({ timeSeconds, processId, value }) => [
        timeSeconds - T0,
        processId,
        value,
      ]),
      [
        [0, undefined, undefined],
        [1, '1', 10],
        [3, '2', 30],
        [5, '1', 50],
        [6, '2', 40],
      ],
    );
  });

  it('has 600 points at most, the first and the last among them', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    for (let i = 0; i < 700; i++) {
      writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', i)]);
      await recorder.tick(T0 + i);
    }
    const past = await pastOf(recorder);
    const { series, moments } = await explained(past, new Selector('jobs'), T0, T0 + 699);
    const { timeSeconds, value } = series[0]!.history;
    assert.deepEqual([moments, timeSeconds.length, value.length], [700, 600, 600]);
    assert.deepEqual([timeSeconds[0], timeSeconds.at(-1)], [T0, T0 + 699]);
  });
});
