import assert from 'node:assert/strict';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { describe, it } from 'node:test';
import { lookUp } from '../../../src/scrape/endpoints/look-up.js';

function found(host: string, options: LookupOptions): Promise<string | LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookUp(host, options, (error, address) => (error ? reject(error) : resolve(address)));
  });
}

describe('a host of an endpoint', () => {
  it('has the addresses that the system knows', async () => {
    const all = (await found('localhost', { all: true })) as LookupAddress[];
    assert.ok(all.length > 0);
    for (const { address, family } of all) {
      assert.equal(address, family === 6 ? '::1' : '127.0.0.1');
    }
    assert.equal(await found('localhost', {}), all[0]!.address);
    assert.deepEqual(await found('::1', { all: true }), [{ address: '::1', family: 6 }]);
  });

  it('that is not known is an error with a code', async () => {
    await assert.rejects(found('', { all: true }), { code: 'ENOTFOUND' });
  });
});
