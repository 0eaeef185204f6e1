/** GET /api/v1/explain over time: the history that `explain --since --json` has of the same recording. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promfold } from '../../support/cli.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../../support/metric-file.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

type Column = (number | null)[];

function bucket(le: string, value: number): TestEntry {
  return { family: 'lat', sampleName: 'lat_bucket', labels: { le }, value };
}

const columnSum = (columns: Column[], i: number): number =>
  columns.reduce((sum, column) => sum + (column[i] ?? 0), 0);

describe('explain over time', () => {
  const directory = tempDirectory();
  const served = new Served(directory, { intervalSeconds: 0.02 });
  const recording = join(tempDirectory(), 'a.rec');
  let end = 0;

  before(async () => {
    const recorder = served.recorder!;
    for (let i = 0; i < 20; i++) {
      for (const pid of [1, 2]) {
        const path = join(directory, `counter_${pid}.db`);
        if (pid === 1 || i < 15) writeMetricFile(path, [counter('jobs', pid * i)]);
        else rmSync(path, { force: true });
        writeMetricFile(join(directory, `gauge_mostrecent_${pid}.db`), [
          gauge('depth', i, pid === i % 2 ? 100 + i : 1),
        ]);
        writeMetricFile(join(directory, `histogram_${pid}.db`), [
          bucket('1.0', i),
          bucket('5.0', 2 * i),
          bucket('+Inf', pid),
        ]);
      }
      if (i === 0) recorder.start();
      const { ticks } = recorder;
      await until(
        () => recorder.ticks > ticks + 1,
        () => 'another tick',
      );
    }
    const { rawPayload } = await served.server.inject('/api/v1/recording?last=1h');
    writeFileSync(recording, rawPayload);
    const { stdout } = await promfold(['explain', '--since', '-1h', 'jobs', recording, '--json']);
    end = JSON.parse(stdout).untilSeconds;
  });
  after(() => served.close());

  for (const selector of ['jobs', 'depth', 'lat', 'lat_bucket{le="5.0"}']) {
    it(`is that of the command: ${selector}`, async () => {
      const series = encodeURIComponent(selector);
      const found = await served.ok(`/explain?series=${series}&start=-1h&end=${end}`);
      const args = ['explain', '--since', '-1h', selector, recording, '--json'];
      const { stdout, stderr } = await promfold(args);
      assert.notEqual(stdout, '', stderr);
      const { path: _, ...expected } = JSON.parse(stdout);
      const { path, snapshot, page, ...answered } = found;
      // Ages are counted from the same moment; who is alive is looked up again.
      assert.deepEqual(answered, expected);
      assert.equal(path, directory);
      assert.ok(snapshot);
      assert.equal(page.total, 1);
    });
  }

  it('has rates that add up, and those of a process that ended', async () => {
    const { series } = await served.ok(`/explain?series=jobs&start=-1h&end=${end}`);
    const { timeSeconds, value, ratePerSecond, shares } = series[0].history;
    const rates = shares.map((share: { ratePerSecond: Column }) => share.ratePerSecond);
    assert.equal(ratePerSecond[0], null);
    let increase = 0;
    for (let i = 1; i < timeSeconds.length; i++) {
      assert.ok(Math.abs(ratePerSecond[i] - columnSum(rates, i)) < 1e-9);
      increase += ratePerSecond[i] * (timeSeconds[i] - timeSeconds[i - 1]);
    }
    // Two of 19, of which one ended after its 15th.
    assert.equal(value.at(-1), 19);
    const most = Math.max(...shares[1].value.filter((each: number | null) => each !== null));
    assert.ok(Math.abs(increase - (19 + most - value[0])) < 1e-6, `${increase}`);
    assert.equal(shares[1].value.at(-1), null);
  });

  it('has the buckets and the quantiles of a histogram, of all and of each process', async () => {
    const { histograms } = await served.ok(`/explain?series=lat&start=-1h&end=${end}`);
    const { history } = histograms[0];
    assert.deepEqual(
      history.buckets.map(({ le }: { le: string }) => le),
      ['1.0', '5.0', '+Inf'],
    );
    const columns = history.buckets.map(({ increase }: { increase: Column }) => increase);
    const quantiles = [
      history.quantiles,
      ...history.shares.map(({ quantiles: own }: { quantiles: { p50: Column } }) => own),
    ];
    let moved = 0;
    for (let i = 1; i < history.timeSeconds.length; i++) {
      const observed = columnSum(columns, i);
      assert.equal(observed, history.value[i] - history.value[i - 1]);
      for (const { p50 } of quantiles) {
        // A third of them is at most 1, the rest at most 5.
        if (p50[i] !== null) assert.equal(p50[i], 2);
      }
      if (observed > 0) moved++;
      assert.equal(observed > 0, history.quantiles.p99[i] !== null);
    }
    assert.ok(moved >= 5, `${moved}`);
  });

  it('has the steps that were asked for, and the last moment', async () => {
    const { series, sinceSeconds } = await served.ok(
      `/explain?series=jobs&start=-1h&end=${end}&step=100ms`,
    );
    const { timeSeconds } = series[0].history;
    const least = Math.floor((end - sinceSeconds) / 0.1);
    assert.ok(timeSeconds.length >= least && timeSeconds.length <= least + 2);
    assert.equal(timeSeconds.at(-1), end);
  });

  it('has pages, of histograms after all series', async () => {
    const selector = encodeURIComponent('{__name__=~"jobs|depth|lat"}');
    const names: string[] = [];
    for await (const { series, histograms } of served.pages(
      `/explain?series=${selector}&start=-1h&limit=1`,
    )) {
      for (const each of [...series, ...histograms]) names.push(each.series ?? each.histogram);
    }
    assert.deepEqual(names, ['jobs_total', 'depth', 'lat']);
  });

  const refused: [query: string, status: number, expected: RegExp][] = [
    ['start=yesterday', 400, /^start: expected a time such as 02:20/],
    ['start=-1s&end=-2s', 400, /^end: expected a time after start, got '-2s'$/],
    ['start=1000000000&end=1000000001', 400, /^end: expected a time from .*, got '1000000001'$/],
    ['start=2900000000', 400, /^end: expected a time after start, got /],
    ['start=-1h&step=0', 400, /^step: expected a duration such as 10s, or seconds, got '0'$/],
    ['start=-1h&step=0.1ms', 400, /^step: expected at least [\d.]+s for so long a time, got /],
    ['step=1s&start=-1h&series=no', 400, /^series: expected one, got 2$/],
  ];
  for (const [query, status, expected] of refused) {
    it(`is refused: ${query}`, async () => {
      assert.match(await served.refused(`/explain?series=jobs&${query}`, status), expected);
    });
  }

  it('names what is near, where nothing is found', async () => {
    const message = await served.refused('/explain?series=job&start=-1h', 404);
    assert.match(message, /^series: none is job; near names: /);
  });
});

describe('explain over time where nothing is recorded', () => {
  it('is 404', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 7)]);
    for (const options of [{}, { intervalSeconds: 1 }]) {
      const served = new Served(directory, options);
      try {
        const message = await served.refused('/explain?series=jobs&start=-15m', 404);
        assert.match(message, /^nothing is recorded(: --recorder\.size=0| yet)$/);
      } finally {
        await served.close();
      }
    }
  });
});
