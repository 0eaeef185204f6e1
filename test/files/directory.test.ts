import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Directory, type DirectoryTimes } from '../../src/files/directory.js';

const MS = 1_000_000n;
const NOON = 1_800_000_000_000n * MS;

/** A directory whose times and clock the test sets; the kernel's own are too fine to be slow. */
function pretend(changed: bigint, now: bigint) {
  const world = { times: { dev: 1n, ino: 2n, mtimeNs: changed, ctimeNs: changed }, now };
  const directory = new Directory(
    '/pretended',
    async () => ({ ...world.times }) as DirectoryTimes,
    () => world.now,
  );
  const list = async () => {
    const must = await directory.mustList();
    if (must) directory.listed();
    return must;
  };
  return { world, list, directory };
}

describe('the directory check', () => {
  it('lists a directory that was never listed', async () => {
    const { list } = pretend(NOON - 3_600_001n * MS, NOON);
    assert.equal(await list(), true);
  });

  it('does not list again while the times stay the same', async () => {
    const { list } = pretend(NOON - 3_600_001n * MS, NOON);
    await list();
    assert.equal(await list(), false);
    assert.equal(await list(), false);
  });

  // What differs between two looks, and why that must be seen.
  const changes: [string, Partial<DirectoryTimes>][] = [
    ['another mtime: a name came or went', { mtimeNs: NOON - 1_000n * MS + 1n }],
    ['another ctime under an old mtime: rsync set it back', { ctimeNs: NOON - 1_000n * MS + 1n }],
    ['another inode: the directory was replaced', { ino: 3n }],
    ['another device: something was mounted', { dev: 9n }],
  ];
  for (const [title, change] of changes) {
    it(`lists again for ${title}`, async () => {
      const { world, list } = pretend(NOON - 3_600_001n * MS, NOON);
      await list();
      Object.assign(world.times, change);
      assert.equal(await list(), true);
    });
  }

  it('does not trust a listing taken within a clock tick of the directory change', async () => {
    // The file that comes after the listing but in the same tick leaves the times as they are.
    const changed = NOON + 123_456n;
    const { world, list } = pretend(changed, changed + 3n * MS);
    assert.equal(await list(), true);
    world.now = changed + 4n * MS;
    assert.equal(await list(), true, 'the same times, and yet it must be listed');
    world.now = changed + 60n * MS;
    assert.equal(await list(), true, 'the last listing was still too young');
    assert.equal(await list(), false, 'this one was not');
  });

  it('waits two seconds where the file system keeps whole seconds', async () => {
    const { world, list } = pretend(NOON, NOON + 500n * MS);
    await list();
    assert.equal(await list(), true);
    world.now = NOON + 2_500n * MS;
    await list();
    assert.equal(await list(), false);
  });

  it('never trusts a time in the future', async () => {
    const { list } = pretend(NOON + 3_600_001n * MS, NOON);
    for (let i = 0; i < 3; i++) assert.equal(await list(), true);
  });

  it('lists again after the directory could not be read', async () => {
    const { list, directory } = pretend(NOON - 3_600_001n * MS, NOON);
    await list();
    directory.forget();
    assert.equal(await list(), true);
  });
});
