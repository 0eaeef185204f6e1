/**
 * The addons that are published, by what they ask of the system that loads them: glibc of a version that each system has
 * where Node 20 or later runs, no C++ library, and Node. binutils of Debian read both architectures.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { nodes } from '../support/packages.js';
import { ROOT } from '../support/paths.js';

/** What the manual says, and the tag of the wheel. */
const OLDEST_GLIBC = [2, 28];

/** Loaded by Node itself, and in every system that has glibc. */
const LIBRARIES = ['libm.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libc.so.6'];
const LOADER = { x64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' };

const OBJDUMP = { x64: 'x86_64-linux-gnu-objdump', arm64: 'aarch64-linux-gnu-objdump' };

type Architecture = keyof typeof OBJDUMP;

const shown = (arch: Architecture, option: string, file: string) =>
  execFileSync(OBJDUMP[arch], [option, file], { encoding: 'utf8', maxBuffer: 2 ** 28 });

/** By library: GLIBC, GCC, … */
function newestVersions(symbols: string): Map<string, number[]> {
  const newest = new Map<string, number[]>();
  for (const [, library, text] of symbols.matchAll(/\b([A-Z]+)_(\d+(?:\.\d+)+)/g)) {
    const version = text!.split('.').map(Number);
    const known = newest.get(library!);
    if (known === undefined || compare(version, known) > 0) newest.set(library!, version);
  }
  return newest;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, number] of a.entries()) if (number !== (b[i] ?? 0)) return number - (b[i] ?? 0);
  return a.length - b.length;
}

describe('versions of symbols', () => {
  it('are compared by number', () => {
    const symbols = 'f (GLIBC_2.4) g (GLIBC_2.17)\nh (GCC_3.0) i (GLIBC_2.2.5)';
    assert.deepEqual(
      [...newestVersions(symbols)],
      [
        ['GLIBC', [2, 17]],
        ['GCC', [3, 0]],
      ],
    );
  });
});

for (const arch of ['x64', 'arm64'] as const) {
  describe(`the portable addon for ${arch}`, () => {
    const build = ['scripts/package/portable-addon.js', arch];
    const file = execFileSync('flock', ['.sysroots/lock', 'node', ...build], {
      cwd: ROOT,
      encoding: 'utf8',
    }).trim();
    const symbols = shown(arch, '-T', file);

    it('asks for no glibc that is newer than that of Node', () => {
      const newest = newestVersions(symbols);
      assert.ok(compare(newest.get('GLIBC')!, OLDEST_GLIBC) <= 0, `${newest.get('GLIBC')}`);
      assert.deepEqual([...newest.keys()].sort(), ['GCC', 'GLIBC']);
    });

    it('loads libraries that Node loads, and not the C++ library', () => {
      const needed = [...shown(arch, '-p', file).matchAll(/NEEDED +(\S+)/g)].map(
        ([, name]) => name!,
      );
      assert.deepEqual(needed.toSorted(), [...LIBRARIES, LOADER[arch]].toSorted());
    });

    it('asks Node for the functions of Node-API, and has no other symbol open', () => {
      const open = symbols.split('\n').filter((line) => /\*UND\*/.test(line) && !/ w /.test(line));
      const names = open
        .filter((line) => !/\(G[A-Z]+_/.test(line))
        .map((line) => line.split(/\s+/).at(-1)!);
      assert.ok(names.length > 20);
      assert.deepEqual(
        names.filter((name) => !/^(?:napi|node_api)_/.test(name)),
        [],
      );
    });

    it('gives Node the two functions that it calls, and hides the rest, lest Node has its own', () => {
      const given = symbols.split('\n').filter((line) => / g +DF /.test(line));
      assert.deepEqual(given.map((line) => line.split(/\s+/).at(-1)).sort(), [
        'napi_register_module_v1',
        'node_api_module_get_api_version_v1',
      ]);
    });

    it('names no folder of the machine that built it', () => {
      const text = execFileSync('strings', ['-n', '4', file], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      assert.ok(!text.includes(ROOT));
    });
  });
}

describe('Node', () => {
  it('asks for a glibc that is at least that old, on each version', {
    skip: process.arch !== 'x64',
  }, () => {
    for (const [version, node] of nodes()) {
      const newest = newestVersions(shown('x64', '-T', node).replace(/ Base | V[0-9]+_/g, ' '));
      assert.deepEqual(newest.get('GLIBC'), OLDEST_GLIBC, version);
    }
  });
});
