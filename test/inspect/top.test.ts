import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from '../../src/inspect/check.js';
import { movementBetween } from '../../src/inspect/movement.js';
import type { Reading } from '../../src/inspect/reading.js';
import {
  TOP_RULES,
  type TopProcess,
  type TopView,
  topProblems,
  viewTop,
} from '../../src/inspect/top.js';
import { type MadeFile, makeReading, NOW } from './make-reading.js';

const at = (takenAtSeconds: number, files: Readonly<Record<string, MadeFile>>) =>
  makeReading(files, { 1: { pid: 1, role: 'gunicorn: worker' } }, { takenAtSeconds });

async function viewed(now: Reading, before: Reading | undefined, limit?: number): Promise<TopView> {
  const movement = before && (await movementBetween(before, now));
  const problems = topProblems(check(now, undefined, TOP_RULES));
  return viewTop(now, { movement, problems, ...(limit !== undefined && { limit }) });
}

const counter = (value: number): MadeFile => ({
  entries: [{ name: 'a', labels: { x: 'y' }, value }],
});

const bucket = (le: string, value: number) => ({
  name: 'h',
  sampleName: 'h_bucket',
  labels: { le },
  value,
});

describe('viewTop', () => {
  it('has rates by process and by series, in the shape of top --json', async () => {
    const before = at(NOW, { 'counter_1.db': counter(5), 'counter_2.db': counter(10) });
    const now = at(NOW + 2, { 'counter_1.db': counter(9), 'counter_2.db': counter(12) });
    const { processes, series, ...rest } = await viewed(now, before);
    assert.deepEqual(rest, {
      path: '/run/prom',
      takenAtSeconds: NOW + 2,
      windowSeconds: 2,
      incrementsPerSecond: 3,
      observationsPerSecond: 0,
      files: 2,
      entries: 2,
      usedBytes: 144,
      gauges: [],
      problems: [],
    });
    assert.deepEqual(processes[0], {
      processId: '1',
      liveness: 'alive',
      lastSeenSeconds: NOW - 60,
      pid: 1,
      role: 'gunicorn: worker',
      program: undefined,
      incrementsPerSecond: 2,
      observationsPerSecond: 0,
      movingEntries: 1,
      entries: 1,
      usedBytes: 72,
    });
    assert.deepEqual(series, [
      { series: 'a_total{x="y"}', family: 'a', incrementsPerSecond: 3, processes: 2 },
    ]);
  });

  it('takes no archive for movement, whatever it has taken over', async () => {
    const archive = 'counter_-promfold-18ecca8533e550d3.db';
    const before = at(NOW, { 'counter_1.db': counter(5), 'counter_2.db': counter(1e9) });
    const now = at(NOW + 2, { [archive]: counter(1e9), 'counter_1.db': counter(9) });
    const { processes, series, incrementsPerSecond } = await viewed(now, before);
    assert.equal(incrementsPerSecond, 2);
    assert.deepEqual(
      series.map((one) => [one.incrementsPerSecond, one.processes]),
      [[2, 1]],
    );
    assert.deepEqual(
      processes.map((one) => [one.processId, one.incrementsPerSecond]),
      [
        ['1', 2],
        ['-promfold-18ecca8533e550d3', 0],
      ],
    );
  });

  it('counts an observation of a histogram once, and one of a summary', async () => {
    const files = (n: number): Record<string, MadeFile> => ({
      'histogram_1.db': {
        entries: [
          { name: 'h', sampleName: 'h_sum', value: 100 * n },
          bucket('1', n),
          bucket('+Inf', 2 * n),
        ],
      },
      'summary_1.db': {
        entries: [
          { name: 's', sampleName: 's_count', value: n },
          { name: 's', sampleName: 's_sum', value: 50 * n },
        ],
      },
      'gauge_sum_1.db': { entries: [{ name: 'g', value: n }] },
    });
    const view = await viewed(at(NOW + 1, files(1)), at(NOW, files(0)));
    const { series, processes, incrementsPerSecond, observationsPerSecond } = view;
    assert.deepEqual([incrementsPerSecond, observationsPerSecond], [0, 4]);
    // Two buckets moved, and are one histogram.
    assert.equal(processes[0]!.movingEntries, 2);
    assert.deepEqual(
      series.map((rate) => [rate.series, rate.incrementsPerSecond]),
      [
        ['h_count', 3],
        ['s_count', 1],
      ],
    );
  });

  it('adds a counter and the histogram of the same requests to different sums', async () => {
    const files = (requests: number): Record<string, MadeFile> => ({
      'counter_1.db': counter(requests),
      'histogram_1.db': { entries: [bucket('1', requests), bucket('+Inf', 0)] },
    });
    const view = await viewed(at(NOW + 2, files(30)), at(NOW, files(10)));
    assert.deepEqual([view.incrementsPerSecond, view.observationsPerSecond], [10, 10]);
    const [{ incrementsPerSecond, observationsPerSecond, movingEntries }] = view.processes as [
      TopProcess,
    ];
    assert.deepEqual([incrementsPerSecond, observationsPerSecond, movingEntries], [10, 10, 2]);
  });

  it('has the gauges whose merged value moved, by name, as a scrape prints them', async () => {
    const gauges = (n: number, setAt: number): Record<string, MadeFile> => ({
      'gauge_livesum_1.db': { entries: [{ name: 'busy', value: n }] },
      'gauge_livesum_2.db': { entries: [{ name: 'busy', value: 2 }] },
      'gauge_max_1.db': { entries: [{ name: 'a_max', value: 5 + n }] },
      'gauge_max_2.db': { entries: [{ name: 'a_max', value: 100 }] },
      'gauge_all_1.db': { entries: [{ name: 'temperature', labels: { at: 'x' }, value: -n }] },
      'gauge_mostrecent_1.db': {
        entries: [
          { name: 'depth', value: 7, timestampSeconds: setAt },
          { name: 'never', value: n },
        ],
      },
    });
    const view = await viewed(at(NOW + 2, gauges(4, NOW)), at(NOW, gauges(1, 0)));
    assert.deepEqual(view.gauges, [
      { series: 'busy', family: 'busy', mode: 'livesum', value: 6, change: 3, processes: 2 },
      { series: 'depth', family: 'depth', mode: 'mostrecent', value: 7, processes: 1 },
      {
        series: 'temperature{at="x",pid="1"}',
        family: 'temperature',
        mode: 'all',
        value: -4,
        change: -3,
        processes: 1,
      },
    ]);
    assert.equal(view.incrementsPerSecond, 0);
    assert.deepEqual((await viewed(at(NOW, gauges(1, 0)), undefined)).gauges, []);
  });

  const rate = async (before: MadeFile, now: MadeFile): Promise<number> => {
    const moment = (seconds: number, file: MadeFile) => at(seconds, { 'counter_1.db': file });
    return (await viewed(moment(NOW + 1, now), moment(NOW, before))).incrementsPerSecond;
  };

  it('counts a new entry from 0', async () => {
    const now = { entries: [...counter(5).entries!, { name: 'b', value: 4 }] };
    assert.equal(await rate(counter(5), now), 4);
  });
  it('counts a file that was replaced from 0', async () => {
    assert.equal(await rate(counter(50), { ...counter(3), identity: 'fd:00:9' }), 3);
  });
  it('counts nothing that went back, nor what is damaged', async () => {
    assert.equal(await rate(counter(50), counter(3)), 0);
    assert.equal(await rate(counter(1), { ...counter(3), fault: 'FILE_CORRUPT' }), 0);
  });
  it('has no rates at first', async () => {
    const view = await viewed(at(NOW, { 'counter_1.db': counter(5) }), undefined);
    assert.deepEqual([view.windowSeconds, view.incrementsPerSecond, view.series], [0, 0, []]);
  });
  it('says what check finds, but for notes', async () => {
    const reading = at(NOW, {
      'counter_1.db': { fault: 'FILE_CORRUPT' },
      'gauge_max_1.db': { entries: [{ name: 'x_ms' }] },
    });
    assert.deepEqual((await viewed(reading, undefined)).problems, [
      { code: 'DAMAGED_FILE', severity: 'error', title: 'damaged files', count: 1 },
    ]);
  });

  it('counts several processes, and each file in which a series moved', async () => {
    const files = (a: number, b: number): Record<string, MadeFile> => ({
      'counter_1.db': counter(a),
      'counter_2.db': counter(b),
      'counter_3.db': counter(9),
    });
    const view = await viewed(at(NOW + 1, files(7, 1)), at(NOW, files(5, 8)));
    // In the second process it went back, which counts nothing.
    assert.deepEqual(
      view.series.map((each) => [each.incrementsPerSecond, each.processes]),
      [[2, 2]],
    );
    assert.deepEqual(
      view.processes.map((each) => [each.processId, each.incrementsPerSecond, each.movingEntries]),
      [
        ['1', 2, 1],
        ['2', 0, 1],
        ['3', 0, 0],
      ],
    );
  });

  it('counts nothing from or to a value that is no number', async () => {
    const [none, many] = [Number.NaN, Number.POSITIVE_INFINITY];
    assert.equal(await rate(counter(none), counter(3)), 0);
    assert.equal(await rate(counter(3), counter(none)), 0);
    assert.equal(await rate(counter(3), counter(many)), 0);
  });

  it('has series that came, and none that went', async () => {
    const entries = (...values: readonly [name: string, value: number][]): MadeFile => ({
      entries: values.map(([name, value]) => ({ name, value })),
    });
    const before = at(NOW, {
      'counter_1.db': entries(['a', 1], ['b', 1]),
      'counter_2.db': entries(['gone', 4]),
      'gauge_livesum_1.db': entries(['kept', 1]),
      'gauge_livesum_2.db': entries(['went', 5], ['kept', 2]),
    });
    const now = at(NOW + 1, {
      'counter_0.db': entries(['first', 2]),
      'counter_1.db': entries(['a', 1], ['b', 4], ['c', 5]),
      'gauge_livesum_0.db': entries(['came', 7]),
      'gauge_livesum_1.db': entries(['kept', 1]),
    });
    const { series, gauges } = await viewed(now, before);
    assert.deepEqual(
      series.map((each) => [each.series, each.incrementsPerSecond]),
      [
        ['c_total', 5],
        ['b_total', 3],
        ['first_total', 2],
      ],
    );
    assert.deepEqual(
      gauges.map((each) => [each.series, each.value, each.change]),
      [
        ['came', 7, undefined],
        ['kept', 1, -2],
      ],
    );
  });

  it('has no more of each list than is asked for, the fastest', async () => {
    const files = (n: number): Record<string, MadeFile> => ({
      'counter_1.db': { entries: [{ name: 'slow', value: n }] },
      'counter_2.db': { entries: [{ name: 'fast', value: 5 * n }] },
      'gauge_all_1.db': { entries: [{ name: 'g', value: n }] },
      'gauge_all_2.db': { entries: [{ name: 'f', value: n }] },
    });
    const view = await viewed(at(NOW + 1, files(2)), at(NOW, files(1)), 1);
    assert.deepEqual(
      [view.processes, view.series, view.gauges].map((list) => list.length),
      [1, 1, 1],
    );
    assert.equal(view.processes[0]!.processId, '2');
    assert.equal(view.series[0]!.series, 'fast_total');
    assert.equal(view.gauges[0]!.series, 'f{pid="2"}');
    assert.deepEqual([view.incrementsPerSecond, view.files], [6, 4]);
  });
});
