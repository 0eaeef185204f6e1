/** Against prometheus_client itself: test/expose/client.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatNumber, parsePythonFloat } from '../../src/format/number.js';

describe('a number', () => {
  const cases: [string, number, string][] = [
    ['always shows a fraction', 1, '1.0'],
    ['keeps its sign at zero', -0, '-0.0'],
    ['has no exponent below a million', 999999.5, '999999.5'],
    ['has one from a million on, as in Go', 1e6, '1e+06'],
    ['has none when negative, as in Python', -1e6, '-1000000.0'],
    ['has one from 1e16 on when negative, too', -1e16, '-1e+16'],
    ['has none down to a ten thousandth', 0.0001, '0.0001'],
    ['has one below that', 0.00001, '1e-05'],
    ['has an exponent of at least two digits', 1e100, '1e+100'],
    ['keeps every digit it needs', 2 ** 53, '9.007199254740992e+15'],
    ['may be infinite', Infinity, '+Inf'],
    ['may be infinitely small', -Infinity, '-Inf'],
    ['may be NaN', NaN, 'NaN'],
  ];
  for (const [title, value, expected] of cases) {
    it(title, () => assert.equal(formatNumber(value), expected));
  }

  it('is read back as it was printed', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        assert.equal(parsePythonFloat(formatNumber(value)), value);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a text read as a number', () => {
  const cases: [string, string, number][] = [
    ['may have leading zeros', '01.00', 1],
    ['may end in its point', '1.', 1],
    ['may begin with its point', '.5', 0.5],
    ['may have the exponent of old writers', '1e+010', 1e10],
    ['may have underscores between digits', '1_0', 10],
    ['may have blanks around it', ' 1\n', 1],
    ['may have blanks beyond ASCII', '\u30001\u00a0', 1],
    ['may be in the digits of another script', '٣.٥', 3.5],
    ['may be in digits whose runs follow each other', '𝟎𝟗𝟙', 91],
    ['may spell infinity out', '-iNfInItY', -Infinity],
    ['may be NaN', '-nan', NaN],
    ['may be beyond what a double holds', '1e400', Infinity],
  ];
  for (const [title, text, expected] of cases) {
    it(title, () => assert.equal(parsePythonFloat(text), expected));
  }
});

describe('a text is not a number', () => {
  const cases: [string, string][] = [
    ['when it is empty', ''],
    ['when it is blank', ' '],
    ['when it has no digits', '.'],
    ['when it is hexadecimal', '0x1'],
    ['when an underscore comes first', '_1'],
    ['when two underscores come together', '1__0'],
    ['when an underscore is next to the point', '1_.0'],
    ['when its exponent has no digits', '1e'],
    ['when blanks stand inside', '1 0'],
    ['when a byte order mark stands before it', '\ufeff1'],
    ['when a decimal comma stands in it', '1,0'],
  ];
  for (const [title, text] of cases) {
    it(title, () => assert.equal(parsePythonFloat(text), undefined));
  }

  it('or is one, but never an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = parsePythonFloat(text);
        assert.ok(value === undefined || typeof value === 'number');
      }),
    );
  });
});
