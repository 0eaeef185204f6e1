import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareCodePoints } from '../../src/format/code-point.js';

describe('the order of code points', () => {
  const cases: [string, string[], string[]][] = [
    ['puts capitals first', ['a', 'B', '_', '0'], ['0', 'B', '_', 'a']],
    ['puts a prefix first', ['ab', 'a', ''], ['', 'a', 'ab']],
    ['puts U+FFEE before U+1F600', ['\u{1f600}', '\uffee'], ['\uffee', '\u{1f600}']],
    [
      'compares pairs by their second half',
      ['\u{1f601}', '\u{1f600}b', '\u{1f600}'],
      ['\u{1f600}', '\u{1f600}b', '\u{1f601}'],
    ],
  ];
  for (const [title, names, expected] of cases) {
    it(title, () => assert.deepEqual(names.sort(compareCodePoints), expected));
  }

  it('is that of the arrays of code points, for any text', () => {
    // Few characters, so that texts share beginnings, and halves of pairs come alone.
    const unit = fc.constantFrom('a', '\ud83d', '\ud83e', '\ude00', '\ude01', '\uffee', '\ue000');
    const text = fc.array(unit, { maxLength: 6 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareCodePoints(a, b)), compareArrays(a, b));
      }),
      { numRuns: 2000 },
    );
  });
});

function compareArrays(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] !== right[i]) return Math.sign(left[i]! - right[i]!);
  }
  return Math.sign(left.length - right.length);
}
