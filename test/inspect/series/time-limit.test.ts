import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { withinMilliseconds } from '../../../src/inspect/series/time-limit.js';

describe('a time limit', () => {
  it('lets work return what it returns', () => {
    assert.equal(
      withinMilliseconds(1000, 'it', () => 7),
      7,
    );
  });

  it('ends a regular expression that does not end', () => {
    const slow = () => /(a+)+b/.test('a'.repeat(40));
    assert.throws(() => withinMilliseconds(20, 'it', slow), {
      name: 'UsageError',
      message: 'it: expected one that ends within 20 ms, got one that does not',
    });
  });

  it('lets other errors through', () => {
    const fails = () => {
      throw new UsageError('no');
    };
    assert.throws(() => withinMilliseconds(1000, 'it', fails), new UsageError('no'));
  });
});
