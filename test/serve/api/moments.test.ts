/** Views of moments that were recorded, their difference, and what moved over time: as the commands say of the same recording. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openRecording } from '../../../src/files/recording.js';
import { RecordedPast } from '../../../src/inspect/recorded-reading.js';
import { recordingServer } from '../../../src/serve/recording-server.js';
import { promfold } from '../../support/cli.js';
import { EventStream } from '../../support/event-stream.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../../support/metric-file.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

function bucket(le: string, value: number): TestEntry {
  return { family: 'lat', sampleName: 'lat_bucket', labels: { le }, value };
}

const STEPS = 12;

describe('a recorded moment', () => {
  const directory = tempDirectory();
  const served = new Served(directory, { intervalSeconds: 0.05 });
  const recording = join(tempDirectory(), 'a.rec');
  let span = { fromSeconds: 0, toSeconds: 0 };

  before(async () => {
    const recorder = served.recorder!;
    const began = Date.now();
    for (let i = 0; i < STEPS; i++) {
      for (const pid of [1, 2]) {
        writeMetricFile(join(directory, `counter_${pid}.db`), [
          counter('jobs', pid * 10 * i, { queue: 'a' }),
          counter('idle', 3),
        ]);
        writeMetricFile(join(directory, `histogram_${pid}.db`), [
          bucket('1.0', i),
          bucket('+Inf', 1),
        ]);
      }
      writeMetricFile(join(directory, 'gauge_max_2.db'), [gauge('depth', i)]);
      if (i === 0) recorder.start();
      // A step takes a fifth of a second.
      await until(
        () => Date.now() - began >= (i + 1) * 200,
        () => 'the next step',
      );
    }
    await recorder.stop();
    const { recorder: status } = await served.ok('/status');
    const { fromSeconds, toSeconds } = status.sources[0];
    span = { fromSeconds, toSeconds };
    const { rawPayload } = await served.server.inject('/api/v1/recording?last=1h');
    writeFileSync(recording, rawPayload);
  });
  after(() => served.close());

  const middle = () => (span.fromSeconds + span.toSeconds) / 2;
  const at = () => `at=${middle()}`;

  it('is shown by all views as by the commands', async () => {
    const json = async (...args: string[]) => {
      const { stdout, stderr } = await promfold([
        ...args,
        '--at',
        String(middle()),
        '--json',
        recording,
      ]);
      assert.notEqual(stdout, '', stderr);
      return JSON.parse(stdout);
    };
    const [expected, explained, listed] = await Promise.all([
      json('ls'),
      json('explain', 'jobs'),
      json('cat'),
    ]);
    const { processes } = await served.ok(`/processes?${at()}`);
    const { path: _, ...ls } = expected;
    assert.deepEqual(processes, ls.processes);
    const series = await served.ok(`/explain?series=jobs&${at()}`);
    assert.equal(series.takenAtSeconds, explained.takenAtSeconds);
    assert.equal(series.snapshot, undefined);
    assert.deepEqual(series.series, explained.series);
    const file = await served.ok(`/files/counter_2.db?${at()}`);
    const other = listed.files.find(({ file: name }: { file: string }) => name === 'counter_2.db');
    assert.deepEqual(file.files[0].entries, other.entries);
    const { series: listedSeries } = await served.ok(`/series?match[]=jobs&${at()}`);
    assert.equal(listedSeries[0].value, explained.series[0].value);
    // Thirty in a fifth of a second.
    assert.ok(Math.abs(listedSeries[0].perSecond - 150) < 60, listedSeries[0].perSecond);
    const own = await served.ok(`/processes/2/series?${at()}`);
    assert.equal(own.series[0].series, 'jobs_total{queue="a"}');
    assert.ok(Math.abs(own.series[0].perSecond - 100) < 40, own.series[0].perSecond);
    const top = await served.ok(`/top?${at()}`);
    assert.ok(Math.abs(top.incrementsPerSecond - 150) < 60, top.incrementsPerSecond);
    assert.ok(Math.abs(top.observationsPerSecond - 10) < 5, top.observationsPerSecond);
  });

  it('is compared with another as `diff` does', async () => {
    const first = span.fromSeconds + 0.5;
    const args = [
      'diff',
      '--since',
      String(first),
      '--until',
      String(middle()),
      '--json',
      recording,
    ];
    const { before: _, after: __, ...expected } = JSON.parse((await promfold(args)).stdout);
    const answer = await served.ok(`/diff?before=${first}&${at()}`);
    const { before: ___, after: ____, ...found } = answer;
    assert.deepEqual(found, expected);
    const sorted = await served.ok(`/diff?before=${first}&${at()}&sort=-delta&limit=1`);
    assert.equal(sorted.changed[0].series, 'jobs_total{queue="a"}');
    assert.deepEqual(sorted.counts, expected.counts);
    // Buckets of a histogram are left out before the list is cut.
    const whole = await served.ok(`/diff?before=${first}&${at()}&parts=none&sort=-delta&limit=2`);
    const singles = expected.changed.filter(
      ({ histogram }: { histogram?: string }) => histogram === undefined,
    );
    assert.ok(singles.length === 2 && expected.changed.length > 2);
    assert.deepEqual(new Set(whole.changed), new Set(singles));
    assert.deepEqual(whole.histograms, expected.histograms);
    assert.deepEqual(whole.counts, expected.counts);
    const byProcess = await served.ok(`/diff?before=${first}&${at()}&by=process`);
    assert.ok(byProcess.changed.some(({ processId }: { processId: string }) => processId === '2'));
  });

  it('is refused where it was not recorded', async () => {
    const early = await served.refused(`/series?at=${span.fromSeconds - 100}`, 400);
    assert.match(early, /^at: expected a time from .* to .*, got/);
    assert.match(await served.refused('/series?at=noon', 400), /^at: expected a time such as/);
    const both = await served.refused('/series?at=-1s&snapshot=abc', 400);
    assert.equal(both, "at: expected no snapshot with it, got 'abc'");
  });

  it('has what moved: increments add up to what the counters grew by', async () => {
    const { timeSeconds, incrementsPerSecond, observationsPerSecond, processes, isPartial } =
      await served.ok('/activity?start=-1h&step=200ms');
    assert.equal(isPartial, false);
    let increments = 0;
    let observations = 0;
    for (let i = 0; i < timeSeconds.length; i++) {
      increments += (incrementsPerSecond[i] ?? 0) * 0.2;
      observations += (observationsPerSecond[i] ?? 0) * 0.2;
    }
    const most = 30 * (STEPS - 1);
    assert.ok(increments > most * 0.6 && increments < most * 1.25, `${increments} of ${most}`);
    assert.ok(observations > most / 15 / 2 && observations < most / 15 / 0.75, `${observations}`);
    const ids = processes.map(({ processId }: { processId: string }) => processId).sort();
    assert.deepEqual(ids, ['1', '2']);
    const one = await served.ok('/activity?start=-1h&step=200ms&process[]=2');
    assert.deepEqual(
      one.processes.map(({ processId }: { processId: string }) => processId),
      ['2'],
    );
  });

  it('is served by the server of its recording, too', async () => {
    const past = new RecordedPast(
      recording,
      await openRecording([(await served.server.inject('/api/v1/recording?last=1h')).rawPayload]),
    );
    const log = { debug() {}, warn() {}, error: (text: string) => assert.fail(text) };
    const { server, close } = recordingServer(past, { version: '1.2.3', log });
    try {
      const get = async (url: string) => JSON.parse((await server.inject(`/api/v1${url}`)).payload);
      const status = await get('/status');
      assert.deepEqual(status.recording, past.span);
      assert.equal(status.sources[0].entries, 9);
      const query = `/explain?series=jobs&${at()}`;
      const [theirs, ours] = [await get(query), await served.ok(query)];
      assert.deepEqual(theirs.series, ours.series);
      const last = await get('/explain?series=jobs');
      assert.equal(last.series[0].value, 30 * (STEPS - 1));
      const history = await get('/explain?series=jobs&start=-1h');
      assert.equal(history.series[0].history.value.at(-1), 30 * (STEPS - 1));
      const activity = await get('/activity?start=-1h&step=200ms');
      assert.ok(activity.incrementsPerSecond.some((rate: number | null) => (rate ?? 0) > 0));
      assert.equal((await server.inject('/api/v1/ticks')).statusCode, 404);
      assert.equal((await server.inject('/api/v1/series?source=a')).statusCode, 404);
      const elsewhere = await server.inject({ url: '/', headers: { host: 'evil.example' } });
      assert.equal(elsewhere.statusCode, 421);
      assert.equal((await server.inject('/')).statusCode, 200);
    } finally {
      await server.close();
      close();
    }
  });
});

describe('series by process', () => {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [
    counter('jobs', 1, { queue: 'a' }),
    counter('jobs', 2, { queue: 'b' }),
  ]);
  writeMetricFile(join(directory, 'counter_2.db'), [
    counter('jobs', 4, { queue: 'b' }),
    counter('mails', 1),
  ]);
  writeMetricFile(join(directory, 'histogram_2.db'), [bucket('1.0', 1), bucket('+Inf', 1)]);
  const served = new Served(directory);
  after(() => served.close());

  it('are counted', async () => {
    const { processes } = await served.ok('/series/by-process?match[]=jobs&sort=-series');
    assert.deepEqual(processes, [
      { processId: '1', series: 2, entries: 2 },
      { processId: '2', series: 1, entries: 1 },
    ]);
  });

  it('are selected, with families and labels', async () => {
    const names = (list: { name: string }[]) => list.map(({ name }) => name);
    const { families } = await served.ok('/families?process=1');
    assert.deepEqual(names(families), ['jobs']);
    const { families: others } = await served.ok('/families?process=2');
    assert.deepEqual(names(others).sort(), ['jobs', 'lat', 'mails']);
    const { series } = await served.ok('/series?process=2&match[]=jobs');
    assert.deepEqual(
      series.map(({ labels }: { labels: object }) => labels),
      [{ queue: 'b' }],
    );
    const { series: buckets } = await served.ok('/series?process=2&match[]=lat');
    assert.equal(buckets.length, 3);
    const { values } = await served.ok('/labels/queue/values?process=1');
    assert.equal(values.length, 2);
    const { labels } = await served.ok('/labels?process=2');
    assert.equal(labels.find(({ name }: { name: string }) => name === 'queue').values, 1);
  });
});

describe('ticks', () => {
  it('name a moment that is kept until the next one, however far apart they are', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    const served = new Served(directory);
    const url = await served.server.listen({ host: '127.0.0.1', port: 0 });
    const stream = await EventStream.open(`${url}/api/v1/ticks?interval=7`);
    try {
      const { startedSeconds } = await stream.nextOf('started');
      assert.ok(startedSeconds < Date.now() / 1000);
      const { snapshot, takenAtSeconds } = await stream.nextOf('tick');
      writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 2)]);
      // Others are kept for five seconds.
      for (let i = 0; i < 6; i++) {
        await served.ok('/series');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      const answer = await served.ok(`/series?snapshot=${snapshot}`);
      assert.equal(answer.takenAtSeconds, takenAtSeconds);
      assert.equal(answer.series[0].value, 1);
    } finally {
      stream.leave();
      await served.close();
    }
  });
});
