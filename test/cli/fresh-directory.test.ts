/** Where `run` makes its directory: file systems of every size, as a tmpfs gives them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lchownSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  makeFreshDirectory,
  makeGivenDirectory,
  temporaryPlaces,
} from '../../src/cli/fresh-directory.js';
import { tempDirectory } from '../support/temp.js';

const mounted: string[] = [];
const unmountAll = () => {
  for (const path of mounted.splice(0)) execFileSync('umount', ['--lazy', path]);
};
after(unmountAll);
// Also before the temporary directories are removed, when a test ends the process.
process.prependListener('exit', unmountAll);

/** An empty tmpfs of this size. */
function tmpfs(size: string): string {
  const path = tempDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=1777`, 'none', path]);
  mounted.push(path);
  return path;
}

function make(places: readonly string[]) {
  const warnings: [message: string, fields: Record<string, unknown>][] = [];
  const made = makeFreshDirectory(places, (...warning) => warnings.push(warning));
  return made.then((directory) => ({ directory, warnings }));
}

describe('the fresh directory', {
  skip: process.getuid?.() === 0 ? false : 'needs root, for mounts',
}, () => {
  it('is in the first place with 1 GiB free, without a word, and only its owner may enter', async () => {
    const first = tmpfs('1025m');
    const { directory, warnings } = await make([first, tmpfs('2g')]);
    assert.equal(dirname(directory), first);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.deepEqual(warnings, []);
  });

  it('is elsewhere when the first has less, as /dev/shm of a container, and says so', async () => {
    const [small, large] = [tmpfs('64m'), tmpfs('2g')];
    const { directory, warnings } = await make([small, large]);
    assert.equal(dirname(directory), large);
    assert.deepEqual(warnings, [
      ['directory created in another place', { directory, cause: `${small}: 64 MiB free` }],
    ]);
  });

  it('counts what is free, not what there is', async () => {
    const [filled, empty] = [tmpfs('1030m'), tmpfs('1025m')];
    writeFileSync(join(filled, 'model'), Buffer.alloc(8 * 2 ** 20));
    const { directory } = await make([filled, empty]);
    assert.equal(dirname(directory), empty);
  });

  it('is in the roomiest when all have less, and warns', async () => {
    const [small, large] = [tmpfs('64m'), tmpfs('256m')];
    const { directory, warnings } = await make([small, large]);
    assert.equal(dirname(directory), large);
    assert.deepEqual(warnings, [
      [
        'little space for metric files: a full file system kills the processes that write them',
        { directory, freeBytes: 256 * 2 ** 20 },
      ],
    ]);
  });

  it('is nowhere when all are as good as full', async () => {
    const [first, second] = [tmpfs('31m'), tmpfs('16m')];
    await assert.rejects(make([first, second]), {
      message: `${first}: 31 MiB free; ${second}: 16 MiB free`,
    });
  });

  it('is elsewhere when there are no inodes left', async () => {
    const first = tempDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2g,nr_inodes=1', 'none', first]);
    mounted.push(first);
    const second = tmpfs('2g');
    const { directory, warnings } = await make([first, second]);
    assert.equal(dirname(directory), second);
    assert.equal(warnings[0]![1].cause, `${first}: no space left on device`);
  });
});

describe('the place of the fresh directory', () => {
  it('passes over what is missing and what cannot be written', async () => {
    const good = tempDirectory();
    // /proc says that no block is free, so it would come last.
    await assert.rejects(
      make([`${good}/none`, '/proc']),
      /none: no such file or directory; \/proc: /,
    );
    const { directory } = await make([`${good}/none`, good]);
    assert.equal(dirname(directory), good);
  });

  it('is $TMPDIR, then /tmp, then /var/tmp, each once', () => {
    assert.deepEqual(temporaryPlaces({ TMPDIR: '/scratch/' }), ['/scratch', '/tmp', '/var/tmp']);
    assert.deepEqual(temporaryPlaces({ TMPDIR: '/var/tmp' }), ['/var/tmp', '/tmp']);
    assert.deepEqual(temporaryPlaces({ TMPDIR: '' }), ['/tmp', '/var/tmp']);
  });
});

describe('a given directory', () => {
  it('is made with its parents, for its owner alone, and may be there', async () => {
    const path = join(tempDirectory(), 'a', 'b');
    assert.equal(await makeGivenDirectory(path), path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    writeFileSync(join(path, 'counter_1.db'), '');
    assert.equal(await makeGivenDirectory(`${path}/`), path);
    assert.ok(existsSync(join(path, 'counter_1.db')));
  });

  it('is refused where it is a file, or below something that takes none', async () => {
    const file = join(tempDirectory(), 'file');
    writeFileSync(file, '');
    await assert.rejects(makeGivenDirectory(file), { message: /file: file already exists/ });
    await assert.rejects(makeGivenDirectory(`${file}/a`), { message: /a: not a directory/ });
    await assert.rejects(makeGivenDirectory('/proc/none'), {
      message: '/proc/none: no such file or directory',
    });
  });

  it('may be a link of the same user', async () => {
    const link = join(tempDirectory(), 'link');
    symlinkSync(tempDirectory(), link);
    assert.equal(await makeGivenDirectory(link), link);
  });

  it('is refused where it is a link of another user', {
    skip: process.getuid?.() === 0 ? false : 'needs root, for another user',
  }, async () => {
    const link = join(tempDirectory(), 'link');
    symlinkSync(tempDirectory(), link);
    lchownSync(link, 65_534, 65_534);
    await assert.rejects(makeGivenDirectory(link), {
      message: `${link}: expected a directory, got a link of uid 65534`,
    });
  });
});
