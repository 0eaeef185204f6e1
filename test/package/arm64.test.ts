/**
 * promfold on arm64, under QEMU's emulation of programs: the core by its own tests, the golden cases, and the program of
 * the tarball. The libraries are those of Debian 11, so this is glibc 2.31 as well.
 *
 * QEMU on x64 keeps the order of stores as x64 does. What arm64 may reorder is argued in src/reference.md, L3 and L4.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { VERSION } from '../../src/cli/version.js';
import { nodeForArm64 } from '../support/packages.js';
import { part } from '../support/parts.js';
import { GOLDEN, ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const qemu = part('QEMU (qemu-user-static)', '/usr/bin/qemu-aarch64-static', existsSync);
const node = part('Node for arm64', nodeForArm64(), existsSync);
const skip = qemu.skip || node.skip || (process.arch === 'x64' ? false : 'needs x64');

const SYSROOT = `${ROOT}/.sysroots/linux-arm64`;

/**
 * Of the native tests: random histories and pages, which take minutes under emulation and know no processor; and how soon
 * one process sees the halves of what another stores, which here QEMU and the load of this machine decide.
 */
const LEFT_OUT = [
  'a random history',
  'a history of too many values',
  'in a used block',
  'pair_test',
];

/** With the Python oracle left out: the pages are compared with those that are recorded. */
const env = { PATH: process.env.PATH, PROMFOLD_PYTHON: '/nonexistent' };

const emulated = (program: string, args: readonly string[], timeout: number) =>
  run(qemu.path, ['-L', SYSROOT, program, ...args], { env, timeout });

async function built(option: string): Promise<string> {
  const args = ['.sysroots/lock', 'node', 'scripts/package/portable-addon.js', 'arm64', option];
  const { exitCode, stdout, stderr } = await run('flock', args, { cwd: ROOT });
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

/** The compiled tests, where the addon is the one for arm64. */
async function treeForArm64(): Promise<string> {
  const tree = tempDirectory();
  for (const folder of ['src', 'test', 'scripts']) {
    cpSync(`${ROOT}/dist/${folder}`, join(tree, 'dist', folder), { recursive: true });
  }
  for (const name of ['package.json', 'src', 'test', 'scripts', 'node_modules']) {
    symlinkSync(join(ROOT, name), join(tree, name));
  }
  cpSync(`${ROOT}/dist/bundle`, join(tree, 'dist/bundle'), { recursive: true });
  mkdirSync(join(tree, 'native/prebuilds/linux-arm64'), { recursive: true });
  cpSync(await built(''), join(tree, 'native/prebuilds/linux-arm64/promfold.node'));
  return tree;
}

describe('on arm64', { skip }, () => {
  it('the tests of the core pass', async () => {
    const program = await built('--tests');
    const excluded = LEFT_OUT.map((title) => `-${title}`);
    const { exitCode, stdout } = await emulated(program, excluded, 300_000);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^[1-9]\d\d passed, 0 failed$/m);
  });

  it('the pages of the golden cases are those that are recorded, and the addon does what it is for', async () => {
    const tree = await treeForArm64();
    const passed = async (test: string, pattern: string) => {
      const file = join(tree, 'dist/test', test);
      const { exitCode, stdout, stderr } = await emulated(
        node.path,
        [`--test-name-pattern=${pattern}`, '--test-reporter=tap', file],
        300_000,
      );
      assert.equal(exitCode, 0, stdout + stderr);
      return Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
    };
    assert.ok((await passed('golden.test.js', 'a golden case')) > 80);
    // The third starts a Node, which this machine cannot.
    assert.equal(await passed('native.test.js', 'prints'), 2);
    for (const test of ['recorder', 'value-columns', 'file-facts']) {
      assert.ok((await passed(`${test}.test.js`, '.')) >= 1, test);
    }
  });

  it('the program prints its version and a page', async () => {
    const program = join(await treeForArm64(), 'dist/bundle/promfold.js');
    const version = await emulated(node.path, [program, '--version'], 60_000);
    assert.match(version.stdout, new RegExp(`^promfold ${VERSION} \\(node v.*, linux arm64\\)\n$`));
    const files = `${GOLDEN}/colons/files`;
    const { stdout, stderr } = await emulated(node.path, [program, 'scrape', files], 60_000);
    assert.equal(stdout, readFileSync(`${GOLDEN}/colons/expected.prom`, 'utf8'), stderr);
  });
});
