import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from '../../src/inspect/check.js';
import { viewEntries } from '../../src/inspect/entries.js';
import { explain } from '../../src/inspect/explain/explain.js';
import type { Reading } from '../../src/inspect/reading.js';
import { Selector } from '../../src/inspect/selector.js';
import { indexOf, SeriesIndex } from '../../src/inspect/series-index.js';
import { SeriesStructure } from '../../src/inspect/series-structure.js';
import { atOnce } from '../../src/steps.js';
import { makeReading, NOW } from './make-reading.js';

/** The same files and keys each time, with other values. */
function readingOf(value: number): Reading {
  const bucket = (le: string) => ({
    name: 'seconds',
    sampleName: 'seconds_bucket',
    labels: { le },
    value,
  });
  return makeReading(
    {
      'counter_1.db': {
        entries: [
          { name: 'jobs', value },
          { name: 'jobs', labels: { kind: 'a' }, value: 2 * value },
          { name: 'broken', rawKey: '[' },
        ],
      },
      'counter_2.db': { entries: [{ name: 'jobs', value: 1 }] },
      'counter_3.db': { entries: [{ name: 'jobs', value: 1_000 }], fault: 'FILE_CORRUPT' },
      'gauge_livesum_1.db': { entries: [{ name: 'busy', value, timestampSeconds: NOW - value }] },
      'gauge_mostrecent_2.db': {
        entries: [{ name: 'since', value, timestampSeconds: NOW - 1_000 * value }],
      },
      'histogram_1.db': { entries: [bucket('1'), bucket('+Inf')] },
      'histogram_2.db': { entries: [bucket('2'), bucket('+Inf')] },
    },
    { 1: 'dead', 2: 'alive' },
  );
}

const views = (reading: Reading) =>
  JSON.stringify([
    check(reading),
    ...['jobs_total', 'busy', 'since', 'seconds', '{kind="a"}'].map((selector) => {
      const { series, histograms } = explain(reading, new Selector(selector));
      return [[...series], [...histograms]];
    }),
    viewEntries(reading, new Selector('jobs_total'), 0).files.map(({ file, entries }) => [
      file,
      [...entries],
    ]),
  ]);

describe('the structure of a reading', () => {
  it('gives the values of any reading with the same files and keys', () => {
    const { structure } = indexOf(readingOf(1));
    for (const value of [1, 3, 0]) {
      const alone = readingOf(value);
      assert.equal(views({ ...alone, structure }), views(alone), String(value));
    }
  });

  it('may be made in steps, before a view asks for it', () => {
    const alone = readingOf(2);
    const { structure } = indexOf(readingOf(1));
    atOnce(structure.prepare());
    const { families, places } = structure;
    assert.equal(views({ ...alone, structure }), views(alone));
    assert.deepEqual([structure.families === families, structure.places === places], [true, true]);
  });

  it('is made once for all views of a reading', () => {
    const reading = readingOf(1);
    assert.equal(indexOf(reading), indexOf(reading));
  });

  it('may leave out files, which then count for nothing', () => {
    const all = readingOf(5);
    const { structure } = indexOf({ ...all, files: all.files.filter((_, i) => i !== 1) });
    const planned = [0, 3, 4, 5, 6].map((i) => all.files[i]!);
    const reading = { ...all, structure: new SeriesStructure(structure.parts), planned };
    const [jobs] = explain(reading, new Selector('jobs_total')).series;
    assert.deepEqual([jobs!.value, jobs!.shares.length], [5, 1]);
  });

  it('is refused with other files', () => {
    const { structure } = indexOf(readingOf(1));
    const { files, keys } = makeReading({ 'counter_1.db': { entries: [{ name: 'jobs' }] } });
    assert.throws(() => new SeriesIndex({ files, keys, structure }), /of other files/);
  });
});
