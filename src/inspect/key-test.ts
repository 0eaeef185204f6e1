/** Tests of keys for loops over entries: each key is read once, whatever the number of its entries. */
import { isUnusable, type Key, type UnusableKey } from '../format/key.js';
import type { Keys } from './entry-columns.js';
import type { Reading } from './reading.js';
import type { Selector } from './selector.js';

const PASSED = 1;
const FAILED = 2;

/** @param mayPass tells, without reading it, that a key fails */
export function keyTest(
  keys: Keys,
  test: (key: Key | UnusableKey) => boolean,
  mayPass: (keyId: number) => boolean = () => true,
): (keyId: number) => boolean {
  const known = new Uint8Array(keys.size);
  return (keyId) => {
    if (known[keyId] === 0) {
      known[keyId] = mayPass(keyId) && test(keys.read(keyId)) ? PASSED : FAILED;
    }
    return known[keyId] === PASSED;
  };
}

/** Whether the series of a key is selected. */
export function selectedKeys(
  { keys, structure }: Pick<Reading, 'keys' | 'structure'>,
  selector: Selector,
): (keyId: number) => boolean {
  return keyTest(
    keys,
    (key) => !isUnusable(key) && selector.selects(key),
    (keyId) => {
      const names = structure?.names.of(keyId);
      return names === undefined || selector.selectsNames(names);
    },
  );
}
