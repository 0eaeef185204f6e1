import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFileName } from '../../src/format/filename.js';
import { type Key, parseKey, type UnusableKey } from '../../src/format/key.js';
import { OPERATION } from '../../src/plan/operation.js';
import { type FamilySurvey, Plan, SLOT_NOWHERE } from '../../src/plan/plan.js';
import { atOnce } from '../../src/steps.js';

type Labels = Record<string, string>;
type EntrySketch = [family: string, sample: string, labels?: Labels, help?: unknown];
type FilesSketch = Record<string, EntrySketch[]>;

/**
 * A plan of files given as values. The survey and the order are made here the slow way; natively they
 * are two walks over columns.
 */
class PlanBench {
  readonly #keys: (Key | UnusableKey)[] = [];
  readonly plan = new Plan((id) => this.#keys[id]!);
  readonly #keyIds = new Map<string, number>();
  readonly #files = new Map<string, { id: number; keyId: Uint32Array; slot: Uint32Array }>();
  #nextId = 1;

  setFile(name: string, entries: EntrySketch[]): this {
    const id = this.#nextId++;
    const keyId = Uint32Array.from(entries, ([family, sample, labels = {}, help = 'help']) => {
      const text = JSON.stringify([family, sample, labels, help]);
      let key = this.#keyIds.get(text);
      if (key === undefined) {
        key = this.#keyIds.size;
        this.#keyIds.set(text, key);
        this.#keys.push(parseKey(Buffer.from(text)));
      }
      return key;
    });
    this.plan.addFile(id, parseFileName(name)!);
    atOnce(this.plan.admit(id, 0, keyId));
    this.#files.set(name, { id, keyId, slot: new Uint32Array(keyId.length) });
    return this;
  }

  removeFile(name: string): this {
    this.plan.removeFile(this.#files.get(name)!.id);
    this.#files.delete(name);
    return this;
  }

  file(name: string) {
    return this.plan.files.get(this.#files.get(name)!.id)!;
  }

  slots(name: string): number[] {
    return [...this.#files.get(name)!.slot];
  }

  layOut() {
    const files = [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
    atOnce(this.plan.define(this.#survey(files)));
    const order: number[] = [];
    for (const file of files) {
      const operation = new Uint8Array(file.keyId.length);
      atOnce(this.plan.fillRows(file.id, 0, file.keyId, file.slot, operation, 0));
      for (const slot of file.slot) {
        if (slot !== SLOT_NOWHERE && !order.includes(slot)) order.push(slot);
      }
    }
    return atOnce(this.plan.layOut(Uint32Array.from(order)));
  }

  /** The series in output order, as `name{label="value",…}`. */
  lines(): string[] {
    return this.layOut().families.flatMap(({ series }) =>
      series.map(({ sampleName, labels }) => {
        const pairs = labels.map(([name, value]) => `${name}="${value}"`);
        return pairs.length === 0 ? sampleName : `${sampleName}{${pairs.join(',')}}`;
      }),
    );
  }

  #survey(files: { id: number; keyId: Uint32Array }[]): FamilySurvey {
    const column = () => new Int32Array(this.plan.familyCount).fill(-1);
    const survey = {
      firstRank: column(),
      firstFile: column(),
      firstEntry: column(),
      firstKey: column(),
      lastFile: column(),
      firstModeFile: column(),
      lastModeFile: column(),
    };
    for (const [rank, { id, keyId }] of files.entries()) {
      for (const [entry, key] of keyId.entries()) {
        const family = this.plan.familyOfKey[key]!;
        if (family < 0) continue;
        if (survey.firstRank[family]! < 0) {
          survey.firstRank[family] = rank;
          survey.firstFile[family] = id;
          survey.firstEntry[family] = entry;
          survey.firstKey[family] = key;
        }
        survey.lastFile[family] = id;
        if (this.plan.files.get(id)!.name.type !== 'gauge') continue;
        if (survey.firstModeFile[family]! < 0) survey.firstModeFile[family] = id;
        survey.lastModeFile[family] = id;
      }
    }
    return survey;
  }
}

function plan(files: FilesSketch): PlanBench {
  const bench = new PlanBench();
  for (const [name, entries] of Object.entries(files)) bench.setFile(name, entries);
  return bench;
}

describe('the plan', () => {
  const cases: [string, FilesSketch, string[]][] = [
    [
      'gives one series to a counter of two processes',
      { 'counter_1.db': [['c', 'c_total']], 'counter_2.db': [['c', 'c_total']] },
      ['c_total'],
    ],
    [
      'gives each process its own series in mode all, with its id kept whole',
      { 'gauge_all_1.db': [['g', 'g']], 'gauge_all_worker_2.db': [['g', 'g']] },
      ['g{pid="1"}', 'g{pid="worker_2"}'],
    ],
    [
      'drops a label pid of the application in the modes that merge processes',
      { 'gauge_max_1.db': [['g', 'g', { pid: 'x', a: 'b' }]] },
      ['g{a="b"}'],
    ],
    [
      'keeps a label pid of the application in counters',
      { 'counter_1.db': [['c', 'c_total', { pid: '900' }]] },
      ['c_total{pid="900"}'],
    ],
    [
      'prints two series once that differ only in a label pid of the application, in mode all',
      {
        'gauge_all_1.db': [
          ['g', 'g', { pid: 'x' }],
          ['g', 'g', { pid: 'y' }],
        ],
      },
      ['g{pid="1"}'],
    ],
    [
      'lets the last gauge file decide the mode for all files',
      { 'gauge_all_1.db': [['g', 'g']], 'gauge_sum_1.db': [['g', 'g']] },
      ['g'],
    ],
    [
      'lets the first file decide the type, and then keeps the pid of gauge files',
      { 'counter_1.db': [['x', 'x']], 'gauge_max_2.db': [['x', 'x']] },
      ['x', 'x{pid="2"}'],
    ],
    [
      'puts buckets of all processes in ascending order and the count after them',
      {
        'histogram_1.db': [
          ['h', 'h_sum'],
          ['h', 'h_bucket', { le: '+Inf' }],
          ['h', 'h_bucket', { le: '10.0' }],
        ],
        'histogram_2.db': [
          ['h', 'h_sum'],
          ['h', 'h_bucket', { le: '2.5' }],
        ],
      },
      ['h_sum', 'h_bucket{le="2.5"}', 'h_bucket{le="10.0"}', 'h_bucket{le="+Inf"}', 'h_count'],
    ],
    [
      'reads bounds as numbers: four spellings are one bucket',
      {
        'histogram_1.db': ['1', '1.0', '01.00', '1e0'].map((le) => ['h', 'h_bucket', { le }]),
      },
      ['h_bucket{le="1.0"}', 'h_count'],
    ],
    [
      'groups the samples of a label set, in first-seen order',
      {
        'summary_1.db': [
          ['s', 's_count', { a: '1' }],
          ['s', 's_count', { a: '2' }],
          ['s', 's_sum', { a: '1' }],
          ['s', 's_sum', { a: '2' }],
        ],
      },
      ['s_count{a="1"}', 's_sum{a="1"}', 's_count{a="2"}', 's_sum{a="2"}'],
    ],
    [
      'leaves a stored count in its place and fills it from the buckets',
      {
        'histogram_1.db': [
          ['h', 'h_count'],
          ['h', 'h_sum'],
          ['h', 'h_bucket', { le: '1.0' }],
        ],
      },
      ['h_count', 'h_sum', 'h_bucket{le="1.0"}'],
    ],
    [
      'makes no count where there are no buckets',
      { 'histogram_1.db': [['h', 'h_sum']] },
      ['h_sum'],
    ],
    [
      'takes le for a plain label outside histograms',
      { 'counter_1.db': [['c', 'c_total', { le: 'none' }]] },
      ['c_total{le="none"}'],
    ],
    [
      'sorts label names by code point, the pid among them',
      { 'gauge_all_1.db': [['g', 'g', { z: '', a: '', '\u{1f600}': '', '\uffee': '' }]] },
      ['g{a="",pid="1",z="",\uffee="",\u{1f600}=""}'],
    ],
  ];
  for (const [title, files, expected] of cases) {
    it(title, () => assert.deepEqual(plan(files).lines(), expected));
  }

  it('leaves out an entry whose bound is not a number, and says which', () => {
    const bench = plan({
      'histogram_1.db': [
        ['h', 'h_bucket', { le: 'much' }],
        ['h', 'h_sum'],
      ],
    });
    assert.deepEqual(bench.lines(), ['h_sum']);
    assert.deepEqual(bench.slots('histogram_1.db')[0], SLOT_NOWHERE);
    assert.deepEqual(bench.file('histogram_1.db').unusable, [
      { entry: 0, fault: 'le', found: 'le "much" is not a number' },
    ]);
  });

  it('treats entries of other files as never set in a mostrecent family, without reporting them', () => {
    const bench = plan({ 'gauge_mostrecent_1.db': [['g', 'g']], 'summary_1.db': [['g', 'g']] });
    assert.deepEqual(bench.lines(), ['g']);
    assert.deepEqual(bench.slots('summary_1.db'), [SLOT_NOWHERE]);
    assert.deepEqual(bench.file('summary_1.db').unusable, []);
  });

  it('counts an entry in every file that has the unusable key', () => {
    const bad: EntrySketch = ['c', '', {}];
    const bench = plan({ 'counter_1.db': [bad], 'counter_2.db': [bad, ['c', 'c_total']] });
    assert.deepEqual(bench.lines(), ['c_total']);
    assert.equal(bench.file('counter_1.db').unusable.length, 1);
    assert.equal(bench.file('counter_2.db').unusable.length, 1);
  });

  it('takes help and type from whichever file is first now', () => {
    const bench = plan({
      'counter_1.db': [['x', 'x', {}, 'of the first']],
      'histogram_2.db': [['x', 'x', {}, 'of the second']],
    });
    assert.deepEqual(
      bench.layOut().families.map(({ type, help }) => [type, help]),
      [['counter', 'of the first']],
    );
    bench.removeFile('counter_1.db');
    assert.deepEqual(
      bench.layOut().families.map(({ type, help }) => [type, help]),
      [['histogram', 'of the second']],
    );
  });

  it('gives a family new slots when its mode changes', () => {
    const bench = plan({ 'gauge_all_1.db': [['g', 'g']] });
    assert.deepEqual(bench.lines(), ['g{pid="1"}']);
    bench.setFile('gauge_max_1.db', [['g', 'g']]);
    assert.deepEqual(bench.lines(), ['g']);
    bench.removeFile('gauge_max_1.db');
    assert.deepEqual(bench.lines(), ['g{pid="1"}']);
  });

  it('keeps the slots of a histogram that gets a new bound', () => {
    const bench = plan({ 'histogram_1.db': [['h', 'h_bucket', { le: '5.0' }]] });
    bench.layOut();
    const [before] = bench.slots('histogram_1.db');
    bench.setFile('histogram_2.db', [['h', 'h_bucket', { le: '1.0' }]]);
    assert.deepEqual(bench.lines(), ['h_bucket{le="1.0"}', 'h_bucket{le="5.0"}', 'h_count']);
    assert.equal(bench.slots('histogram_1.db')[0], before);
  });

  it('keeps the layout object of a family that did not change', () => {
    const bench = plan({
      'counter_1.db': [
        ['a', 'a_total'],
        ['b', 'b_total'],
      ],
    });
    const [a, b] = bench.layOut().families;
    bench.setFile('counter_2.db', [['b', 'b_total', { new: 'label' }]]);
    const [laterA, laterB] = bench.layOut().families;
    assert.equal(laterA, a);
    assert.notEqual(laterB, b);
  });

  it('keeps the whole layout object when a file shows nothing new, and no longer than that', () => {
    const bench = plan({ 'counter_1.db': [['a', 'a_total']] });
    const layout = bench.layOut();
    bench.setFile('counter_2.db', [['a', 'a_total']]);
    assert.equal(bench.layOut(), layout);
    bench.removeFile('counter_2.db');
    assert.equal(bench.layOut(), layout);
    bench.setFile('gauge_max_1.db', [['b', 'b']]);
    const larger = bench.layOut();
    assert.notEqual(larger, layout);
    bench.removeFile('gauge_max_1.db');
    const smaller = bench.layOut();
    assert.equal(smaller.families.length, 1);
    assert.equal(smaller.slotCount, larger.slotCount);
  });

  it('reports a family of two types and one of two modes', () => {
    const bench = plan({
      'counter_1.db': [['x', 'x']],
      'gauge_max_1.db': [
        ['x', 'x'],
        ['g', 'g'],
      ],
      'gauge_min_1.db': [['g', 'g']],
    });
    bench.layOut();
    assert.deepEqual(
      [...bench.plan.conflicts()].map(({ family, found }) => `${family} ${found}`),
      [
        'x is a counter in some files and a gauge in others; served as counter',
        'g has mode max in some files and min in others; served as min',
      ],
    );
  });

  it('says which slots are buckets and where the count goes', () => {
    const layout = plan({
      'histogram_1.db': [
        ['h', 'h_bucket', { le: '+Inf' }],
        ['h', 'h_bucket', { le: '1.0' }],
        ['h', 'h_sum'],
      ],
    }).layOut();
    assert.deepEqual([...layout.bucketSlot], [2, 1]);
    assert.deepEqual([...layout.bucketEnd], [2]);
    assert.deepEqual([...layout.countSlot], [4]);
    assert.equal(layout.slotCount, 5);
  });

  it('joins by the operation of the family in every file', () => {
    const bench = plan({ 'gauge_max_1.db': [['g', 'g']], 'gauge_min_1.db': [['g', 'g']] });
    bench.layOut();
    const operation = new Uint8Array(1);
    atOnce(bench.plan.fillRows(1, 0, Uint32Array.of(0), new Uint32Array(1), operation, 0));
    assert.equal(operation[0], OPERATION.min);
  });

  // Their rows are copied where they must be the same.
  const ALIKE: EntrySketch[] = [
    ['c', 'c_total', { a: '1' }],
    ['c', 'c_total', { a: '2' }],
  ];
  it('gives files with the same keys the same slots', () => {
    const bench = plan({
      'counter_1.db': ALIKE,
      'counter_2.db': ALIKE,
      'counter_3.db': [...ALIKE].reverse(),
      'counter_4.db': [...ALIKE].reverse(),
    });
    bench.layOut();
    const slots = [1, 2, 3, 4].map((n) => bench.slots(`counter_${n}.db`));
    assert.deepEqual(slots, [
      [1, 2],
      [1, 2],
      [2, 1],
      [2, 1],
    ]);
  });

  it('gives gauge files with the same keys slots of their own where the process counts', () => {
    const bench = plan({ 'gauge_all_1.db': [['g', 'g']], 'gauge_all_2.db': [['g', 'g']] });
    assert.deepEqual(bench.lines(), ['g{pid="1"}', 'g{pid="2"}']);
  });

  it('notes a flaw in each of the files with the same keys', () => {
    const flawed: EntrySketch[] = [['h', 'h_bucket', { le: 'x' }]];
    const bench = plan({ 'histogram_1.db': flawed, 'histogram_2.db': flawed });
    bench.layOut();
    for (const n of [1, 2]) assert.equal(bench.file(`histogram_${n}.db`).unusable.length, 1);
  });
});
