/** The columns of src/native.ts: the values of one moment, and what is done with them later. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Collected,
  compareColumns,
  createPage,
  createTemplate,
  type EntryRows,
  type EntryValues,
  hasValue,
  INCREASE_CLASS,
  INCREASE_CLASSES,
  type Page,
  printColumns,
  releaseColumns,
  type ValueColumns,
} from '../src/native.js';
import { LivePlan, type LivePlanOptions } from '../src/scrape/directory/live-plan.js';
import { pageOf } from '../src/scrape/page/page-templates.js';
import { atOnce } from '../src/steps.js';
import { TEXT } from './support/dialect.js';
import {
  counter,
  double,
  gauge,
  int32,
  overwrite,
  type TestEntry,
  writeMetricFile,
} from './support/metric-file.js';
import { tempDirectory } from './support/temp.js';

/** Of V8, while moments of 100 MB are taken, and released, eight times. */
const MOST_COLLECTIONS = 2;

let live: LivePlan | undefined;
afterEach(() => live?.close());

const bucket = (le: string, value: number): TestEntry => ({
  family: 'took',
  sampleName: 'took_bucket',
  labels: { le },
  value,
});

/** Every way in which values join, a NaN that is a value, and a gauge that was never set. */
function writeFiles(directory: string): void {
  for (const [pid, value] of [2, 3].entries()) {
    const write = (kind: string, entries: readonly TestEntry[]) =>
      writeMetricFile(join(directory, `${kind}_${pid}.db`), entries);
    write('counter', [counter('jobs', value, { queue: 'a' }), counter('jobs', -0, { queue: 'b' })]);
    write('gauge_max', [gauge('peak', value)]);
    write('gauge_sum', [gauge('unknown', Number.NaN)]);
    write('gauge_mostrecent', [gauge('latest', value, 100 + pid), gauge('unset', 0)]);
    write('histogram', [bucket('1.0', 1), bucket('2.0', value), bucket('+Inf', 1)]);
  }
}

async function open(directory: string, options?: LivePlanOptions): Promise<LivePlan> {
  live = new LivePlan(directory, 10, options);
  await live.update();
  return live;
}

function pageFor(of: LivePlan): Page {
  return atOnce(pageOf(of.layout, { dialect: TEXT })).page;
}

async function collect(of: LivePlan, pages: readonly Page[] = []) {
  const collected = await of.files.set.collect({ pages, tail: 0, columns: true });
  return collected as Collected & { readonly columns: ValueColumns };
}

/** `file key` of each entry, in order. */
function entryNames(of: LivePlan, rows: EntryRows): string[] {
  const { text, end } = of.files.set.keyTexts(0, 1000, 1 << 20);
  const keys = [...end].map((to, i) => String(Buffer.from(text.subarray(end[i - 1] ?? 0, to))));
  return [...rows.fileId].flatMap((id, i) =>
    [...rows.keyId.subarray(rows.entryEnd[i - 1] ?? 0, rows.entryEnd[i])].map(
      (keyId) => `${basename(of.files.files.get(id)!.path)} ${JSON.parse(keys[keyId]!)[1]}`,
    ),
  );
}

describe('the columns of a moment', () => {
  it('have the values of every entry, and of every slot what is printed', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    const { bodies, columns } = await collect(of, [pageFor(of)]);
    const rows = await of.files.set.rows();
    for (const name of ['fileId', 'generation', 'entryEnd'] as const) {
      assert.deepEqual(rows[name], columns[name], name);
    }
    const named = entryNames(of, rows).map((name, i) => `${name} ${columns.value[i]}`);
    assert.deepEqual(
      named.filter((name) => name.startsWith('counter_') || name.startsWith('gauge_most')),
      [
        'counter_0.db jobs_total 2',
        'counter_0.db jobs_total 0',
        'counter_1.db jobs_total 3',
        'counter_1.db jobs_total 0',
        'gauge_mostrecent_0.db latest 2',
        'gauge_mostrecent_0.db unset 0',
        'gauge_mostrecent_1.db latest 3',
        'gauge_mostrecent_1.db unset 0',
      ],
    );
    const times = [...columns.timestampSeconds].filter((seconds) => seconds > 0);
    assert.equal(columns.timestampSeconds.length, columns.value.length);
    assert.deepEqual(times, [100, 101]);

    const printed = new Map<string, number>();
    const isPresent = hasValue(columns.slot);
    const names = entryNames(of, rows);
    const absent = new Set<string>();
    for (const [i, s] of rows.slot.entries()) {
      if (isPresent(s)) printed.set(names[i]!.replace(/^\S+ /, '') + s, columns.slot[s]!);
      else absent.add(names[i]!.replace(/^\S+ /, ''));
    }
    assert.deepEqual([...absent], ['unset']);
    const values = [...printed].map(([name, value]) => `${name.replace(/\d+$/, '')} ${value}`);
    assert.deepEqual(values.sort(), [
      'jobs_total 0',
      'jobs_total 5',
      'latest 3',
      'peak 3',
      'took_bucket 2',
      'took_bucket 7',
      'took_bucket 9',
      'unknown NaN',
    ]);
    assert.ok(!isPresent(0));
    assert.match(String(bodies[0]), /^took_bucket\{le="2.0"\} 7.0$/m);
    assert.match(String(bodies[0]), /^unknown NaN$/m);
  });

  it('are collected in the call that finds nothing new, without a page', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    const request = { pages: [], tail: 0, columns: true };
    let collected: Collected | undefined;
    // A directory that was written just now is listed again, until its times can be trusted.
    while (collected === undefined) collected = await of.update(request);
    assert.deepEqual(collected.bodies, []);
    assert.equal(collected.columns?.fileId.length, 10);
  });

  it('are not had unless asked for, nor of what is printed alone', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    const pages = [pageFor(of)];
    const request = { pages, tail: 0, onlyWhatIsPrinted: true };
    assert.equal((await of.files.set.collect(request)).columns, undefined);
    await assert.rejects(
      of.files.set.collect({ ...request, columns: true }),
      /^Error: columns are of all values, and only what is printed was asked for$/,
    );
  });

  it('stay as they are, and are empty once they are released', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    const of = await open(directory);
    const { columns: first } = await collect(of);
    const { valueOffset } = of.files.set.entryPlaces(first.fileId[0]!);
    overwrite(join(directory, 'counter_1.db'), valueOffset[0]!, double(2));
    const { columns: second } = await collect(of);
    assert.deepEqual([...first.value, ...second.value], [1, 2]);
    releaseColumns(first);
    releaseColumns(first);
    assert.equal(first.value.length + first.slot.length + first.fileId.length, 0);
    assert.deepEqual([...second.value], [2]);
    releaseColumns({
      fileId: new Uint32Array(1),
      generation: new Uint32Array(1),
      entryEnd: new Uint32Array(1),
    });
    assert.throws(() => releaseColumns(1 as never), /expected columns/);
  });

  it('do not make V8 collect its garbage', async () => {
    const directory = tempDirectory();
    const entries = Array.from({ length: 100_000 }, (_, i) =>
      counter(`jobs_${i % 10}`, i, { i: `${i}` }),
    );
    writeMetricFile(join(directory, 'counter_1.db'), entries);
    const of = await open(directory);
    const held = [await collect(of)];
    let collections = 0;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind } = (entry as unknown as { readonly detail: { readonly kind: number } })
          .detail;
        if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++;
      }
    });
    observer.observe({ type: 'gc' });
    try {
      for (let round = 0; round < 8; round++) {
        while (held.length < 64) held.push(await collect(of));
        for (const { columns } of held.splice(0)) releaseColumns(columns);
      }
      await sleep(10);
    } finally {
      observer.disconnect();
      for (const { columns } of held) releaseColumns(columns);
    }
    assert.ok(collections <= MOST_COLLECTIONS, `${collections} collections`);
  });

  it('have the values of a held file, which keeps its generation if its keys are the same again', async () => {
    const directory = tempDirectory();
    const path = join(directory, 'counter_1.db');
    writeMetricFile(path, [counter('jobs', 1)], { sizeBytes: 4096 });
    const of = await open(directory);
    const { columns: good } = await collect(of);
    overwrite(path, 0, int32(4));
    await of.update();
    const { columns: held } = await collect(of);
    assert.deepEqual([held.value, held.generation], [good.value, good.generation]);
    for (const [family, isSame] of [
      ['jobs', true],
      ['calls', false],
    ] as const) {
      writeMetricFile(path, [counter(family, 5)]);
      await of.update();
      const { columns: again } = await collect(of);
      assert.deepEqual([...again.value], [5]);
      assert.deepEqual(again.fileId, good.fileId);
      assert.equal(again.generation[0] === good.generation[0], isSame, family);
    }
  });

  it('end with retained files, whose entries have no places', async () => {
    const directory = tempDirectory();
    for (const pid of [1, 2]) {
      writeMetricFile(join(directory, `counter_${pid}.db`), [counter('jobs', pid)]);
    }
    const of = await open(directory, { retainRemoved: true });
    await collect(of);
    rmSync(join(directory, 'counter_1.db'));
    await of.update();
    const { columns } = await collect(of);
    assert.deepEqual([...columns.value], [2, 1]);
    const [present, retained] = [...columns.fileId].map((id) => of.files.set.entryPlaces(id));
    assert.deepEqual(retained, {
      offset: new Uint32Array(),
      valueOffset: new Uint32Array(),
      valueBytes: 0,
    });
    assert.equal(present!.offset.length, 1);
  });
});

describe('some entries', () => {
  /** The last entry of each gauge of mode mostrecent, and the first one. */
  async function wanted(of: LivePlan) {
    const rows = await of.files.set.rows();
    const ranks = [...rows.fileId.keys()].filter((rank) =>
      of.files.files.get(rows.fileId[rank]!)!.path.includes('gauge_mostrecent'),
    );
    return {
      fileId: Uint32Array.from(ranks, (rank) => rows.fileId[rank]!),
      generation: Uint32Array.from(ranks, (rank) => rows.generation[rank]!),
      entryEnd: Uint32Array.from(ranks, (_, i) => 2 * (i + 1)),
      entry: Uint32Array.from(ranks.flatMap(() => [1, 0])),
    };
  }

  it('are gathered as they are now, with their times, and are empty once they are released', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    await collect(of);
    const gathered = await of.files.set.gatherEntries(await wanted(of));
    assert.deepEqual([...gathered!.value], [0, 2, 0, 3]);
    assert.deepEqual([...gathered!.timestampSeconds], [0, 100, 0, 101]);
    releaseColumns(gathered!);
    assert.equal(gathered!.value.length, 0);
    const none = new Uint32Array(0);
    const nothing = { fileId: none, generation: none, entryEnd: none, entry: none };
    assert.equal((await of.files.set.gatherEntries(nothing))!.value.length, 0);
  });

  it('are none where a file is not as it was indexed', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    await collect(of);
    const some = await wanted(of);
    overwrite(join(directory, 'gauge_mostrecent_1.db'), 0, int32(4));
    assert.equal(await of.files.set.gatherEntries(some), undefined);
    const other = { ...some, generation: some.generation.map((generation) => generation + 1) };
    assert.equal(await of.files.set.gatherEntries(other), undefined);
  });

  it('are refused if they do not fit each other, and while another call is under way', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    const some = await wanted(of);
    const { set } = of.files;
    assert.throws(
      () => set.gatherEntries({ ...some, entry: [] as never }),
      /entry as a Uint32Array/,
    );
    assert.throws(() => set.gatherEntries(undefined as never), /some entries/);
    const short = set.gatherEntries({ ...some, entry: some.entry.subarray(1) });
    await assert.rejects(short, /the last end is not the number of entries/);
    const first = set.gatherEntries(some);
    assert.throws(() => set.gatherEntries(some), /another call on this file set is under way/);
    await first;
  });
});

describe('the places of entries', () => {
  for (const [layout, valueBytes] of [
    ['dict4-16', 16],
    ['dict4-8', 8],
  ] as const) {
    it(`are bytes of the file, with values of ${valueBytes}`, async () => {
      const directory = tempDirectory();
      const path = join(directory, 'counter_1.db');
      writeMetricFile(path, [counter('jobs', 1), counter('calls', 2)], { layout });
      const of = await open(directory);
      const { set } = of.files;
      const { columns } = await collect(of);
      const id = columns.fileId[0]!;
      const places = set.entryPlaces(id);
      assert.equal(places.valueBytes, valueBytes);
      assert.deepEqual([...places.offset], [set.entryOffset(id, 0), set.entryOffset(id, 1)]);
      assert.equal(places.offset[1], places.valueOffset[0]! + valueBytes);
      overwrite(path, places.valueOffset[1]!, double(9));
      assert.deepEqual([...(await collect(of)).columns.value], [1, 9]);
    });
  }

  it('of a file without entries are none, and have no size of a value', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), []);
    const { set } = (await open(directory)).files;
    assert.deepEqual(set.entryPlaces(0), {
      offset: new Uint32Array(),
      valueOffset: new Uint32Array(),
      valueBytes: 0,
    });
    assert.throws(() => set.entryPlaces(7), /no file has id 7/);
  });
});

describe('two moments', () => {
  it('are compared by file, class and group', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    const { columns: earlier } = await collect(of);
    const rows = await of.files.set.rows();
    const names = entryNames(of, rows);
    const store = (entry: string, value: number) => {
      const place = names.indexOf(entry);
      const i = rows.entryEnd.findIndex((end) => place < end);
      const id = rows.fileId[i]!;
      const { valueOffset } = of.files.set.entryPlaces(id);
      const offset = valueOffset[place - (rows.entryEnd[i - 1] ?? 0)]!;
      overwrite(of.files.files.get(id)!.path, offset, double(value));
    };
    store('counter_0.db jobs_total', 12);
    store('counter_1.db jobs_total', 1);
    store('gauge_max_0.db peak', 50);
    store('histogram_1.db took_bucket', 5);
    const { columns: now } = await collect(of);

    const slotCount = now.slot.length;
    const classOfSlot = new Uint8Array(slotCount);
    const groupOfSlot = new Uint32Array(slotCount);
    const families = ['jobs_total', 'peak', 'took_bucket'];
    for (const [i, s] of rows.slot.entries()) {
      const family = names[i]!.split(' ')[1]!;
      groupOfSlot[s] = families.indexOf(family) + 1;
      if (family === 'jobs_total') classOfSlot[s] = INCREASE_CLASS.increments;
      if (family === 'took_bucket') classOfSlot[s] = INCREASE_CLASS.observations;
    }
    const changes = await compareColumns(earlier, now, rows.slot, classOfSlot, groupOfSlot, 4);
    const byFile = Object.fromEntries(
      [...now.fileId].map((id, i) => [
        basename(of.files.files.get(id)!.path),
        [
          changes.fileMoved[i],
          changes.fileGroups[i],
          ...changes.fileIncrease.subarray(i * INCREASE_CLASSES, (i + 1) * INCREASE_CLASSES),
        ],
      ]),
    );
    for (const name of Object.keys(byFile)) if (byFile[name]![0] === 0) delete byFile[name];
    assert.deepEqual(byFile, {
      'counter_0.db': [1, 1, 0, 10, 0],
      'counter_1.db': [1, 1, 0, 0, 0],
      'gauge_max_0.db': [1, 1, 0, 0, 0],
      'histogram_1.db': [1, 1, 0, 0, 4],
    });
    assert.deepEqual(changes.groupIncrease, Float64Array.of(0, 10, 0, 4));
    assert.deepEqual(changes.groupFiles, Uint32Array.of(0, 2, 1, 1));
    assert.deepEqual(changes.groupBack, Uint32Array.of(0, 1, 0, 0));

    const nothing: EntryValues = {
      fileId: new Uint32Array(),
      generation: new Uint32Array(),
      entryEnd: new Uint32Array(),
      value: new Float64Array(),
    };
    const all = await compareColumns(nothing, now, rows.slot, classOfSlot, groupOfSlot, 4);
    assert.deepEqual([...all.groupIncrease], [0, 13, 0, 13]);
    releaseColumns(all);
    assert.equal(all.groupIncrease.length, 0);
  });

  const moment = (value: readonly number[], parts: Partial<EntryValues> = {}): EntryValues => ({
    fileId: Uint32Array.of(1),
    generation: Uint32Array.of(1),
    entryEnd: Uint32Array.of(value.length),
    value: Float64Array.from(value),
    ...parts,
  });
  const good = moment([1, 2]);
  type Arguments = Parameters<typeof compareColumns>;
  const args: Arguments = [
    good,
    good,
    Uint32Array.of(1, 2),
    Uint8Array.of(0, 1, 2),
    Uint32Array.of(9, 0, 1),
    2,
  ];
  const withArgument = (at: number, value: unknown) => args.with(at, value as never) as Arguments;

  it('of a moment with itself is nothing', async () => {
    const { fileMoved, groupFiles } = await compareColumns(...args);
    assert.deepEqual([[...fileMoved], [...groupFiles]], [[0], [0, 0]]);
  });

  const unfit: [string, Arguments, RegExp][] = [
    ['a slot there is not', withArgument(2, Uint32Array.of(1, 3)), /slot 3 is not below 3/],
    ['fewer slots than entries', withArgument(2, Uint32Array.of(1)), /1 slots of 2 entries/],
    ['a class there is not', withArgument(3, Uint8Array.of(0, 1, 3)), /no class 3/],
    ['a group there is not', withArgument(4, Uint32Array.of(0, 0, 2)), /group 2 is not below 2/],
    ['fewer classes than groups', withArgument(3, Uint8Array.of(0)), /slots differ in length/],
    ['more groups than slots', withArgument(5, 4), /more groups than slots: 4/],
    [
      'entries past the values',
      withArgument(1, moment([1, 2], { entryEnd: Uint32Array.of(3) })),
      /now: the last file does not end at the last of 2 values/,
    ],
    [
      'files that end before they begin',
      withArgument(
        0,
        moment([1, 2], {
          fileId: Uint32Array.of(1, 2),
          generation: Uint32Array.of(1, 1),
          entryEnd: Uint32Array.of(4_000_000_000, 2),
        }),
      ),
      /earlier: ends of files do not ascend/,
    ],
    [
      'fewer files than ends',
      withArgument(0, moment([1, 2], { fileId: new Uint32Array() })),
      /earlier: columns of files differ in length/,
    ],
  ];
  for (const [title, wrong, message] of unfit) {
    it(`cannot be compared with ${title}`, () => assert.rejects(compareColumns(...wrong), message));
  }

  const notColumns: [string, Arguments, RegExp][] = [
    ['nothing', withArgument(0, undefined), /expected columns/],
    [
      'numbers of another type',
      withArgument(1, { ...good, value: Float32Array.of(1, 2) }),
      /expected value as a Float64Array/,
    ],
    ['a group count below 0', withArgument(5, -1), /expected groupCount as a number of groups/],
  ];
  for (const [title, wrong, message] of notColumns) {
    it(`are not ${title}`, () => assert.throws(() => compareColumns(...wrong), message));
  }

  it('may be released, written to or transferred while they are compared', async () => {
    const entries = 500_000;
    const path = join(tempDirectory(), 'counter_1.db');
    const many = Array.from({ length: 1000 }, (_, i) => counter(`f${i}`, i));
    writeMetricFile(path, many);
    const of = await open(join(path, '..'));
    const { columns } = await collect(of);
    const rows = await of.files.set.rows();
    const slots = columns.slot.length;
    const plain = moment(new Array<number>(entries).fill(1));
    const runs = [
      compareColumns(columns, columns, rows.slot, new Uint8Array(slots), new Uint32Array(slots), 1),
      compareColumns(
        moment([]),
        plain,
        new Uint32Array(entries).fill(1),
        new Uint8Array(2),
        new Uint32Array(2),
        1,
      ),
    ];
    rows.slot.fill(4_000_000_000);
    releaseColumns(columns);
    releaseColumns(rows);
    structuredClone(plain.value, { transfer: [plain.value.buffer as ArrayBuffer] });
    const [first, second] = await Promise.allSettled(runs);
    assert.ok(
      first!.status === 'fulfilled' || /slot 4000000000 is not below/.test(String(first!.reason)),
    );
    assert.ok(second!.status === 'fulfilled');
    assert.deepEqual([...second!.value.fileMoved], [entries]);
  });
});

describe('an earlier moment', () => {
  it('is printed as it was: absent slots, NaN and running totals included', async () => {
    const directory = tempDirectory();
    writeFiles(directory);
    const of = await open(directory);
    const pages = [pageFor(of), createPage([]), pageFor(of)];
    const request = { pages, tail: 7, columns: true, partEnds: true };
    const then = await of.files.set.collect(request);
    const texts = then.bodies.map(String);
    const slot = then.columns!.slot.slice();
    for (const kind of ['counter', 'histogram', 'gauge_mostrecent']) {
      const entry = kind === 'counter' ? counter('jobs', 77, { queue: 'a' }) : bucket('1.0', 77);
      writeMetricFile(
        join(directory, `${kind}_0.db`),
        kind.startsWith('gauge') ? [gauge('unset', 1, 200)] : [entry],
      );
    }
    await of.update();
    const now = await of.files.set.collect(request);
    assert.notDeepEqual(now.bodies.map(String), texts);
    for (const column of [slot, then.columns!.slot]) {
      const { bodies, partEnds } = await printColumns(pages, column, 7);
      assert.deepEqual(bodies.map(String), texts);
      assert.deepEqual(partEnds, then.partEnds);
      assert.ok(bodies.every((body) => body.buffer.byteLength >= body.length + 7));
    }
  });

  it('is not printed by a page of slots that it does not have', async () => {
    const line = Buffer.from('x ');
    const page = createPage([createTemplate(line, 0, Uint32Array.of(2), Uint32Array.of(5))]);
    const printed = printColumns([page], new Float64Array(5), 0);
    await assert.rejects(printed, /^Error: slot 5 is not below 5$/);
    const { bodies } = await printColumns([page], new Float64Array(6), 0);
    assert.deepEqual(bodies.map(String), ['x 0.0\n']);
    assert.throws(() => printColumns([{} as Page], new Float64Array(6), 0), /an array of pages/);
    assert.throws(() => printColumns([page], [] as never, 0), /slot as a Float64Array/);
  });
});
