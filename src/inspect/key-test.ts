/** A test of keys for loops over entries: it reads each key once, whatever the number of its entries. */
import type { Key, UnusableKey } from '../format/key.js';
import type { Keys } from './entry-columns.js';

const PASSED = 1;
const FAILED = 2;

export function keyTest(
  keys: Keys,
  test: (key: Key | UnusableKey) => boolean,
): (keyId: number) => boolean {
  const known = new Uint8Array(keys.size);
  return (keyId) => {
    if (known[keyId] === 0) known[keyId] = test(keys.read(keyId)) ? PASSED : FAILED;
    return known[keyId] === PASSED;
  };
}
