/** Checks the second merge: it prints what the real client printed of every recorded directory. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { goNumber, readFiles, referenceExposition } from './reference.js';
import { OPENMETRICS, TEXT } from './support/dialect.js';
import { faultsOf, linesOf } from './support/exposition.js';
import { copyOfFiles, expectationsOf, goldenCases } from './support/golden-case.js';
import { GOLDEN, ROOT } from './support/paths.js';

/** Where only the dialect's escaping decides what is printed; the second merge knows one dialect. */
const COLLIDE = ['utf8-names', 'utf8-names-v0.22.0', 'js-names', 'newline-name'];

describe('referenceExposition', () => {
  for (const golden of goldenCases(GOLDEN)) {
    const expected = expectationsOf(golden).find(({ dialect }) => dialect.format === TEXT.format);
    if (!expected || COLLIDE.includes(golden.name)) continue;
    it(`prints line for line what was recorded of ${golden.name}`, () => {
      const said = linesOf(referenceExposition(readFiles(copyOfFiles(golden))));
      assert.deepEqual(said.sort(), linesOf(expected.text).sort());
    });
  }

  it('imports nothing of src/', () => {
    assert.doesNotMatch(readFileSync(`${ROOT}/test/reference.ts`, 'utf8'), /from '\.\.\/src/);
  });
});

describe('goNumber', () => {
  const cases: [value: number, printed: string][] = [
    [999999.5, '999999.5'],
    [1000000.5, '1.0000005e+06'],
    [123456789012, '1.23456789012e+11'],
    [9007199254740992, '9.007199254740992e+15'],
    [1e16, '1e+16'],
    [1e22, '1e+22'],
    [-1e6, '-1000000.0'],
    [-1e16, '-1e+16'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [5e-324, '5e-324'],
    [-0, '-0.0'],
    [2 ** 63, '9.223372036854776e+18'],
    [1e6, '1e+06'],
    [1e10, '1e+10'],
  ];
  for (const [value, printed] of cases) {
    it(`prints ${printed}`, () => assert.equal(goNumber(value), printed));
  }
});

describe('faultsOf', () => {
  it('finds nothing in any exposition recorded of a client since 0.5', () => {
    for (const golden of goldenCases(GOLDEN)) {
      // Printed by clients that had another order of samples.
      if (['web-v0.0.21', 'web-0.0.16-earliest'].includes(golden.name)) continue;
      for (const { file, dialect, text } of expectationsOf(golden)) {
        const openMetrics = dialect.format === OPENMETRICS.format;
        assert.deepEqual(faultsOf(text, openMetrics), [], `${golden.name} ${file}`);
      }
    }
  });

  const head = '# HELP a x\n# TYPE a gauge\n';
  const bad: [title: string, exposition: string, fault: RegExp][] = [
    ['a missing last newline', `${head}a 1.0`, /no newline/],
    ['a series twice', `${head}a 1.0\na 2.0\n`, /series twice/],
    ['a label twice', `${head}a{b="1",b="2"} 1.0\n`, /label twice/],
    ['a family in two places', `${head}a 1.0\n# HELP b x\n# TYPE b gauge\n${head}`, /two places/],
    ['TYPE twice', `${head}# TYPE a gauge\n`, /TYPE a twice/],
    ['a stray sample', `${head}b 1.0\n`, /b under family a/],
    ['an open label value', `${head}a{b="1} 1.0\n`, /no sample/],
    ['a number Go would not write', `${head}a 1\x20\n`, /no sample/],
    ['a sample without a family', 'a 1.0\n', /under family/],
    [
      'bounds that descend',
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="2.0"} 1.0\nh_bucket{le="1.0"} 1.0\n',
      /not ascending/,
    ],
    [
      'a label set in two places',
      '# HELP h x\n# TYPE h histogram\nh_sum{a="1"} 1.0\nh_sum{a="2"} 1.0\nh_count{a="1"} 1.0\n',
      /label set in two places/,
    ],
  ];
  for (const [title, exposition, fault] of bad) {
    it(`finds ${title}`, () => assert.match(faultsOf(exposition, false).join('\n'), fault));
  }
  it('finds a missing # EOF', () => assert.match(faultsOf(head, true).join('\n'), /EOF/));
});
