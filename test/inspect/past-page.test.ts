/** The export: OpenMetrics whose points are those of scrapes. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { dialectFor } from '../../src/expose/formats.js';
import { openInput } from '../../src/inspect/input.js';
import { pastPage } from '../../src/inspect/past-page.js';
import { openPast } from '../../src/inspect/read-directory.js';
import type { RecordedPast } from '../../src/inspect/recorded-reading.js';
import { processPage } from '../../src/live/process-page.js';
import { ReadingPages } from '../../src/live/reading-page.js';
import { ChangingDirectory } from '../support/changing-directory.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { Random, seed } from '../support/random.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { tempDirectory } from '../support/temp.js';

const T0 = 1_772_331_600;
const DIALECT = dialectFor('openmetrics');

async function pastOf(recorder: DirectoryRecorder): Promise<RecordedPast> {
  const path = join(tempDirectory(), 'a.rec');
  writeFileSync(path, await recorder.bytes());
  return openPast(path, await openInput(path), 'since');
}

async function pageOf(past: RecordedPast, stepSeconds: number, byProcess = false): Promise<string> {
  const { fromSeconds, toSeconds } = past.span;
  const pieces = pastPage(past, { fromSeconds, toSeconds, stepSeconds, byProcess });
  let page = '';
  for await (const piece of pieces) page += piece;
  return page;
}

/** Lines without their time, by time. */
function byTime(page: string): Map<number, string[]> {
  const lines = new Map<number, string[]>();
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    const time = Number(line.slice(at + 1));
    lines.set(time, [...(lines.get(time) ?? []), line.slice(0, at)]);
  }
  return lines;
}

const samplesOf = (page: string) =>
  page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('a recording as OpenMetrics', () => {
  const used = seed();
  it(`has at each time the samples of a scrape then (seed ${used})`, async () => {
    const directory = new ChangingDirectory(new Random(used));
    const recorder = new DirectoryRecorder(directory.path, { segmentSeconds: 11 });
    for (let i = 0; i < 30; i++) {
      directory.change(T0 + i);
      await recorder.tick(T0 + i);
    }
    const past = await pastOf(recorder);
    const lines = byTime(await pageOf(past, 1));
    const ofProcesses = byTime(await pageOf(past, 1, true));
    assert.equal(lines.size, 30);
    for (const [time, own] of lines) {
      const reading = await past.readingOf(time);
      const page = await new ReadingPages(reading).print({ dialect: DIALECT });
      assert.deepEqual(own.sort(), samplesOf(page.toString()).sort(), `at ${time}`);

      const expected: string[] = [];
      for (const id of new Set(
        reading.files.flatMap(({ fileName }) => fileName?.processId ?? []),
      )) {
        const alone = await processPage(reading, id, { dialect: DIALECT });
        for (const sample of samplesOf(alone!.toString())) {
          const blank = sample.lastIndexOf(' ');
          const [series, value] = [sample.slice(0, blank), sample.slice(blank)];
          expected.push(withProcess(series, id) + value);
        }
      }
      assert.deepEqual(ofProcesses.get(time)?.sort(), expected.sort(), `processes at ${time}`);
    }
  });

  it('has families and metrics together, and times that ascend', async () => {
    const directory = new ChangingDirectory(new Random(3));
    const recorder = new DirectoryRecorder(directory.path);
    for (let i = 0; i < 10; i++) {
      directory.change(T0 + i);
      await recorder.tick(T0 + i);
    }
    const page = await pageOf(await pastOf(recorder), 1, true);
    assert.ok(page.endsWith('# EOF\n'));
    const types = page.match(/^# TYPE .*$/gm)!;
    assert.equal(new Set(types).size, types.length);
    const lastOf = new Map<string, number>();
    for (const line of samplesOf(page)) {
      const [, series = '', time] = /^(.*) \S+ (\S+)$/.exec(line) ?? [];
      assert.ok(!(lastOf.get(series)! >= Number(time)), line);
      lastOf.set(series, Number(time));
    }
  });

  it('has a point in each step, and the last moment', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    for (let i = 0; i < 25; i++) {
      writeMetricFile(join(directory, 'counter_1.db'), [counter('a', i)]);
      await recorder.tick(T0 + i);
    }
    const page = await pageOf(await pastOf(recorder), 10);
    assert.deepEqual(samplesOf(page), [
      `a_total 0.0 ${T0}.000`,
      `a_total 10.0 ${T0 + 10}.000`,
      `a_total 20.0 ${T0 + 20}.000`,
      `a_total 24.0 ${T0 + 24}.000`,
    ]);
  });

  it('keeps a label process that a series has, under another name', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    writeMetricFile(join(directory, 'counter_7.db'), [counter('a', 1, { process: 'own' })]);
    await recorder.tick(T0);
    const page = await pageOf(await pastOf(recorder), 1, true);
    assert.deepEqual(samplesOf(page), [
      `a_total{exported_process="own",process="7"} 1.0 ${T0}.000`,
    ]);
  });

  it('ends a series where it ended', async () => {
    const directory = tempDirectory();
    const recorder = new DirectoryRecorder(directory);
    writeMetricFile(join(directory, 'counter_1.db'), [counter('a', 1)]);
    writeMetricFile(join(directory, 'counter_2.db'), [counter('b', 2)]);
    await recorder.tick(T0);
    rmSync(join(directory, 'counter_2.db'));
    await recorder.tick(T0 + 1);
    const page = await pageOf(await pastOf(recorder), 1);
    assert.deepEqual(samplesOf(page), [
      `a_total 1.0 ${T0}.000`,
      `a_total 1.0 ${T0 + 1}.000`,
      `b_total 2.0 ${T0}.000`,
    ]);
  });
});

/** Labels are printed in the order of their names. */
function withProcess(series: string, id: string): string {
  const [, name = series, labels = ''] = /^([^{]*)\{(.*)\}$/.exec(series) ?? [];
  const pairs = [...labels.matchAll(/[a-z_]+="[^"]*"/g)].map(([pair]) => pair);
  pairs.push(`process="${id}"`);
  return `${name}{${pairs.sort().join(',')}}`;
}
