/** What is retained of recorded files after a restart: no sum goes back, in whatever order values are added now. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { MetricType } from '../../../src/format/filename.js';
import { FileSet } from '../../../src/native.js';
import {
  continues,
  foldedSince,
  type RecordedFile,
  retainedOf,
} from '../../../src/scrape/directory/restore-retained.js';
import { seed } from '../../support/random.js';
import { tempDirectory } from '../../support/temp.js';

function recorded(
  processId: string,
  entries: readonly (readonly [number, number])[],
): RecordedFile {
  return {
    name: `counter_${processId}.db`,
    fileName: { type: 'counter' as MetricType, processId },
    identity: '',
    keyId: entries.map(([key]) => key),
    value: entries.map(([, value]) => value),
  };
}

describe('a recorded file was folded', () => {
  const identity = 'fd:01:7';
  const isFolded = foldedSince(1000, {
    goneName: ['counter_1.db', 'counter_2.db', 'counter_3.db', 'counter_\xc3\xa9.db'],
    goneIdentity: [identity, identity, 'fd:01:8', identity],
    goneSeconds: Float64Array.of(1001, 900, 1001, 1001),
  });
  const cases: [title: string, name: string, expected: boolean][] = [
    ['if that was after it was recorded', 'counter_1.db', true],
    ['unless that was before: it is another file of the inode', 'counter_2.db', false],
    ['unless it was another one of the name', 'counter_3.db', false],
    ['whatever its name', 'counter_é.db', true],
  ];
  for (const [title, name, expected] of cases) {
    it(title, () => assert.equal(isFolded({ name, identity }), expected));
  }
  it('also if the exchange was a while after the manifest was written', () => {
    const gone = {
      goneName: ['counter_1.db'],
      goneIdentity: [identity],
      goneSeconds: Float64Array.of(999),
    };
    assert.equal(foldedSince(1000.5, gone)({ name: 'counter_1.db', identity }), true);
  });
});

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe('what is retained after a restart', () => {
  const used = seed();
  it(`makes no sum go back (seed ${used})`, () => {
    const value = fc.oneof(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true, max: 1e300 }),
      fc.constantFrom(0, 5e-324, Infinity),
    );
    const files = fc.array(fc.record({ value, isThere: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(files, value, (given, before) => {
        const all = given.map((file, i) => recorded(`${i}`, [[7, file.value]]));
        const retained = recorded('', [[7, before]]);
        const isThere = (file: RecordedFile) => given[Number(file.fileName.processId)]!.isThere;
        const values = retainedOf([...all, retained], isThere);
        const staying = given.flatMap((file) => (file.isThere ? [file.value] : []));
        const was = sumOf([...given.map((file) => file.value), before]);
        const now = sumOf(staying) + values.get(7)!;
        assert.ok(now >= was, `${was}, then ${now}`);
        assert.ok(now - was <= Math.max(was * 1e-12, 5e-324) || now === was, `${was}, then ${now}`);
      }),
      { seed: used, numRuns: 2_000 },
    );
  });

  it('leaves out what is no number, and has each key once', () => {
    const files = [
      recorded('1', [
        [1, 1],
        [2, Number.NaN],
        [1, 2],
      ]),
      recorded('', [
        [1, 4],
        [3, 5],
      ]),
    ];
    assert.deepEqual(
      [...retainedOf(files, () => false)],
      [
        [1, 7],
        [3, 5],
      ],
    );
    assert.deepEqual(
      [...retainedOf(files, () => true)],
      [
        [1, 4],
        [3, 5],
      ],
    );
  });

  const pairs: [was: [number, number][], now: [number, number][], expected: boolean][] = [
    [[[1, 1]], [[1, 1]], true],
    [
      [[1, 1]],
      [
        [1, 2],
        [2, 0],
      ],
      true,
    ],
    [[[1, 1]], [[1, 0.5]], false],
    [[[1, 1]], [[2, 1]], false],
    [[[1, Number.NaN]], [], true],
    [[[1, 1]], [[1, Number.NaN]], false],
    [[], [[1, 1]], true],
  ];
  for (const [was, now, expected] of pairs) {
    it(`${expected ? 'may be' : 'is not'} the file: ${JSON.stringify(was)}, then ${JSON.stringify(now)}`, () => {
      assert.equal(continues(recorded('1', was), recorded('1', now)), expected);
    });
  }
});

describe('addRetained', () => {
  const keys = { text: Buffer.from('[1][2]'), end: Uint32Array.of(3, 6) };
  const refused: [title: string, args: unknown[], expected: RegExp][] = [
    ['a file that does not exist', [1, keys, new Float64Array(2)], /no retained file has id 1/],
    ['too few values', [0, keys, new Float64Array(1)], /keys and values differ in length/],
    ['no texts', [0, undefined, new Float64Array(1)], /texts of keys/],
    [
      'texts that end too late',
      [0, { ...keys, end: Uint32Array.of(3, 7) }, new Float64Array(2)],
      /there is no text of each key/,
    ],
    ['no id', ['x', keys, new Float64Array(2)], /id of a retained file/],
  ];
  for (const [title, args, expected] of refused) {
    it(`refuses ${title}`, () => {
      const set = new FileSet(tempDirectory(), { mapLimit: 10, retainedFiles: 1 });
      try {
        assert.throws(() => set.addRetained(...(args as [number, never, never])), expected);
      } finally {
        set.close();
      }
    });
  }
});
