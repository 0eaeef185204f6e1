import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Label, Labels } from '../../src/format/key.js';
import { type AddedLabels, withAdded } from '../../src/plan/added-labels.js';

const source: Label = ['src', 'a'];

describe('labels that are added', () => {
  const cases: [title: string, AddedLabels, before: Labels, after: Labels][] = [
    [
      'are sorted in by name',
      {
        fixed: [
          ['m', '1'],
          ['z', '2'],
        ],
      },
      [
        ['a', 'x'],
        ['n', 'y'],
      ],
      [
        ['a', 'x'],
        ['m', '1'],
        ['n', 'y'],
        ['z', '2'],
      ],
    ],
    ['leave one that is there', { fixed: [['m', '1']] }, [['m', 'own']], [['m', 'own']]],
    [
      'name the source',
      { fixed: [], source },
      [['z', '1']],
      [
        ['src', 'a'],
        ['z', '1'],
      ],
    ],
    [
      'rename a label with the name of the source label',
      { fixed: [], source },
      [
        ['src', 'own'],
        ['z', '1'],
      ],
      [
        ['exported_src', 'own'],
        ['src', 'a'],
        ['z', '1'],
      ],
    ],
    [
      'rename it until no label has the new name',
      { fixed: [['exported_src', 'fixed']], source },
      [['src', 'own']],
      [
        ['exported_exported_src', 'own'],
        ['exported_src', 'fixed'],
        ['src', 'a'],
      ],
    ],
  ];
  for (const [title, added, before, after] of cases) {
    it(title, () => assert.deepEqual(withAdded(added, before), after));
  }
});
