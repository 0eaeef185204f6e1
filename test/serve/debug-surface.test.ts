import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLocal } from '../../src/serve/debug-surface.js';
import { parseListenAddress } from '../../src/serve/listen-address.js';

describe('an address that only this machine reaches', () => {
  const addresses: [text: string, local: boolean][] = [
    ['127.0.0.1:1', true],
    ['127.8.9.10:1', true],
    ['[::1]:1', true],
    ['localhost:1', true],
    ['LOCALHOST:1', true],
    ['unix:/run/p.sock', true],
    [':1', false],
    ['0.0.0.0:1', false],
    ['[::]:1', false],
    ['10.0.0.1:1', false],
    ['[fe80::1%eth0]:1', false],
    ['[::ffff:10.0.0.1]:1', false],
    ['localhost.example:1', false],
    ['host.example:1', false],
  ];
  for (const [text, local] of addresses) {
    it(`${text} is ${local ? '' : 'not '}one`, () =>
      assert.equal(isLocal(parseListenAddress(text)!), local));
  }
});
