/** What TypeScript and C++ both do, and must do alike. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatNumber } from '../src/format/number.js';
import { formatNumber as formatNatively } from '../src/native.js';

describe('the addon', () => {
  it('prints values as TypeScript prints bounds', () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((word) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, word);
      return view.getFloat64(0);
    });
    fc.assert(
      fc.property(fc.oneof(bits, fc.double(), fc.integer()), (value) => {
        assert.equal(formatNatively(value), formatNumber(value));
      }),
      { numRuns: 20_000 },
    );
  });
});
