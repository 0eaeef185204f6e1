import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { viewTop } from '../../src/inspect/top.js';
import { type MadeFile, makeReading, NOW } from './make-reading.js';

const at = (takenAtSeconds: number, files: Readonly<Record<string, MadeFile>>) =>
  makeReading(files, { 1: { pid: 1, role: 'gunicorn: worker' } }, { takenAtSeconds });

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
  it('has rates by process and by series, in the shape of top --json', () => {
    const before = at(NOW, { 'counter_1.db': counter(5), 'counter_2.db': counter(10) });
    const now = at(NOW + 2, { 'counter_1.db': counter(9), 'counter_2.db': counter(12) });
    const { processes, series, ...rest } = viewTop(now, before);
    assert.deepEqual(rest, {
      path: '/run/prom',
      takenAtSeconds: NOW + 2,
      windowSeconds: 2,
      incrementsPerSecond: 3,
      files: 2,
      entries: 2,
      usedBytes: 144,
      problems: [],
    });
    assert.deepEqual(processes[0], {
      processId: '1',
      liveness: 'alive',
      pid: 1,
      role: 'gunicorn: worker',
      program: undefined,
      incrementsPerSecond: 2,
      movingEntries: 1,
      entries: 1,
      usedBytes: 72,
    });
    assert.deepEqual(series, [
      { series: 'a_total{x="y"}', family: 'a', incrementsPerSecond: 3, processes: 2 },
    ]);
  });

  it('counts an observation of a histogram once, and one of a summary', () => {
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
    const { series } = viewTop(at(NOW + 1, files(1)), at(NOW, files(0)));
    assert.deepEqual(
      series.map((one) => [one.series, one.incrementsPerSecond]),
      [
        ['h_count', 3],
        ['s_count', 1],
      ],
    );
  });

  const rate = (before: MadeFile, now: MadeFile): number =>
    viewTop(at(NOW + 1, { 'counter_1.db': now }), at(NOW, { 'counter_1.db': before }))
      .incrementsPerSecond;

  it('counts a new entry from 0', () => {
    const now = { entries: [...counter(5).entries!, { name: 'b', value: 4 }] };
    assert.equal(rate(counter(5), now), 4);
  });
  it('counts a file that was replaced from 0', () => {
    assert.equal(rate(counter(50), { ...counter(3), identity: 'fd:00:9' }), 3);
  });
  it('counts nothing that went back, nor what is damaged', () => {
    assert.equal(rate(counter(50), counter(3)), 0);
    assert.equal(rate(counter(1), { ...counter(3), fault: 'FILE_CORRUPT' }), 0);
  });
  it('has no rates at first', () => {
    const view = viewTop(at(NOW, { 'counter_1.db': counter(5) }), undefined);
    assert.deepEqual([view.windowSeconds, view.incrementsPerSecond, view.series], [0, 0, []]);
  });
  it('says what check finds, but for notes', () => {
    const reading = at(NOW, {
      'counter_1.db': { fault: 'FILE_CORRUPT' },
      'gauge_max_1.db': { entries: [{ name: 'x_ms' }] },
    });
    assert.deepEqual(viewTop(reading, undefined).problems, [
      { code: 'DAMAGED_FILE', severity: 'error', title: 'files that cannot be read', count: 1 },
    ]);
  });
});
