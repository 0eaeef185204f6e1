import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FileName, parseFileName } from '../../src/format/filename.js';

describe('a file name', () => {
  const cases: [string, string, FileName][] = [
    ['has a type and a process id', 'counter_4711.db', { type: 'counter', processId: '4711' }],
    [
      'of a gauge has a mode between them',
      'gauge_livesum_4711.db',
      { type: 'gauge', mode: 'livesum', processId: '4711' },
    ],
    [
      'keeps a process id with an underscore whole',
      'histogram_worker_3.db',
      { type: 'histogram', processId: 'worker_3' },
    ],
    [
      'keeps it whole for a gauge, too',
      'gauge_all_worker_1.db',
      { type: 'gauge', mode: 'all', processId: 'worker_1' },
    ],
    ['keeps dots', 'summary_a.b.db', { type: 'summary', processId: 'a.b' }],
    [
      'cuts only the last .db',
      'gauge_max_a.db.db',
      { type: 'gauge', mode: 'max', processId: 'a.db' },
    ],
    ['keeps a newline', 'counter_a\nb.db', { type: 'counter', processId: 'a\nb' }],
    ['may have no process id', 'counter_.db', { type: 'counter', processId: '' }],
    ['may have none for a gauge', 'gauge_all_.db', { type: 'gauge', mode: 'all', processId: '' }],
    [
      'may have an unknown mode',
      'gauge_median_1.db',
      { type: 'gauge', mode: 'median', processId: '1' },
    ],
    ['may have an empty mode', 'gauge__1.db', { type: 'gauge', mode: '', processId: '1' }],
    ['may be of an OpenMetrics type', 'info_1.db', { type: 'info', processId: '1' }],
    ['may be of a state set', 'stateset_1.db', { type: 'stateset', processId: '1' }],
    [
      'may be of a gauge histogram, which is not a gauge',
      'gaugehistogram_1.db',
      { type: 'gaugehistogram', processId: '1' },
    ],
    ['may be of no known type', 'unknown_1.db', { type: 'unknown', processId: '1' }],
    ['calls untyped unknown', 'untyped_1.db', { type: 'unknown', processId: '1' }],
  ];
  for (const [title, name, expected] of cases) {
    it(title, () => assert.deepEqual(parseFileName(name), expected));
  }
});

describe('no client writes a file', () => {
  const cases: [string, string][] = [
    ['of another type', 'app_1.db'],
    ['of a type in capitals', 'Counter_1.db'],
    ['without a process id', 'counter.db'],
    ['of a gauge without a mode', 'gauge_1.db'],
    ['of a gauge with nothing else', 'gauge.db'],
    ['of a type that only begins like one', 'counters_1.db'],
    ['whose type comes second', 'my_counter_1.db'],
    ['with another ending', 'counter_1.dbx'],
    ['with something after the ending', 'counter_1.db\n'],
    ['with another ending in capitals', 'counter_1.DB'],
    ['of a type that is a property of every object', 'constructor_1.db'],
    ['without a type', '_1.db'],
    ['without a name', '.db'],
  ];
  for (const [title, name] of cases) {
    it(title, () => assert.equal(parseFileName(name), undefined));
  }
});
