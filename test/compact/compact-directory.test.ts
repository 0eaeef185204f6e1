/** What a daemon compacts within its limits, and what is said of what was done. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compactDead } from '../../src/compact/compact-directory.js';
import { MetricFileError } from '../../src/errors.js';
import { type Quantity, UNLIMITED, withChosen } from '../../src/plan/budget.js';
import type { Writer } from '../../src/processes/writer.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const NAMES = ['counter_70001.db', 'counter_70002.db', 'counter_70003.db'];

/** Three files of dead processes; the last one has a series of its own. */
function directory(): string {
  const path = join(tempDirectory(), 'prom');
  mkdirSync(path);
  for (const [i, name] of NAMES.entries()) {
    const own = i === 2 ? [{ ...counter('jobs', 1), labels: { own: 'yes' } }] : [];
    writeMetricFile(join(path, name), [counter('jobs', i), ...own], { sizeBytes: 4096 });
  }
  return path;
}

const dead = (processId: string): Writer => ({
  processId,
  liveness: 'dead',
  pid: undefined,
  role: undefined,
  program: undefined,
  startSeconds: undefined,
});

const PIDS = ['70001', '70002', '70003'];

const OPTIONS: Parameters<typeof compactDead>[1] = {
  writers: new Map(PIDS.map((id) => [id, dead(id)])),
  processIds: new Set(PIDS),
  graceSeconds: 0,
  limits: UNLIMITED,
  leftOut: new Map(),
};

const namesIn = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith('.db'))
    .map((name) => name.replace(/-promfold-.*/, 'archive'))
    .sort();

describe('the compaction of a daemon', () => {
  it('takes the files of dead processes', async () => {
    const path = directory();
    await compactDead(path, OPTIONS);
    assert.deepEqual(namesIn(path), ['counter_archive']);
  });

  it('does not read what the source leaves out', async () => {
    const path = directory();
    const name = NAMES[0]!;
    const fault = new MetricFileError('BUDGET_EXCEEDED', join(path, name), 'needs more');
    const { kept } = await compactDead(path, { ...OPTIONS, leftOut: new Map([[name, fault]]) });
    assert.deepEqual(
      kept.map(({ reason, diskBytes, example }) => [reason, diskBytes, example]),
      // Nothing is known of what was not opened.
      [['unreadable', 0, name]],
    );
    assert.deepEqual(namesIn(path), [name, 'counter_archive']);
  });

  const limited: [quantity: Quantity, amount: number][] = [
    ['series', 1],
    ['page-bytes', 60],
    ['label-names', 0],
  ];
  for (const [quantity, amount] of limited) {
    it(`keeps what goes beyond its limit of ${quantity} in the plan of all readers`, async () => {
      const path = directory();
      const limits = withChosen(UNLIMITED, [{ scope: 'source', quantity, amount }]);
      const { kept } = await compactDead(path, { ...OPTIONS, limits });
      assert.deepEqual(
        kept.map(({ reason, example }) => [reason, example]),
        [['unreadable', NAMES[2]]],
      );
      assert.deepEqual(namesIn(path), [NAMES[2], 'counter_archive']);
    });
  }
});

describe('the outcome', () => {
  it('has how many sums were rounded so that no total goes back', async () => {
    const path = join(tempDirectory(), 'prom');
    mkdirSync(path);
    // In this order: (0.1 + 0.3) + 0.7 is more than (0.1 + 0.7) + 0.3.
    for (const [i, value] of [0.1, 0.3, 0.7].entries()) {
      writeMetricFile(join(path, NAMES[i]!), [counter('jobs', value)], { sizeBytes: 4096 });
    }
    const { outcome } = await compactAsIf(path, (processId) => processId !== '70002');
    assert.deepEqual([outcome?.folded, outcome?.rounded, outcome?.undone], [2, 1, 0]);
  });
});
