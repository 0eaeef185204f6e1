import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExposedFamily } from '../../../src/expose/family.js';
import type { MetricType } from '../../../src/format/filename.js';
import { arrangeFamilies } from '../../../src/scrape/endpoints/appended-families.js';
import { OUTCOME } from '../../../src/scrape/endpoints/endpoint-questions.js';
import { atOnce } from '../../../src/steps.js';

const head = (type: MetricType, name: string, keepsRawName = false) => ({
  name,
  type,
  keepsRawName,
});
const exposed = (type: MetricType, name: string, keepsRawName = false): ExposedFamily => ({
  ...head(type, name, keepsRawName),
  help: '',
  series: [],
});
/** As one of three series. */
const paged = (type: MetricType, name: string, keepsRawName = false) => ({
  ...head(type, name, keepsRawName),
  series: 3,
});

const { together, apart, none } = OUTCOME;

describe('a family of an endpoint', () => {
  const cases: [
    title: string,
    directory: ExposedFamily[],
    family: ReturnType<typeof paged>,
    outcome: number,
    reason?: 'type_conflict' | 'name_conflict',
  ][] = [
    [
      'that only the endpoint has is served',
      [exposed('gauge', 'y')],
      paged('gauge', 'x'),
      together,
    ],
    ['that the directory has joins it', [exposed('gauge', 'x')], paged('gauge', 'x'), apart],
    [
      'of another type than the directory has is left out',
      [exposed('counter', 'x')],
      paged('gauge', 'x'),
      none,
      'type_conflict',
    ],
    [
      'without a type is of another one',
      [exposed('gauge', 'x')],
      paged('unknown', 'x'),
      none,
      'type_conflict',
    ],
    [
      'is a counter that ends in _total, or one that does not',
      [exposed('counter', 'x', true)],
      paged('counter', 'x'),
      none,
      'type_conflict',
    ],
    [
      "is called like a sample of the directory's histogram",
      [exposed('histogram', 'x')],
      paged('gauge', 'x_count'),
      none,
      'name_conflict',
    ],
    [
      "has samples that are called like the directory's gauge",
      [exposed('gauge', 'x_count')],
      paged('histogram', 'x'),
      none,
      'name_conflict',
    ],
    [
      "is called like the directory's counter in text",
      [exposed('counter', 'x')],
      paged('unknown', 'x_total'),
      none,
      'name_conflict',
    ],
    [
      'is called like a time of creation, which no file has',
      [exposed('counter', 'x')],
      paged('gauge', 'x_created'),
      none,
      'name_conflict',
    ],
    ["is promfold's own", [], paged('gauge', 'promfold_up'), none, 'name_conflict'],
    [
      "has a name that a sample of promfold's own has",
      [],
      paged('unknown', 'promfold_faults_total'),
      none,
      'name_conflict',
    ],
  ];
  const reserved = [head('gauge', 'promfold_up'), head('counter', 'promfold_faults')];
  for (const [title, directory, family, outcome, reason] of cases) {
    it(title, () => {
      const arranged = atOnce(arrangeFamilies(directory, reserved, [[family]]));
      assert.deepEqual([...arranged.outcome[0]!], [outcome]);
      const dropped = { type_conflict: 0, name_conflict: 0 };
      if (reason !== undefined) dropped[reason] = 3;
      assert.deepEqual(arranged.dropped, [dropped]);
      assert.deepEqual(
        arranged.joined,
        outcome === apart
          ? [{ name: family.name, directory: directory[0], parts: [{ endpoint: 0, family: 0 }] }]
          : [],
      );
      assert.equal(arranged.appended.length, outcome === together ? 1 : 0);
    });
  }
});

describe('families of several endpoints', () => {
  it('are joined, those of the first one first', () => {
    const pages = [
      [paged('gauge', 'a'), paged('gauge', 'b')],
      undefined,
      [paged('gauge', 'c'), paged('gauge', 'b')],
    ];
    const { outcome, joined, appended, dropped } = atOnce(arrangeFamilies([], [], pages));
    assert.deepEqual(
      outcome.map((of) => of && [...of]),
      [[together, apart], undefined, [together, apart]],
    );
    const [part] = joined;
    assert.deepEqual(
      part!.parts.map(({ endpoint, family }) => [endpoint, family]),
      [
        [0, 1],
        [2, 1],
      ],
    );
    assert.deepEqual(
      appended.map(({ name }) => name),
      ['a', 'b', 'c'],
    );
    assert.deepEqual(dropped, Array(3).fill({ type_conflict: 0, name_conflict: 0 }));
  });

  it('of three join the one of the directory', () => {
    const pages = [1, 2, 3].map(() => [paged('gauge', 'x')]);
    const { joined } = atOnce(arrangeFamilies([exposed('gauge', 'x')], [], pages));
    assert.deepEqual(
      joined[0]!.parts.map(({ endpoint }) => endpoint),
      [0, 1, 2],
    );
  });

  it('are left out where those of an earlier page have another type, or the name', () => {
    const pages = [
      [paged('histogram', 'x')],
      [paged('gauge', 'x'), paged('gauge', 'x_sum'), paged('gauge', 'y')],
    ];
    const { outcome, dropped } = atOnce(arrangeFamilies([], [], pages));
    assert.deepEqual([...outcome[1]!], [none, none, together]);
    assert.deepEqual(dropped[1], { type_conflict: 3, name_conflict: 3 });
  });

  it('of one page are served once where they take a name from each other', () => {
    const page = [paged('summary', 'x'), paged('counter', 'x_count'), paged('gauge', 'y')];
    const { outcome } = atOnce(arrangeFamilies([], [], [page]));
    assert.deepEqual([...outcome[0]!], [together, none, together]);
  });
});
