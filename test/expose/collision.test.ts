import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { namesToForce } from '../../src/expose/collision.js';
import { escapeLabelName, forceLabelName } from '../../src/expose/escaping.js';
import { compareCodePoints } from '../../src/format/code-point.js';

function printed(names: readonly string[]): string[] {
  const spelling = names.map((name) => escapeLabelName(name, 'underscores'));
  const forced = names.map(forceLabelName);
  const mustForce = namesToForce(spelling, forced);
  return spelling.map((name, i) => (mustForce.has(i) ? forced[i]! : name));
}

describe('of names that escaping makes equal', () => {
  const cases: [string, string[], string[]][] = [
    ['none is forced when none are', ['a', 'b.c'], ['a', 'b_c']],
    ['the first keeps its spelling', ['a.b', 'a_b'], ['a_b', 'U__a__b']],
    ['all others are forced', ['a-b', 'a.b', 'a_b'], ['a_b', 'U__a_2e_b', 'U__a__b']],
    [
      'a name is forced, too, that looks like a forced one',
      ['U__a__b', 'a.b', 'a_b'],
      ['U__U____a____b', 'a_b', 'U__a__b'],
    ],
    [
      'and one that looks like that',
      ['U__U____a____b', 'U__a__b', 'a.b', 'a_b'],
      ['U__U____U________a________b', 'U__U____a____b', 'a_b', 'U__a__b'],
    ],
  ];
  for (const [title, names, expected] of cases) {
    it(title, () => assert.deepEqual(printed(names), expected));
  }

  it('no two are printed alike', () => {
    const name = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '_', '.', '-'), minLength: 1, maxLength: 4 }),
      fc.constantFrom('a_b', 'a.b', 'U__a__b', 'U__a_2e_b', 'U__U____a____b'),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
        const spelling = printed(names.sort(compareCodePoints));
        assert.equal(new Set(spelling).size, names.length);
      }),
      { numRuns: 1000 },
    );
  });
});
