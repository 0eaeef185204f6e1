import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { MetricType } from '../../src/format/filename.js';
import { familyOf, isUnusable, type Key, type KeyFault, parseKey } from '../../src/format/key.js';

const OLD_HELP = 'Multiprocess metric';

function parse(text: string) {
  return parseKey(Buffer.from(text));
}

function key(
  family: string,
  sampleName: string,
  labels: Key['labels'],
  help: string,
  more: Partial<Key> = {},
): Key {
  return { family, sampleName, labels, help, keepsRawName: false, ...more };
}

const LISTS = { olderForm: 'lists' } as const;

describe('a key', () => {
  const cases: [string, string, Key][] = [
    [
      'of 0.16.0 and later has labels and help',
      '["jobs", "jobs_total", {"queue": "fast"}, "Jobs done"]',
      key('jobs', 'jobs_total', [['queue', 'fast']], 'Jobs done'),
    ],
    [
      'of 0.4.0 to 0.15.0 has no help',
      '["jobs", "jobs_total", {"queue": "fast"}]',
      key('jobs', 'jobs_total', [['queue', 'fast']], OLD_HELP, { olderForm: 'without help' }),
    ],
    [
      'of 0.3.1 and earlier has names and values',
      '["jobs_seconds", "jobs_seconds_sum", ["queue", "a"], ["fast", "x"]]',
      key(
        'jobs_seconds',
        'jobs_seconds_sum',
        [
          ['a', 'x'],
          ['queue', 'fast'],
        ],
        OLD_HELP,
        LISTS,
      ),
    ],
    [
      'from before 0.4.0, of a counter without _total, keeps its raw name',
      '["jobs", "jobs", [], []]',
      key('jobs', 'jobs', [], OLD_HELP, { keepsRawName: true, ...LISTS }),
    ],
    [
      'from before 0.4.0, of a counter with _total, names the family without it',
      '["jobs_total", "jobs_total", [], []]',
      key('jobs', 'jobs_total', [], OLD_HELP, { totalRemoved: true, ...LISTS }),
    ],
    [
      'from before 0.4.0 keeps a metric name that is nothing but _total',
      '["_total", "_total", [], []]',
      key('_total', '_total', [], OLD_HELP, { keepsRawName: true, ...LISTS }),
    ],
    [
      'of later versions keeps a family that ends in _total',
      '["jobs_total", "jobs_total", {}, "h"]',
      key('jobs_total', 'jobs_total', [], 'h'),
    ],
    ['may have an empty help', '["a", "a", {}, ""]', key('a', 'a', [], '')],
    ['may have blanks around it', ' \n["a", "a", {}, "h"]\t', key('a', 'a', [], 'h')],
    [
      'has its labels in code-point order',
      '["a", "a", {"\\ud83d\\ude00": "1", "\\uffee": "2", "b": "3", "B": "4"}, "h"]',
      key(
        'a',
        'a',
        [
          ['B', '4'],
          ['b', '3'],
          ['\uffee', '2'],
          ['\u{1f600}', '1'],
        ],
        'h',
      ),
    ],
    [
      'has its labels in code-point order also where JavaScript would put numbers first',
      '["a", "a", {"b": "1", "!": "2", "7": "3"}, "h"]',
      key(
        'a',
        'a',
        [
          ['!', '2'],
          ['7', '3'],
          ['b', '1'],
        ],
        'h',
      ),
    ],
    [
      'that has a label twice gives the last value',
      '["a", "a", {"b": "1", "b": "2"}, "h"]',
      key('a', 'a', [['b', '2']], 'h'),
    ],
    [
      'that has a label twice in a list gives the last value, too',
      '["a", "a", ["b", "b"], ["1", "2"]]',
      key('a', 'a', [['b', '2']], OLD_HELP, { keepsRawName: true, ...LISTS }),
    ],
    [
      'may have labels called as what every object has',
      '["a", "a", {"__proto__": "1", "constructor": "2", "toString": "3"}, "h"]',
      key(
        'a',
        'a',
        [
          ['__proto__', '1'],
          ['constructor', '2'],
          ['toString', '3'],
        ],
        'h',
      ),
    ],
    [
      'may have a label without a name',
      '["a", "a", {"": "x"}, "h"]',
      key('a', 'a', [['', 'x']], 'h'),
    ],
    [
      'may hold any character',
      '["a\\u0000", "\\n", {"\\"": "\\\\"}, "é世"]',
      key('a\0', '\n', [['"', '\\']], 'é世'),
    ],
  ];
  for (const [title, text, expected] of cases) {
    it(title, () => assert.deepEqual(parse(text), expected));
  }
});

describe('a key that can be repaired', () => {
  const cases: [string, string, Key][] = [
    [
      'may have null for help',
      '["a", "a", {}, null]',
      key('a', 'a', [], '', { repaired: 'help is null' }),
    ],
    [
      'may have a number for help',
      '["a", "a", {}, 5]',
      key('a', 'a', [], '', { repaired: 'help is 5' }),
    ],
    [
      'may have what only Python calls JSON for help',
      '["NaN", "\\"NaN", {"b": "-Infinity"}, -Infinity]',
      key('NaN', '"NaN', [['b', '-Infinity']], '', { repaired: 'help is null' }),
    ],
    [
      'may have a list for help',
      '["a", "a", {}, ["h"]]',
      key('a', 'a', [], '', { repaired: 'help is a list' }),
    ],
    [
      'may have half a surrogate pair in its help',
      '["a", "a", {}, "x\\ud83d"]',
      key('a', 'a', [], 'x\uFFFD', { repaired: 'half a surrogate pair in the help' }),
    ],
    [
      'may have one in its names',
      '["\\ude00a", "\\ude00a_sum", {}, "h"]',
      key('\uFFFDa', '\uFFFDa_sum', [], 'h', {
        repaired:
          'half a surrogate pair in the metric name, half a surrogate pair in the sample name',
      }),
    ],
    [
      'may have one in a label value, as file names do that are not UTF-8',
      '["a", "a", {"path": "caf\\udce9"}, "h"]',
      key('a', 'a', [['path', 'caf\uFFFD']], 'h', {
        repaired: 'half a surrogate pair in the value of label path',
      }),
    ],
    [
      'gives the last value of label names that become equal',
      '["a", "a", {"\\ud83d": "1", "\\ud83e": "2"}, "h"]',
      key('a', 'a', [['\uFFFD', '2']], 'h', {
        repaired: 'half a surrogate pair in a label name, half a surrogate pair in a label name',
      }),
    ],
  ];
  for (const [title, text, expected] of cases) {
    it(title, () => assert.deepEqual(parse(text), expected));
  }
});

describe('a key is unusable', () => {
  const cases: [string, string | Uint8Array, KeyFault, string][] = [
    ['when it is not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'utf8', 'key is not UTF-8'],
    [
      'when half a surrogate pair is in its bytes',
      Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
      'utf8',
      'key is not UTF-8',
    ],
    ['when it is empty', '', 'json', 'key is not JSON: '],
    ['when it is not JSON', '["a", "b"', 'json', 'key is not JSON: ["a", "b"'],
    [
      'when a number was stored over it',
      '["a\u0001\u001b[2J',
      'json',
      'key is not JSON: ["a\uFFFD\uFFFD[2J',
    ],
    [
      'when a byte order mark is before it',
      '\uFEFF["a", "a", {}, "h"]',
      'json',
      'key is not JSON: \uFEFF["a", "a", {}, "h"]',
    ],
    [
      'when NaN is part of a word',
      '["a", "a", {}, NaNa]',
      'json',
      'key is not JSON: ["a", "a", {}, NaNa]',
    ],
    ['when it is a number', '5', 'shape', 'key has none of the known shapes: 5'],
    ['when it is a text', '"abcd"', 'shape', 'key has none of the known shapes: "abcd"'],
    [
      'when it has two parts',
      '["a", "a"]',
      'shape',
      'key has none of the known shapes: ["a", "a"]',
    ],
    [
      'when it has five parts',
      '["a", "a", {}, "h", 1]',
      'shape',
      'key has none of the known shapes: ["a", "a", {}, "h", 1]',
    ],
    [
      'when its labels are null',
      '["a", "a", null, "h"]',
      'shape',
      'key has none of the known shapes: ["a", "a", null, "h"]',
    ],
    [
      'when its label names have a help after them',
      '["a", "a", [], "h"]',
      'shape',
      'key has none of the known shapes: ["a", "a", [], "h"]',
    ],
    [
      'when its label names are alone',
      '["a", "a", []]',
      'shape',
      'key has none of the known shapes: ["a", "a", []]',
    ],
    [
      'when it has fewer values than label names',
      '["a", "a", ["b"], []]',
      'shape',
      'key has none of the known shapes: ["a", "a", ["b"], []]',
    ],
    ['when its metric name is empty', '["", "a", {}, "h"]', 'name', 'metric name is empty'],
    ['when its metric name is a number', '[5, "a", {}, "h"]', 'name', 'metric name is 5'],
    ['when its sample name is empty', '["a", "", {}, "h"]', 'name', 'sample name is empty'],
    ['when its sample name is a list', '["a", [], {}, "h"]', 'name', 'sample name is a list'],
    [
      'when a label value is a number',
      '["a", "a", {"b": 1}, "h"]',
      'label',
      'value of label b is 1',
    ],
    [
      'when a label value is null',
      '["a", "a", {"b": null}, "h"]',
      'label',
      'value of label b is null',
    ],
    [
      'when a label value is an object',
      '["a", "a", {"b": {}}, "h"]',
      'label',
      'value of label b is an object',
    ],
    ['when a label name is not text', '["a", "a", [1], ["b"]]', 'label', 'label name is 1'],
  ];
  for (const [title, text, fault, found] of cases) {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    it(title, () => assert.deepEqual(parseKey(bytes), { fault, found }));
  }

  it('when it is nested without end', () => {
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const text of [nested, `["a", "a", {"b": ${nested}}, "h"]`, `[${nested}, "a", {}, "h"]`]) {
      assert.ok(isUnusable(parse(text)));
    }
  });

  it('or usable, but never an error', () => {
    const part = fc.oneof(fc.json(), fc.constantFrom('"a"', '{}', '[]', 'NaN'));
    const text = fc.array(part, { maxLength: 5 }).map((parts) => `[${parts.join(',')}]`);
    fc.assert(
      fc.property(
        fc.oneof(fc.string().map(Buffer.from), fc.uint8Array(), text.map(Buffer.from)),
        (bytes) => {
          const parsed = parseKey(bytes);
          assert.ok(isUnusable(parsed) || parsed.family.length > 0);
        },
      ),
    );
  });
});

describe('the family of a key from before 0.4.0', () => {
  const cases: [string, string, MetricType, string][] = [
    ['lacks the _total of a counter', '["x_total", "x_total", [], []]', 'counter', 'x'],
    ['keeps the _total of a gauge', '["x_total", "x_total", [], []]', 'gauge', 'x_total'],
    ['is the metric otherwise', '["x", "x_sum", [], []]', 'summary', 'x'],
  ];
  for (const [title, text, type, expected] of cases) {
    it(title, () => {
      const parsed = parse(text);
      assert.ok(!isUnusable(parsed));
      assert.equal(familyOf(parsed, type), expected);
    });
  }
});
