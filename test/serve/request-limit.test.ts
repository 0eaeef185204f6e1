import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestLimit } from '../../src/serve/request-limit.js';

describe('a limit of requests', () => {
  it('lets in as many as it says, and one more when one has left', () => {
    const limit = new RequestLimit(2);
    assert.deepEqual([limit.enter(), limit.enter(), limit.enter()], [true, true, false]);
    limit.leave();
    assert.deepEqual([limit.enter(), limit.enter()], [true, false]);
  });

  it('of 0 lets in any number', () => {
    const limit = new RequestLimit(0);
    assert.ok(Array.from({ length: 1000 }, () => limit.enter()).every(Boolean));
  });
});
