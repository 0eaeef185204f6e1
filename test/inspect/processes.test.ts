import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  clientOf,
  distinctClients,
  usedBytesOf,
  viewFiles,
  viewProcesses,
} from '../../src/inspect/processes.js';
import { makeFile, makeReading, NOW } from './make-reading.js';

describe('viewProcesses', () => {
  const reading = makeReading(
    {
      'cache.db': { diskBytes: 100 },
      'counter_1.db': { entries: [{ name: 'a' }], modifiedSeconds: NOW - 300 },
      'gauge_mostrecent_1.db': {
        entries: [{ name: 'b', timestampSeconds: NOW - 5 }],
        modifiedSeconds: NOW - 900,
      },
      'gauge_mostrecent_2.db': { entries: [{ name: 'b', timestampSeconds: NOW - 900 }] },
      'histogram_2.db': { fault: 'FILE_CORRUPT' },
    },
    { 1: { pid: 77, role: 'VLLM::APIServer_0', startSeconds: NOW - 100 }, 2: 'unknown' },
  );
  const view = viewProcesses(reading);

  it('has a row for each process id, in the shape of ls --json', () => {
    assert.deepEqual(view.processes[0], {
      processId: '1',
      liveness: 'alive',
      pid: 77,
      role: 'VLLM::APIServer_0',
      program: undefined,
      startSeconds: NOW - 100,
      lastSeenSeconds: NOW - 5,
      firstSeenSeconds: NOW - 900,
      previousLife: false,
      kinds: { counter: 1, 'gauge mostrecent': 1 },
      clients: ['0.18+'],
      files: 2,
      damagedFiles: 0,
      unreadableFiles: 0,
      entries: 2,
      usedBytes: 144,
      sizeBytes: 131_072,
      diskBytes: 8192,
    });
  });

  it('counts damaged files with their process, and unrecognised ones with none', () => {
    assert.equal(view.processes[1]!.damagedFiles, 1);
    assert.deepEqual(view.total, {
      processes: { alive: 1, dead: 0, unknown: 1 },
      kinds: { foreign: 1, counter: 1, 'gauge mostrecent': 2, histogram: 1 },
      clients: ['0.18+'],
      files: 5,
      foreignFiles: 1,
      damagedFiles: 1,
      unreadableFiles: 0,
      entries: 3,
      usedBytes: 8 * 5 + 64 * 3,
      sizeBytes: 65_536 * 5,
      diskBytes: 4096 * 4 + 100,
    });
  });

  it('leaves out times that are not known', () => {
    const unknown = { modifiedSeconds: undefined, changedSeconds: undefined };
    const { processes } = viewProcesses(
      makeReading({
        'counter_1.db': unknown,
        'counter_2.db': unknown,
        'histogram_2.db': { modifiedSeconds: NOW - 60 },
      }),
    );
    const times = processes.map(({ lastSeenSeconds, firstSeenSeconds }) => [
      lastSeenSeconds,
      firstSeenSeconds,
    ]);
    assert.deepEqual(times, [
      [undefined, undefined],
      [NOW - 60, NOW - 60],
    ]);
  });

  it('has a row for each file', () => {
    const [unrecognised, counter] = viewFiles(reading);
    assert.equal(unrecognised!.type, undefined);
    assert.deepEqual(counter, {
      name: 'counter_1.db',
      processId: '1',
      type: 'counter',
      mode: undefined,
      client: '0.18+',
      entries: 1,
      usedBytes: 72,
      sizeBytes: 65_536,
      diskBytes: 4096,
      modifiedSeconds: NOW - 300,
      previousLife: false,
      fault: undefined,
    });
    assert.deepEqual(viewFiles(reading).at(-1)!.fault, {
      code: 'FILE_CORRUPT',
      found: 'key length 9 runs past used 8',
      offset: 8,
    });
  });

  it('marks a file that the living process left aside', () => {
    const left = makeReading(
      { 'counter_1.db': {}, 'gauge_max_1.db': {} },
      { 1: { abandoned: ['fd:00:gauge_max_1.db'] } },
    );
    assert.deepEqual(
      viewFiles(left).map(({ previousLife }) => previousLife),
      [false, true],
    );
    assert.equal(viewProcesses(left).processes[0]!.previousLife, true);
  });
});

describe('usedBytesOf', () => {
  it('does not believe what is more than the file', () => {
    const used = (usedBytes: number) => usedBytesOf(makeFile('counter_1.db', { usedBytes }));
    assert.deepEqual([used(65_536), used(65_537), used(-1)], [65_536, 0, 0]);
  });
});

describe('clientOf', () => {
  const key = (...parts: unknown[]) => ({ entries: [{ name: '', rawKey: JSON.stringify(parts) }] });
  it('cannot tell lists from objects by a histogram, nor need it where there is a counter', () => {
    const file = makeFile('histogram_1.db', { ...key('h', 'h_sum', {}), valueBytes: 8 });
    assert.equal(clientOf(file), 'before 0.16');
    assert.deepEqual(distinctClients(['before 0.16', 'before 0.4', '0.18+']), [
      '0.18+',
      'before 0.4',
    ]);
  });

  const cases: [title: string, file: Parameters<typeof makeFile>[1], client: string | undefined][] =
    [
      ['a timestamp', key('a', 'a_total', {}, 'help'), '0.18+'],
      ['help and no timestamp', { ...key('a', 'a_total', {}, 'help'), valueBytes: 8 }, '0.16-0.17'],
      ['no help', { ...key('a', 'a_total', {}), valueBytes: 8 }, '0.4-0.15'],
      ['labels as lists', { ...key('a', 'a', [], []), valueBytes: 8 }, 'before 0.4'],
      ['no entry', {}, undefined],
    ];
  for (const [title, file, client] of cases) {
    it(title, () => assert.equal(clientOf(makeFile('counter_1.db', file)), client));
  }
});
