/** What native/build-addon.js asks of the compiler is in the built addon. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { ROOT } from './support/paths.js';

const ADDON = `${ROOT}/native/build/Release/promfold.node`;

const shown = (program: string, ...options: string[]) =>
  execFileSync(program, [...options, ADDON], { encoding: 'utf8', maxBuffer: 2 ** 28 });

describe('the addon', () => {
  const skip = process.arch === 'x64' ? false : 'endbr64 is an instruction of x64';
  it('marks where indirect branches may go', { skip }, () => {
    const marks = shown('objdump', '--disassemble', '--no-show-raw-insn').match(/\tendbr64/g) ?? [];
    assert.ok(marks.length > 100, `${marks.length} marks`);
  });

  it('checks stacks, lengths of copies and indexes', () => {
    const undefinedSymbols = shown('nm', '--dynamic', '--undefined-only');
    for (const check of ['__stack_chk_fail', '__realpath_chk', '__glibcxx_assert_fail']) {
      assert.match(undefinedSymbols, new RegExp(check));
    }
  });

  it('has nothing that is written and run, and no table of functions that can be written', () => {
    const segments = shown('readelf', '--program-headers', '--wide').split('\n');
    assert.ok(segments.some((line) => /GNU_STACK .* RW +0x/.test(line)));
    assert.ok(segments.some((line) => /GNU_RELRO/.test(line)));
    assert.ok(!segments.some((line) => / RWE /.test(line)));
    assert.match(shown('readelf', '--dynamic'), /BIND_NOW/);
  });
});
