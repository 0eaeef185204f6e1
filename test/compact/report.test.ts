/** What a report says, as text on a terminal and as JSON. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportLines } from '../../src/cli/compact.js';
import { candidatesOf } from '../../src/compact/candidates.js';
import { type CompactionReport, compactionPlan } from '../../src/compact/report.js';
import { requestFor } from '../../src/compact/request.js';
import type { Reading } from '../../src/inspect/reading.js';
import { atOnce, type Steps } from '../../src/steps.js';
import { type MadeFile, makeReading, NOW } from '../inspect/make-reading.js';

const one = (name: string): MadeFile => ({ entries: [{ name }] });

const files: Record<string, MadeFile> = {
  'counter_-promfold-18ecca8533e550d3.db': one('a'),
  'counter_1.db': one('a'),
  'counter_2.db': { entries: [{ name: 'a' }, { name: 'b' }] },
  'counter_3.db': one('a'),
  'counter_4.db': { ...one('a'), fault: 'FILE_CORRUPT' },
  'gauge_all_1.db': one('c'),
  'gauge_all_2.db': one('c'),
  'gauge_min_1.db': { entries: [{ name: 'd', rawKey: '["d","d",{}]' }], valueBytes: 8 },
  'notes.db': {},
  'summary_5.db': one('e'),
};
const reading = makeReading(files, { 1: 'dead', 2: 'dead', 3: 'alive', 4: 'dead' });
const planOf = (of: Reading) =>
  atOnce(compactionPlan(of, atOnce(candidatesOf(of, { olderThanSeconds: 0 }))));
const plan = planOf(reading);
const dry: CompactionReport = { ...plan, applied: false };

describe('the report of a compaction', () => {
  it('is a table that fits 80 columns', () => {
    const lines = reportLines(dry, 80);
    assert.deepEqual(lines, [
      '        KIND       FILES  ENTRIES    DISK',
      'fold    counter        3        4  12 KiB  into 2 entries, 1 archive among them',
      'fold    gauge min      1        1   4 KiB  into 1 entry, of an older client',
      'remove  gauge all      2        2   8 KiB  gauges of dead processes',
      'keep                   1            4 KiB  its process is alive',
      'keep                   1            4 KiB  whether its process is alive cannot',
      '                                           be seen (such as summary_5.db)',
      'keep                   1            4 KiB  it is damaged (such as counter_4.db)',
      'keep                   1            4 KiB  no client writes a file of this name',
      '                                           (such as notes.db)',
      '/run/prom: 10 files would become 6, and 16 KiB free; nothing was changed:',
      '--apply does it',
    ]);
    for (const line of lines) assert.ok(line.length <= 80, line);
  });

  it('tells of files without entries that they are removed', () => {
    const two = makeReading({ 'counter_1.db': {}, 'summary_1.db': {} }, { 1: 'dead' });
    const { folded, removed, filesAfter } = planOf(two);
    const row = { kind: 'empty', files: 2, entries: 0, diskBytes: 8192 };
    assert.deepEqual(
      { folded, removed, filesAfter },
      { folded: [], removed: [row], filesAfter: 0 },
    );
  });

  it('has one shape in JSON', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(dry)), {
      path: '/run/prom',
      takenAtSeconds: NOW,
      folded: [
        {
          kind: 'counter',
          keyForm: 'current',
          valueBytes: 16,
          archives: 1,
          files: 3,
          entries: 4,
          diskBytes: 12_288,
          archiveEntries: 2,
          archiveBytes: 136,
        },
        {
          kind: 'gauge min',
          keyForm: 'without help',
          valueBytes: 8,
          archives: 0,
          files: 1,
          entries: 1,
          diskBytes: 4_096,
          archiveEntries: 1,
          archiveBytes: 64,
        },
      ],
      removed: [{ kind: 'gauge all', files: 2, entries: 2, diskBytes: 8_192 }],
      kept: [
        { reason: 'alive', files: 1, diskBytes: 4_096, example: 'counter_3.db' },
        { reason: 'unknown', files: 1, diskBytes: 4_096, example: 'summary_5.db' },
        { reason: 'damaged', files: 1, diskBytes: 4_096, example: 'counter_4.db' },
        { reason: 'unrecognised', files: 1, diskBytes: 4_096, example: 'notes.db' },
      ],
      files: 10,
      filesAfter: 6,
      freedBytes: 16_384,
      applied: false,
    });
  });

  const outcome = {
    folded: 4,
    removed: 2,
    freedBytes: 16_384,
    archives: [
      { name: 'counter_-promfold-18ecca8533e550d4.db', entries: 2, diskBytes: 4_096 },
      { name: 'gauge_min_-promfold-18ecca8533e550d4.db', entries: 1, diskBytes: 4_096 },
    ],
    passes: 1,
    carried: 0,
    undone: 0,
    rounded: 0,
    recovered: false,
  };
  const nothing = { ...outcome, folded: 0, removed: 0, freedBytes: 0, archives: [], passes: 0 };
  const none = { folded: [], removed: [], filesAfter: 10 };
  const cases: [title: string, report: Partial<CompactionReport>, last: RegExp][] = [
    [
      'what was done',
      { applied: true, outcome },
      /: 4 files folded into 2 archives, 2 removed, 16 KiB freed$/,
    ],
    [
      'what was put in order',
      { applied: true, outcome: { ...outcome, recovered: true } },
      /freed; what an interrupted one left was put in order$/,
    ],
    ['that there is nothing to do', { ...none }, /: nothing to compact$/],
    [
      'that only leftovers were put in order',
      { ...none, applied: true, outcome: { ...nothing, recovered: true } },
      /: what an interrupted one left was put in order; nothing to compact$/,
    ],
    [
      'that it was refused',
      {
        applied: true,
        outcome: nothing,
        refused: { code: 'lock', found: '', advice: '', isFinal: true },
      },
      /: nothing was changed$/,
    ],
  ];
  for (const [title, rest, last] of cases) {
    it(`says ${title}`, () => {
      assert.match(reportLines({ ...dry, ...rest }, Number.POSITIVE_INFINITY).at(-1)!, last);
    });
  }
});

it('what is asked for and reported is made in steps of few entries', () => {
  const entries = Array.from({ length: 40_000 }, (_, i) => ({ name: 'a', labels: { i: `${i}` } }));
  const many = makeReading({ 'counter_1.db': { entries } }, { 1: 'dead' });
  const candidates = atOnce(candidatesOf(many, { olderThanSeconds: 0 }));
  const request = { readersStopped: false, isDryRun: true, graceSeconds: 0 };
  assert.ok(countSteps(requestFor(many, candidates, request)) > 3);
  assert.ok(countSteps(compactionPlan(many, candidates)) > 2);
});

function countSteps(steps: Steps<unknown>): number {
  let count = 0;
  while (steps.next().done !== true) count++;
  return count;
}
