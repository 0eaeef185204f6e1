/** Which files a compaction takes, by the words of their names, by their processes and by what is in them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { candidatesOf, REMOVED } from '../../src/compact/candidates.js';
import { isPlanned, planReading } from '../../src/inspect/plan-reading.js';
import { atOnce } from '../../src/steps.js';
import { type MadeEntry, type MadeFile, makeReading, NOW } from '../inspect/make-reading.js';

const ALL = { olderThanSeconds: 0 };

const one = (name: string, rest: Partial<MadeEntry> = {}): MadeFile => ({
  entries: [{ name, value: 1, ...rest }],
});

/** What becomes of each file: its group in words, `removed`, or the reason why it is kept. */
function fates(
  files: Readonly<Record<string, MadeFile>>,
  writers: Parameters<typeof makeReading>[1] = {},
  options: Parameters<typeof candidatesOf>[1] = ALL,
): Record<string, string> {
  const { groups, candidates, kept } = atOnce(candidatesOf(makeReading(files, writers), options));
  const found = new Map<string, string>(kept.map(({ file, reason }) => [file.name, reason]));
  for (const { file, group } of candidates) {
    const { prefix = '', keyForm, valueBytes } = groups[group] ?? {};
    const words = `${prefix} ${keyForm} ${valueBytes}`;
    found.set(file.name, group === REMOVED ? 'removed' : words);
  }
  return Object.fromEntries(found);
}

describe('a file of a dead process', () => {
  const cases: [name: string, expected: string][] = [
    ['counter_1.db', 'counter current 16'],
    ['histogram_1.db', 'histogram current 16'],
    ['summary_1.db', 'summary current 16'],
    ['counter_worker_1.db', 'counter current 16'],
    ['gauge_min_1.db', 'gauge_min current 16'],
    ['gauge_max_1.db', 'gauge_max current 16'],
    ['gauge_sum_1.db', 'gauge_sum current 16'],
    ['gauge_mostrecent_1.db', 'gauge_mostrecent current 16'],
    ['gauge_all_1.db', 'removed'],
    ['gauge_liveall_1.db', 'removed'],
    ['gauge_livemin_1.db', 'removed'],
    ['gauge_livemax_1.db', 'removed'],
    ['gauge_livesum_1.db', 'removed'],
    ['gauge_livemostrecent_1.db', 'removed'],
    ['gauge_median_1.db', 'kind'],
    ['info_1.db', 'kind'],
    ['untyped_1.db', 'kind'],
    ['notes.db', 'unrecognised'],
  ];
  for (const [name, expected] of cases) {
    it(`${name}: ${expected}`, () => {
      const writers = { 1: 'dead', worker_1: 'dead' } as const;
      assert.equal(fates({ [name]: one('a') }, writers)[name], expected);
    });
  }

  it('is read once more where it has no entry', () =>
    assert.deepEqual(fates({ 'counter_1.db': {} }, { 1: 'dead' }), {
      'counter_1.db': 'counter empty 16',
    }));
});

describe('what is not certainly dead stays', () => {
  const cases: [title: string, file: MadeFile, writer: object | string, expected: string][] = [
    ['alive', one('a'), 'alive', 'alive'],
    ['unknown', one('a'), 'unknown', 'unknown'],
    [
      'the file of an earlier process with the id of a living one goes',
      { ...one('a'), identity: 'fd:01:7' },
      { liveness: 'alive', abandoned: ['fd:01:7'] },
      'counter current 16',
    ],
    [
      'another file of such a process stays',
      one('a'),
      { liveness: 'alive', abandoned: ['fd:01:7'] },
      'alive',
    ],
    ['damaged', { ...one('a'), fault: 'FILE_CORRUPT' }, 'dead', 'damaged'],
    ['empty for long', { fault: 'FILE_EMPTY' }, 'dead', 'damaged'],
    ['unreadable', { ...one('a'), fault: 'FILE_UNREADABLE' }, 'dead', 'unreadable'],
    ['a link of another owner', { fault: 'LINK_TO_OTHER_OWNER' }, 'dead', 'unreadable'],
    ['over budget, so not known', { fault: 'BUDGET_EXCEEDED' }, 'dead', 'unreadable'],
    ['no inode, so not known', { ...one('a'), identity: '' }, 'dead', 'unreadable'],
    [
      'a key that cannot be used',
      { entries: [{ name: 'a' }, { name: 'b', rawKey: '["b"]' }] },
      'dead',
      'unusable-key',
    ],
    [
      'keys of two clients',
      { entries: [{ name: 'a' }, { name: 'b', rawKey: '["b","b_total",{}]' }] },
      'dead',
      'mixed-keys',
    ],
  ];
  for (const [title, file, writer, expected] of cases) {
    it(title, () => {
      const found = fates({ 'counter_1.db': file }, { 1: writer as 'dead' });
      assert.deepEqual(found, { 'counter_1.db': expected });
    });
  }

  it('a bucket whose bound is not a number', () => {
    const bucket = { name: 'h', sampleName: 'h_bucket', labels: { le: 'x' } };
    assert.deepEqual(fates({ 'histogram_1.db': { entries: [bucket] } }, { 1: 'dead' }), {
      'histogram_1.db': 'unusable-key',
    });
  });
});

describe('files of four formats', () => {
  const rawOf = (form: string) => (form === 'lists' ? '["a","a",[],[]]' : '["a","a_total",{}]');
  it('make an archive each', () => {
    const dead = { 1: 'dead', 2: 'dead', 3: 'dead', 4: 'dead', 5: 'dead' } as const;
    const file = (rawKey: string | undefined, valueBytes: 8 | 16): MadeFile => ({
      entries: [{ name: 'a', ...(rawKey !== undefined && { rawKey }) }],
      valueBytes,
    });
    const found = fates(
      {
        'counter_1.db': file(rawOf('lists'), 8),
        'counter_2.db': file(rawOf('without help'), 8),
        'counter_3.db': file(undefined, 8),
        'counter_4.db': file(undefined, 16),
        'counter_5.db': file(undefined, 16),
      },
      dead,
    );
    assert.deepEqual(found, {
      'counter_1.db': 'counter lists 8',
      'counter_2.db': 'counter without help 8',
      'counter_3.db': 'counter current 8',
      'counter_4.db': 'counter current 16',
      'counter_5.db': 'counter current 16',
    });
  });
});

describe('a family about which files disagree', () => {
  const dead = { 1: 'dead', 2: 'alive' } as const;
  const cases: [title: string, files: Record<string, MadeFile>, expected: string][] = [
    ['type', { 'counter_1.db': one('a'), 'summary_2.db': one('a') }, 'conflict'],
    ['mode', { 'gauge_max_1.db': one('a'), 'gauge_min_2.db': one('a') }, 'conflict'],
    [
      'help',
      { 'counter_1.db': one('a'), 'counter_2.db': one('a', { help: 'another' }) },
      'conflict',
    ],
    [
      'help that an older client does not have',
      {
        'counter_1.db': one('a'),
        'counter_2.db': { entries: [{ name: 'a', rawKey: '["a","a_total",{}]' }], valueBytes: 8 },
      },
      'counter current 16',
    ],
  ];
  for (const [title, files, expected] of cases) {
    it(`by ${title}: ${expected}`, () => {
      assert.equal(fates(files, dead)[Object.keys(files)[0]!], expected);
    });
  }

  it('does not keep files of other families', () => {
    const files = {
      'counter_1.db': one('a'),
      'counter_3.db': one('b'),
      'summary_2.db': one('a'),
    };
    assert.equal(fates(files, { ...dead, 3: 'dead' })['counter_3.db'], 'counter current 16');
  });
});

describe('an archive', () => {
  const archive = 'counter_-promfold-0000018f3a5b7c91.db';
  it('is folded again with a file of its kind', () =>
    assert.deepEqual(fates({ [archive]: one('a'), 'counter_1.db': one('a') }, { 1: 'dead' }), {
      [archive]: 'counter current 16',
      'counter_1.db': 'counter current 16',
    }));
  it('and with a second archive of it', () => {
    const second = 'counter_-promfold-0000018f3a5b7c92.db';
    assert.deepEqual(Object.values(fates({ [archive]: one('a'), [second]: one('a') })), [
      'counter current 16',
      'counter current 16',
    ]);
  });
  it('but not alone', () => {
    const files = { [archive]: one('a'), 'summary_1.db': one('b') };
    assert.equal(fates(files, { 1: 'dead' })[archive], 'archive');
  });
  it('and not with the files of the living', () => {
    const files = { [archive]: one('a'), 'counter_1.db': one('a') };
    assert.equal(fates(files, { 1: 'alive' })[archive], 'archive');
  });
});

describe('--older-than', () => {
  const at = (ageSeconds: number): MadeFile => ({ ...one('a'), modifiedSeconds: NOW - ageSeconds });
  const older = { olderThanSeconds: 600 };
  it('keeps what wrote less long ago', () =>
    assert.deepEqual(
      fates({ 'counter_1.db': at(599), 'counter_2.db': at(600) }, { 1: 'dead', 2: 'dead' }, older),
      { 'counter_1.db': 'recent', 'counter_2.db': 'counter current 16' },
    ));
  it('counts from the last file of a process', () =>
    assert.deepEqual(
      fates({ 'counter_1.db': at(9000), 'summary_1.db': at(10) }, { 1: 'dead' }, older),
      { 'counter_1.db': 'recent', 'summary_1.db': 'recent' },
    ));
  it('takes only the processes that are named', () =>
    assert.deepEqual(
      fates(
        { 'counter_1.db': one('a'), 'counter_2.db': one('a') },
        { 1: 'dead', 2: 'dead' },
        { olderThanSeconds: 0, processIds: new Set(['2']) },
      ),
      { 'counter_1.db': 'recent', 'counter_2.db': 'counter current 16' },
    ));
});

it('candidates are found in steps that read few keys each', () => {
  const entries = Array.from({ length: 1_000 }, (_, i) => ({ name: `a${i}` }));
  const reading = makeReading(
    { 'counter_1.db': { entries }, 'counter_2.db': { entries: entries.slice(500) } },
    { 1: 'dead', 2: 'dead' },
  );
  // The index of the reading is made before, as that of a daemon.
  const structure = planReading(reading.files.filter(isPlanned), reading.keys);
  atOnce(structure.prepare());
  let reads = 0;
  const keys = {
    size: reading.keys.size,
    read: (id: number) => {
      reads++;
      return reading.keys.read(id);
    },
  };
  const steps = candidatesOf({ ...reading, keys, structure }, ALL);
  let most = 0;
  for (let isDone = false; !isDone; reads = 0) {
    isDone = steps.next().done === true;
    most = Math.max(most, reads);
  }
  assert.ok(most > 0 && most <= 65, String(most));
});
