import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBucket } from '../../../src/serve/web/token-bucket.js';

describe('a limit of requests', () => {
  const limit = { intervalSeconds: 2, burst: 3 };

  it('allows a burst, then one each interval', () => {
    let now = 1_000;
    const bucket = new TokenBucket(() => now);
    const take = () => bucket.take(limit);
    assert.deepEqual([take(), take(), take(), take()], [true, true, true, false]);
    now += 1_999;
    assert.equal(take(), false);
    now += 1;
    assert.deepEqual([take(), take()], [true, false]);
    now += 1_000_000;
    assert.deepEqual([take(), take(), take(), take()], [true, true, true, false]);
  });

  it('may change', () => {
    const bucket = new TokenBucket(() => 0);
    assert.equal(bucket.take(limit), true);
    assert.equal(bucket.take({ intervalSeconds: 1, burst: 1 }), true);
    assert.equal(bucket.take({ intervalSeconds: 1, burst: 1 }), false);
  });
});
