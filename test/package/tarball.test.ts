/**
 * The tarball, unpacked where there is nothing but glibc 2.31 and the C++ library: no shell, no Node, no Python. It is in
 * a read-only place, and who runs it has no right.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { VERSION } from '../../src/cli/version.js';
import { assertWorks, BareRoot, noBareRoot } from '../support/bare-root.js';
import { makePackage } from '../support/packages.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const NAME = `promfold-${VERSION}-linux-x64`;

describe('the tarball', { skip: noBareRoot('libraries') }, () => {
  const place = tempDirectory();

  before(async () => {
    const path = await makePackage('tarball', ['--arch', 'x64']);
    assert.ok(path.endsWith(`/${NAME}.tar.xz`), path);
    const { exitCode, stderr } = await run('tar', ['xf', path, '-C', place]);
    assert.equal(exitCode, 0, stderr);
    await run('chmod', ['755', place]);
  });

  it('has the program, Node, the licenses of both, and nothing else', () => {
    const list = (folder: string) => readdirSync(join(place, folder)).sort();
    assert.deepEqual(list('.'), [NAME]);
    assert.deepEqual(list(NAME), ['LICENSE', 'bin', 'lib']);
    assert.deepEqual(list(`${NAME}/bin`), ['promfold']);
    assert.deepEqual(list(`${NAME}/lib`), ['node', 'node-LICENSE', 'promfold']);
    assert.deepEqual(list(`${NAME}/lib/promfold`), [
      'LICENSE',
      'dist',
      'native',
      'package.json',
      'src',
    ]);
    assert.deepEqual(list(`${NAME}/lib/promfold/native/prebuilds`), ['linux-x64']);
  });

  it('runs where it was unpacked, without a shell', async () => {
    const root = new BareRoot('libraries', { '/unpacked': place });
    await assertWorks(root, '/nowhere', [`/unpacked/${NAME}/bin/promfold`]);
  });

  it('runs where /proc is hidden, from the path it is started by', async () => {
    const args = ['--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$0" --version'];
    const program = join(place, NAME, 'bin/promfold');
    const { exitCode, stdout, stderr } = await run('unshare', [...args, program]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^promfold /);
  });

  it('says in one line what is missing where there is no glibc', async () => {
    const { exitCode, stdout, stderr } = await run('chroot', [
      place,
      `/${NAME}/bin/promfold`,
      '--version',
    ]);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, /^promfold: expected glibc, which this system does not have .*\n$/);
  });

  it('says in one line what is missing where only a part was unpacked', async () => {
    const other = tempDirectory();
    await run('cp', ['-r', '--parents', `${NAME}/bin`, other], { cwd: place });
    const { exitCode, stderr } = await run(join(other, NAME, 'bin/promfold'), []);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^promfold: cannot run .*\/lib\/node: .*; unpack the whole tarball\n$/);
  });
});
