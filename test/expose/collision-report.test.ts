import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nameCollisions } from '../../src/expose/collision-report.js';
import type { ExposedFamily, ExposedSeries } from '../../src/expose/family.js';

const seriesOf = (sampleName: string, ...labelNames: string[]): ExposedSeries => ({
  sampleName,
  labels: labelNames.map((label) => [label, 'v']),
});

const family = (name: string, ...labelNames: string[]): ExposedFamily => ({
  name,
  type: 'gauge',
  help: '',
  keepsRawName: false,
  series: [seriesOf(name, ...labelNames)],
});

describe('nameCollisions', () => {
  const cases: [string, ExposedFamily[], string[]][] = [
    ['says nothing of names that escaping leaves alone', [family('a', 'x', 'y')], []],
    ['says nothing of a name that is escaped to one of its own', [family('a.b', 'x.y')], []],
    [
      'names the later of two families by code point',
      [family('a_b'), family('a.b')],
      ['a_b is escaped to a name that another family has'],
    ],
    [
      'names the labels that are renamed',
      [family('a', 'x.y', 'x_y')],
      ['a has labels escaped to names that others have: "x_y"'],
    ],
    [
      'counts the series that are renamed',
      [
        {
          ...family('a'),
          series: [
            seriesOf('a$b'),
            seriesOf('a_b'),
            seriesOf('a_b', 'x.y'),
            seriesOf('a_b', 'x_y'),
          ],
        },
      ],
      ["a has 2 series escaped to another's line, of a_b first"],
    ],
    [
      'says nothing of series that only nearly meet',
      [{ ...family('a'), series: [seriesOf('a$b', 'x'), seriesOf('a_b'), seriesOf('a_b', 'y')] }],
      [],
    ],
  ];
  for (const [title, families, expected] of cases) {
    it(title, () => {
      const found = [...nameCollisions(families)].map(
        (collision) => `${collision.family} ${collision.found}`,
      );
      assert.deepEqual(found, expected);
    });
  }
});
