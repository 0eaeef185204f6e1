/** What promfold exports, in a real Prometheus: by its API each process has the value that it had then. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { prometheus, promtool } from '../support/parts.js';
import { run } from '../support/process.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { DirectoryRecorder } from '../support/recorded.js';
import { tempDirectory } from '../support/temp.js';

const server = prometheus();
const tool = promtool();

const T0 = 1_772_330_400;
const TICKS = 300;
const PIDS = [11, 12, 13];

/** Of a process at a tick; undefined after it has died. */
const jobsOf = (pid: number, tick: number) => (isGone(pid, tick) ? undefined : pid * tick);
const depthOf = (pid: number, tick: number) => (isGone(pid, tick) ? undefined : (pid + tick) % 17);
const isGone = (pid: number, tick: number) => pid === 12 && tick >= 200;

function latency(tick: number): TestEntry[] {
  const bucket = (le: string, value: number): TestEntry => {
    return { family: 'lat', sampleName: 'lat_bucket', labels: { le }, value };
  };
  return [
    { family: 'lat', sampleName: 'lat_sum', labels: {}, value: tick / 8 },
    bucket('0.1', tick),
    bucket('+Inf', 2 * tick),
  ];
}

async function record(): Promise<string> {
  const directory = tempDirectory();
  const recorder = new DirectoryRecorder(directory, { segmentSeconds: 60 });
  for (let tick = 0; tick < TICKS; tick++) {
    for (const pid of PIDS) {
      const jobs = join(directory, `counter_${pid}.db`);
      const depth = join(directory, `gauge_livesum_${pid}.db`);
      const lat = join(directory, `histogram_${pid}.db`);
      if (isGone(pid, tick)) {
        for (const file of [jobs, depth, lat]) rmSync(file, { force: true });
        continue;
      }
      writeMetricFile(jobs, [counter('jobs', jobsOf(pid, tick)!, { path: '/a' })]);
      writeMetricFile(depth, [gauge('depth', depthOf(pid, tick)!)]);
      writeMetricFile(lat, latency(tick));
    }
    await recorder.tick(T0 + tick);
  }
  const path = join(tempDirectory(), 'prom.rec');
  writeFileSync(path, await recorder.bytes());
  return path;
}

/** Blocks of an export, and what Prometheus finds in them. */
async function load(exported: string): Promise<PrometheusServer> {
  const data = tempDirectory();
  const made = await run(tool.path, ['tsdb', 'create-blocks-from', 'openmetrics', exported, data]);
  assert.equal(made.exitCode, 0, made.stderr);
  return PrometheusServer.open(server.path, data, '500ms');
}

describe('an export', { skip: server.skip || tool.skip }, () => {
  it('has in Prometheus the values of each process, and the merged ones', async () => {
    const recording = await record();
    const files = tempDirectory();
    const [merged, own] = [join(files, 'merged.om'), join(files, 'own.om')];
    const step = ['--step', '1s'];
    const results = await Promise.all([
      promfold(['export', ...step, recording, '-o', merged]),
      promfold(['export', ...step, '--by', 'process', recording, '-o', own]),
    ]);
    for (const { exitCode, stderr } of results) {
      assert.equal(exitCode, 0);
      assert.match(stderr, /\.om: [\d,]+ points\n$/);
    }
    const [ofAll, ofEach] = await Promise.all([load(merged), load(own)]);
    try {
      for (const tick of [0, 77, 199, 200, 299]) {
        const at = T0 + tick;
        const there = PIDS.filter((pid) => !isGone(pid, tick));
        const found = async (from: PrometheusServer, expression: string) => {
          const results = await from.query(expression, at);
          return results.map(({ metric, value }) => [metric.process, Number(value[1])]);
        };
        const sum = (of: (pid: number, tick: number) => number | undefined) =>
          there.reduce((total, pid) => total + of(pid, tick)!, 0);
        const sorted = (of: (pid: number, tick: number) => number | undefined) =>
          there.map((pid) => [String(pid), of(pid, tick)]);
        assert.deepEqual((await found(ofEach, 'sort_desc(jobs_total)')).sort(), sorted(jobsOf));
        assert.deepEqual((await found(ofEach, 'depth')).sort(), sorted(depthOf));
        assert.deepEqual(await found(ofAll, 'jobs_total{path="/a"}'), [[undefined, sum(jobsOf)]]);
        assert.deepEqual(await found(ofAll, 'depth'), [[undefined, sum(depthOf)]]);
        assert.deepEqual(await found(ofAll, 'lat_count'), [[undefined, sum(() => 3 * tick)]]);
        assert.deepEqual(await found(ofEach, 'sum(lat_bucket{le="0.1"})'), [
          [undefined, sum(() => tick)],
        ]);
      }
    } finally {
      await Promise.all([ofAll.stop(), ofEach.stop()]);
    }
  });

  it('goes through a pipe, and exits 1 where nothing is selected', async () => {
    const recording = await record();
    const { stdout, exitCode } = await promfold([
      'export',
      '--metrics.include=jobs',
      '--since=-10s',
      recording,
    ]);
    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      [
        '# HELP jobs help',
        '# TYPE jobs counter',
        ...[289, 290, 299].map((tick) => `jobs_total{path="/a"} ${24 * tick}.0 ${T0 + tick}.000`),
        '# EOF',
        '',
      ].join('\n'),
    );
    const none = await promfold(['export', '--metrics.include=nosuch', recording]);
    assert.deepEqual([none.exitCode, none.stdout], [1, '# EOF\n']);
  });
});
