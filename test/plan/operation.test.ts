import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricType } from '../../src/format/filename.js';
import { mergeRule, OPERATION, type Operation } from '../../src/plan/operation.js';

describe('the merge rule', () => {
  // type, mode of the last gauge file, operation, whether the pid label is dropped
  const rules: [MetricType, string | undefined, Operation, boolean][] = [
    ['counter', undefined, OPERATION.sum, false],
    ['summary', undefined, OPERATION.sum, false],
    ['histogram', undefined, OPERATION.sum, false],
    ['unknown', undefined, OPERATION.sum, false],
    ['gaugehistogram', undefined, OPERATION.sum, false],
    ['gauge', 'all', OPERATION.last, false],
    ['gauge', 'liveall', OPERATION.last, false],
    ['gauge', 'min', OPERATION.min, true],
    ['gauge', 'livemin', OPERATION.min, true],
    ['gauge', 'max', OPERATION.max, true],
    ['gauge', 'livemax', OPERATION.max, true],
    ['gauge', 'sum', OPERATION.sum, true],
    ['gauge', 'livesum', OPERATION.sum, true],
    ['gauge', 'mostrecent', OPERATION.mostRecent, true],
    ['gauge', 'livemostrecent', OPERATION.mostRecent, true],
  ];
  for (const [type, mode, operation, dropsPid] of rules) {
    it(`of ${type} ${mode ?? ''}`, () => {
      const rule = mergeRule(type, mode);
      assert.deepEqual([rule.operation, rule.dropsPid], [operation, dropsPid]);
      assert.equal(rule.hasBuckets, type === 'histogram');
    });
  }

  const unknownModes = ['', 'nosuchmode', 'live', 'livelivesum', 'SUM', 'constructor', '__proto__'];
  for (const mode of unknownModes) {
    it(`of a mode no client knows, ${JSON.stringify(mode)}, is that of all`, () => {
      assert.deepEqual(mergeRule('gauge', mode), mergeRule('gauge', 'all'));
    });
  }

  it('of a counter ignores the mode of gauge files that have the family too', () => {
    assert.deepEqual(mergeRule('counter', 'max'), mergeRule('counter', undefined));
  });
});
