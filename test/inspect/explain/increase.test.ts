/** What only grows, from one moment to the next. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { increases } from '../../../src/inspect/explain/increase.js';

describe('the increase of a value', () => {
  const ARCHIVE = '-promfold-18ecca8533e550d3';
  const cases: [title: string, processId: string, values: (number | undefined)[], by: object][] = [
    ['is since the moment before', '7', [1, 3, 3], [undefined, 2, 0]],
    ['begins at 0, also again', '7', [undefined, 5, 2], [undefined, 5, 2]],
    ['is unknown where it is not there', '7', [1, undefined, 4], [undefined, undefined, 4]],
    ['is none in an archive, which took it over', ARCHIVE, [undefined, 5, 9], [undefined, 0, 0]],
  ];
  for (const [title, processId, values, by] of cases) {
    it(title, () => assert.deepEqual(increases(values, processId), by));
  }
});
