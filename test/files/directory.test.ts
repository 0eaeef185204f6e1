import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Directory } from '../../src/files/directory.js';

const MS = 1_000_000n;
const NOON = 1_800_000_000_000n * MS;

/** A directory whose times and clock the test sets; real ones are too fine-grained for these cases. */
function pretend(changed: bigint, now: bigint) {
  const world = { times: { dev: 1n, ino: 2n, mtimeNs: changed, ctimeNs: changed }, now };
  const directory = new Directory('/pretended', () => world.now);
  const list = () => {
    const must = directory.listed === undefined;
    if (must) directory.list({ ...world.times })();
    return must;
  };
  return { world, list, directory };
}

describe('the directory check', () => {
  it('lists a directory that was never listed', () => {
    const { list } = pretend(NOON - 3_600_001n * MS, NOON);
    assert.equal(list(), true);
  });

  it('does not list again while the times stay the same', () => {
    const { list } = pretend(NOON - 3_600_001n * MS, NOON);
    list();
    assert.equal(list(), false);
    assert.equal(list(), false);
  });

  it('lists again once the times differ from those before the listing', () => {
    const { world, list, directory } = pretend(NOON - 3_600_001n * MS, NOON);
    const { times } = world;
    const listed = directory.list({ ...times });
    times.mtimeNs += 1n;
    assert.equal(directory.listed, undefined, 'while it is listed nothing is known');
    listed();
    assert.notDeepEqual(directory.listed, times);
    assert.equal(list(), false);
  });

  it('does not trust a listing taken within a clock tick of the directory change', () => {
    // The file that comes after the listing but in the same tick leaves the times as they are.
    const changed = NOON + 123_456n;
    const { world, list } = pretend(changed, changed + 3n * MS);
    assert.equal(list(), true);
    world.now = changed + 4n * MS;
    assert.equal(list(), true, 'the same times, and yet it must be listed');
    world.now = changed + 60n * MS;
    assert.equal(list(), true, 'the last listing was too soon after the change');
    assert.equal(list(), false, 'this one was not');
  });

  it('waits two seconds where the file system keeps whole seconds', () => {
    const { world, list } = pretend(NOON, NOON + 500n * MS);
    list();
    assert.equal(list(), true);
    world.now = NOON + 2_500n * MS;
    list();
    assert.equal(list(), false);
  });

  it('never trusts a time in the future', () => {
    const { list } = pretend(NOON + 3_600_001n * MS, NOON);
    for (let i = 0; i < 3; i++) assert.equal(list(), true);
  });

  it('lists again after the directory could not be read', () => {
    const { list, directory } = pretend(NOON - 3_600_001n * MS, NOON);
    list();
    directory.forget();
    assert.equal(list(), true);
  });
});
