/** Every rule of `check`: a directory that breaks it, and one close to it that does not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from '../../src/inspect/check.js';
import { RULES } from '../../src/inspect/findings/rules.js';
import type { HostFacts } from '../../src/inspect/findings/subject.js';
import type { Reading } from '../../src/inspect/reading.js';
import { type Limits, UNLIMITED, withChosen } from '../../src/plan/budget.js';
import type { Verdict, VerdictName } from '../../src/watchdog/verdict.js';
import { type MadeEntry, type MadeFile, makeReading, NOW } from './make-reading.js';

type Process = HostFacts['processes'][number];

const around = (facts: Partial<HostFacts> = {}): HostFacts => ({
  fileSystem: 'tmpfs',
  freeBytes: 2 ** 30,
  freeInodes: 1e6,
  processes: [],
  ...facts,
});

const withProcess = (facts: Partial<Process>): HostFacts =>
  around({
    processes: [
      {
        pid: 42,
        role: undefined,
        program: 'python3.11',
        variable: '/run/prom',
        oldVariable: undefined,
        writesTo: ['/run/prom'],
        writesHere: true,
        namesThis: true,
        ...facts,
      },
    ],
  });

const one = (name: string, value: number, rest: Partial<MadeEntry> = {}): MadeFile => ({
  entries: [{ name, value, ...rest }],
});

const API_SERVER = { role: 'VLLM::APIServer_0', pid: 42 } as const;

const many = (count: number, entry: (i: number) => MadeEntry): MadeFile => ({
  entries: Array.from({ length: count }, (_, i) => entry(i)),
});

const graveyard = (count: number, file: MadeFile = {}): Reading => {
  const files = Array.from({ length: count }, (_, i) => [`counter_${i}.db`, file] as const);
  const writers = Array.from({ length: count }, (_, i) => [String(i), 'dead'] as const);
  return makeReading(Object.fromEntries(files), Object.fromEntries(writers));
};

const histogram = (...bounds: string[]): MadeFile => ({
  entries: bounds.map((le) => ({ name: 'h', sampleName: 'h_bucket', labels: { le }, value: 1 })),
});

interface Case {
  readonly reading: Reading;
  readonly hostFacts?: HostFacts;
  readonly limits?: Limits;
}

interface RuleCase {
  readonly broken: Case;
  /** What the evidence must say. */
  readonly says: RegExp;
  readonly close: Case;
}

function verdictOf(of: Partial<Verdict>, verdict: VerdictName): Verdict {
  return { ...of, verdict, sinceSeconds: NOW - 40, evidence: ['it says so', 'and so'] };
}

const CASES: Readonly<Record<string, RuleCase>> = {
  ENGINE_STALLED: {
    broken: {
      reading: {
        ...makeReading({}),
        verdicts: [verdictOf({ engine: '0', modelName: 'm' }, 'stalled')],
      },
    },
    says: /^engine 0 of m: it says so; and so$/,
    // Of the other kind, and what is fine.
    close: {
      reading: {
        ...makeReading({}),
        verdicts: [
          verdictOf({ processId: '17' }, 'stalled'),
          verdictOf({ engine: '0', modelName: 'm' }, 'ok'),
          verdictOf({ engine: '0', modelName: 'm' }, 'unknown'),
        ],
      },
    },
  },
  PROCESS_STALLED: {
    broken: {
      reading: { ...makeReading({}), verdicts: [verdictOf({ processId: '17' }, 'stalled')] },
    },
    says: /^process 17: it says so; and so$/,
    // Of the other kind, and what is fine.
    close: {
      reading: {
        ...makeReading({}),
        verdicts: [
          verdictOf({ engine: '0', modelName: 'm' }, 'stalled'),
          verdictOf({ processId: '17' }, 'ok'),
          verdictOf({ processId: '17' }, 'unknown'),
        ],
      },
    },
  },
  ENGINE_SILENT: {
    broken: {
      reading: {
        ...makeReading({}),
        verdicts: [verdictOf({ engine: '0', modelName: 'm' }, 'silent')],
      },
    },
    says: /^engine 0 of m: it says so; and so$/,
    // Of the other kind, and what is fine.
    close: {
      reading: {
        ...makeReading({}),
        verdicts: [
          verdictOf({ processId: '17' }, 'silent'),
          verdictOf({ engine: '0', modelName: 'm' }, 'ok'),
          verdictOf({ engine: '0', modelName: 'm' }, 'unknown'),
        ],
      },
    },
  },
  PROCESS_SILENT: {
    broken: {
      reading: { ...makeReading({}), verdicts: [verdictOf({ processId: '17' }, 'silent')] },
    },
    says: /^process 17: it says so; and so$/,
    // Of the other kind, and what is fine.
    close: {
      reading: {
        ...makeReading({}),
        verdicts: [
          verdictOf({ engine: '0', modelName: 'm' }, 'silent'),
          verdictOf({ processId: '17' }, 'ok'),
          verdictOf({ processId: '17' }, 'unknown'),
        ],
      },
    },
  },
  PROCESS_SLOW: {
    broken: { reading: { ...makeReading({}), verdicts: [verdictOf({ processId: '17' }, 'slow')] } },
    says: /^process 17: it says so; and so$/,
    // Of the other kind, and what is fine.
    close: {
      reading: {
        ...makeReading({}),
        verdicts: [
          verdictOf({ engine: '0', modelName: 'm' }, 'slow'),
          verdictOf({ processId: '17' }, 'ok'),
          verdictOf({ processId: '17' }, 'unknown'),
        ],
      },
    },
  },
  DAMAGED_FILE: {
    broken: { reading: makeReading({ 'counter_1.db': { fault: 'FILE_CORRUPT' } }) },
    says: /^counter_1\.db: key length 9 runs past used 8 at byte 8 \[FILE_CORRUPT\]$/,
    close: { reading: makeReading({ 'counter_1.db': {} }) },
  },
  UNREADABLE_FILE: {
    broken: { reading: makeReading({ 'counter_1.db': { fault: 'FILE_UNREADABLE' } }) },
    says: /^counter_1\.db: .* \[FILE_UNREADABLE\]$/,
    close: { reading: makeReading({ 'counter_1.db': { fault: 'FILE_CORRUPT' } }) },
  },
  UNUSABLE_ENTRY: {
    broken: { reading: makeReading({ 'counter_1.db': one('a', 1, { rawKey: '[1]' }) }) },
    says: /^counter_1\.db: key has none of the known shapes: \[1\] at byte 8$/,
    close: { reading: makeReading({ 'counter_1.db': one('a', 1) }) },
  },
  TWO_WRITERS: {
    broken: {
      reading: makeReading({ 'counter_1.db': {} }, { 1: { pid: 100, otherPids: [200] } }),
    },
    says: /^files of 1 are written by pids 100, 200$/,
    close: { reading: makeReading({ 'counter_1.db': {} }, { 1: { pid: 100 } }) },
  },
  FOREIGN_FILE: {
    broken: { reading: makeReading({ 'cache.db': {} }) },
    says: /^cache\.db: no client writes this name$/,
    close: { reading: makeReading({ 'counter_cache.db': {} }) },
  },
  LINK_TO_OTHER_OWNER: {
    broken: { reading: makeReading({ 'counter_1.db': { fault: 'LINK_TO_OTHER_OWNER' } }) },
    says: /^counter_1\.db: /,
    close: { reading: makeReading({ 'counter_1.db': { fault: 'FILE_UNREADABLE' } }) },
  },
  REPAIRED_TEXT: {
    broken: { reading: makeReading({ 'counter_1.db': one('a', 1, { help: null }) }) },
    says: /^counter_1\.db: help is null \(a\) at byte 8$/,
    close: { reading: makeReading({ 'counter_1.db': one('a', 1, { help: '' }) }) },
  },
  DEAD_LIVE_GAUGE: {
    broken: {
      reading: makeReading(
        { 'gauge_livesum_1.db': one('busy', 3), 'gauge_livesum_2.db': one('busy', 4) },
        { 1: 'alive', 2: 'dead' },
      ),
    },
    says: /^busy 7, 3 without them, mode livesum$/,
    close: {
      reading: makeReading(
        {
          'gauge_livesum_1.db': one('busy', 3),
          'gauge_livesum_2.db': one('busy', 4),
          'gauge_sum_3.db': one('other', 4),
        },
        { 1: 'alive', 2: 'unknown', 3: 'dead' },
      ),
    },
  },
  DEAD_ALL_GAUGE: {
    broken: {
      reading: makeReading(
        { 'gauge_all_1.db': one('v', 3), 'gauge_all_2.db': one('v', 4) },
        { 1: 'alive', 2: 'dead' },
      ),
    },
    says: /^v: 1 of 2 series are of dead processes, such as v\{pid="2"\}$/,
    close: {
      reading: makeReading(
        { 'gauge_all_1.db': one('v', 3), 'gauge_max_2.db': one('w', 4) },
        { 1: 'alive', 2: 'dead' },
      ),
    },
  },
  PREVIOUS_LIFE: {
    broken: {
      reading: makeReading(
        { 'gauge_mostrecent_1.db': one('g', 1, { timestampSeconds: NOW - 500 }) },
        { 1: { startSeconds: NOW - 100 } },
      ),
    },
    says: /^gauge_mostrecent_1\.db: has values set before its process began$/,
    close: {
      reading: makeReading(
        { 'gauge_mostrecent_1.db': one('g', 1, { timestampSeconds: NOW - 99 }) },
        { 1: { startSeconds: NOW - 100 } },
      ),
    },
  },
  BEFORE_BOOT: {
    broken: {
      reading: makeReading(
        { 'counter_1.db': { modifiedSeconds: NOW - 500, changedSeconds: NOW - 500 } },
        {},
        { bootSeconds: NOW - 400 },
      ),
    },
    says: /^counter_1\.db: last changed before boot$/,
    close: {
      // Copied back after boot with its old modification time.
      reading: makeReading(
        { 'counter_1.db': { modifiedSeconds: NOW - 500, changedSeconds: NOW - 300 } },
        {},
        { bootSeconds: NOW - 400 },
      ),
    },
  },
  MIXED_LAYOUTS: {
    broken: {
      reading: makeReading({
        'counter_1.db': one('a', 1),
        'counter_2.db': { ...one('a', 1), valueBytes: 8 },
      }),
    },
    says: /^prometheus_client 0\.18\+: 1 file, such as counter_1\.db$/,
    close: {
      reading: makeReading({ 'counter_1.db': one('a', 1), 'counter_2.db': { valueBytes: 0 } }),
    },
  },
  OLD_CLIENT: {
    broken: { reading: makeReading({ 'counter_2.db': { ...one('a', 1), valueBytes: 8 } }) },
    says: /^prometheus_client 0\.16-0\.17: 1 file,/,
    close: { reading: makeReading({ 'counter_2.db': one('a', 1) }) },
  },
  TYPE_CONFLICT: {
    broken: { reading: makeReading({ 'counter_1.db': one('a', 1), 'summary_1.db': one('a', 1) }) },
    says: /^a: counter in counter_1\.db, summary in summary_1\.db$/,
    close: { reading: makeReading({ 'counter_1.db': one('a', 1), 'summary_1.db': one('b', 1) }) },
  },
  MODE_CONFLICT: {
    broken: {
      reading: makeReading({ 'gauge_max_1.db': one('a', 1), 'gauge_min_1.db': one('a', 1) }),
    },
    says: /^a: mode max in gauge_max_1\.db, mode min in gauge_min_1\.db$/,
    close: {
      reading: makeReading({ 'gauge_max_1.db': one('a', 1), 'gauge_max_2.db': one('a', 1) }),
    },
  },
  BUCKET_CONFLICT: {
    broken: {
      reading: makeReading({
        'histogram_1.db': histogram('1', '2', '+Inf'),
        'histogram_2.db': histogram('1', '3', '+Inf'),
      }),
    },
    says: /^h: 3 buckets \(1 2 \+Inf\) in histogram_1\.db, 3 buckets \(1 3 \+Inf\) in histogram_2\.db$/,
    close: {
      // One bound in two spellings, and a file without that label set.
      reading: makeReading({
        'histogram_1.db': histogram('1', '2', '+Inf'),
        'histogram_2.db': histogram('1.0', '2.0', 'Inf'),
        'histogram_3.db': {
          entries: [{ name: 'h', sampleName: 'h_bucket', labels: { a: 'b', le: '7' }, value: 1 }],
        },
      }),
    },
  },
  IDENTICAL_SERIES: {
    broken: {
      reading: makeReading({
        'gauge_all_1.db': {
          entries: [
            { name: 'g', labels: { pid: 'a' } },
            { name: 'g', labels: { pid: 'b' } },
          ],
        },
      }),
    },
    says: /^g: 1 series, such as g\{pid="1"\}$/,
    close: {
      reading: makeReading({
        'gauge_all_1.db': one('g', 1, { labels: { pid: 'a' } }),
        'gauge_all_2.db': one('g', 1, { labels: { pid: 'b' } }),
      }),
    },
  },
  HELP_CONFLICT: {
    broken: {
      reading: makeReading({
        'counter_1.db': one('a', 1, { help: 'old' }),
        'counter_2.db': one('a', 1, { help: 'new' }),
      }),
    },
    says: /^a: "old" in counter_1\.db, "new" in counter_2\.db$/,
    close: { reading: makeReading({ 'counter_1.db': one('a', 1), 'counter_2.db': one('a', 1) }) },
  },
  SUM_OF_TIMES: {
    broken: {
      reading: makeReading({
        'gauge_sum_1.db': one('vllm:lora_requests_info', NOW - 5),
        'gauge_sum_2.db': one('vllm:lora_requests_info', NOW),
      }),
    },
    says: /^vllm:lora_requests_info 3,399,999,995 is the sum of 2 times$/,
    close: {
      // The same values where they are not added, and a large count that is added.
      reading: makeReading({
        'gauge_max_1.db': one('started', NOW - 5),
        'gauge_max_2.db': one('started', NOW),
        'gauge_sum_1.db': one('held_bytes', 64e9),
        'gauge_sum_2.db': one('held_bytes', 65e9),
        'gauge_sum_3.db': one('broken', Number.NaN),
        'gauge_sum_4.db': one('broken', NOW),
      }),
    },
  },
  MIN_HELD_BY_ZERO: {
    broken: {
      reading: makeReading({
        'gauge_min_1.db': one('start', 0),
        'gauge_min_2.db': one('start', 7),
      }),
    },
    says: /^start is 0 in process 1, above 0 in 1 other$/,
    close: {
      reading: makeReading({ 'gauge_min_1.db': one('low', 0), 'gauge_min_2.db': one('low', -7) }),
    },
  },
  STALE_GAUGE: {
    broken: {
      reading: makeReading({
        'gauge_mostrecent_1.db': one('running', 7, { timestampSeconds: NOW - 41 * 60 }),
      }),
    },
    says: /^running: 7 was set 41m ago$/,
    close: {
      reading: makeReading({
        'gauge_mostrecent_1.db': one('running', 7, { timestampSeconds: NOW - 41 * 60 }),
        'gauge_mostrecent_2.db': one('running', 8, { timestampSeconds: NOW - 60 }),
      }),
    },
  },
  LABEL_CARDINALITY: {
    broken: {
      reading: makeReading({
        'counter_1.db': many(1001, (i) => ({ name: 'r', labels: { path: `/${i}` } })),
      }),
    },
    says: /^r: 1,001 label sets, 1,001 values of label path$/,
    close: {
      // As many series, but the buckets of few label sets.
      reading: makeReading({
        'histogram_1.db': many(1001, (i) => ({
          name: 'h',
          sampleName: 'h_bucket',
          labels: { le: String(i) },
        })),
      }),
    },
  },
  BUDGET_EXCEEDED: {
    broken: {
      reading: makeReading({
        'counter_1.db': many(2, (i) => ({ name: 'first', labels: { i: String(i) } })),
        'counter_2.db': many(2, (i) => ({ name: 'second', labels: { i: String(i) } })),
      }),
      limits: withChosen(UNLIMITED, [{ scope: undefined, quantity: 'series', amount: 3 }]),
    },
    says: /^counter_2\.db: needs more than 3 series, the limit for a source$/,
    close: {
      reading: makeReading({
        'counter_1.db': many(2, (i) => ({ name: 'first', labels: { i: String(i) } })),
        'counter_2.db': many(2, (i) => ({ name: 'second', labels: { i: String(i) } })),
      }),
      limits: withChosen(UNLIMITED, [{ scope: undefined, quantity: 'series', amount: 4 }]),
    },
  },
  PID_EXPLOSION: {
    broken: {
      reading: makeReading(
        Object.fromEntries(
          Array.from({ length: 101 }, (_, i) => [`gauge_all_${i}.db`, one('g', 1)]),
        ),
      ),
    },
    says: /^g: 101 series of 101 processes, mode all$/,
    close: {
      reading: makeReading(
        Object.fromEntries(
          Array.from({ length: 101 }, (_, i) => [`gauge_sum_${i}.db`, one('g', 1)]),
        ),
      ),
    },
  },
  MANY_FILES: {
    broken: { reading: graveyard(1001) },
    says: /^1,001 files of 1,001 processes, 1,001 of dead processes$/,
    close: { reading: graveyard(1000) },
  },
  DISK_GROWTH: {
    broken: { reading: graveyard(200, { diskBytes: 2 ** 20 }) },
    says: /^200 files of dead processes take 200 MiB, 200 MiB of it written in the last 24 h$/,
    close: { reading: makeReading({ 'counter_1.db': { diskBytes: 2 ** 30 } }, { 1: 'alive' }) },
  },
  DISK_FULL: {
    broken: { reading: makeReading({}), hostFacts: around({ freeBytes: 2 ** 20 }) },
    says: /^1 MiB free$/,
    close: { reading: makeReading({}), hostFacts: around({ freeInodes: undefined }) },
  },
  VARIABLE_UNSET: {
    broken: {
      reading: makeReading({}),
      hostFacts: withProcess({
        ...API_SERVER,
        variable: undefined,
        writesTo: [],
        writesHere: false,
        namesThis: false,
      }),
    },
    says: /^pid 42 \(VLLM::APIServer_0\)$/,
    close: { reading: makeReading({}), hostFacts: withProcess(API_SERVER) },
  },
  VARIABLE_EMPTY: {
    broken: {
      reading: makeReading({}),
      hostFacts: withProcess({ variable: '', writesTo: ['/app'], writesHere: false }),
    },
    says: /^pid 42 \(python3\.11\) writes to \/app$/,
    close: { reading: makeReading({}), hostFacts: withProcess({ variable: undefined }) },
  },
  VARIABLE_LOWER_CASE: {
    broken: {
      reading: makeReading({}),
      hostFacts: withProcess({ variable: undefined, oldVariable: '/run/prom' }),
    },
    says: /^pid 42 \(python3\.11\): prometheus_multiproc_dir=\/run\/prom$/,
    close: { reading: makeReading({}), hostFacts: withProcess({ oldVariable: '/run/prom' }) },
  },
  VARIABLE_TOO_LATE: {
    broken: {
      reading: makeReading({}),
      hostFacts: withProcess({ ...API_SERVER, writesTo: [], writesHere: false }),
    },
    says: /^pid 42 \(VLLM::APIServer_0\)$/,
    close: {
      // An engine inherits the variable and writes nothing: that is as it should be.
      reading: makeReading({}),
      hostFacts: withProcess({ role: 'VLLM::EngineCore_0', writesTo: [], writesHere: false }),
    },
  },
  WRITES_ELSEWHERE: {
    broken: {
      reading: makeReading({}),
      hostFacts: withProcess({ writesTo: ['/tmp/other'], writesHere: false }),
    },
    says: /^pid 42 \(python3\.11\) writes to \/tmp\/other$/,
    close: {
      // Another application, while one writes here.
      reading: makeReading({ 'counter_1.db': {} }, { 1: 'alive' }),
      hostFacts: withProcess({
        variable: '/tmp/other',
        namesThis: false,
        writesTo: ['/tmp/other'],
        writesHere: false,
      }),
    },
  },
  NOBODY_WRITES: {
    broken: {
      reading: makeReading({ 'counter_1.db': {} }, { 1: 'dead' }),
      hostFacts: withProcess({
        namesThis: false,
        writesTo: ['/tmp/other'],
        writesHere: false,
      }),
    },
    says: /^pid 42 \(python3\.11\) writes to \/tmp\/other$/,
    close: {
      reading: makeReading({ 'counter_1.db': {} }, { 1: 'alive' }),
      hostFacts: withProcess({
        namesThis: false,
        writesTo: ['/tmp/other'],
        writesHere: false,
      }),
    },
  },
  NO_VLLM_FAMILY: {
    broken: {
      reading: makeReading({ 'counter_1.db': one('http_requests', 1) }, { 1: API_SERVER }),
    },
    says: /^VLLM::APIServer_0 \(pid 42\) runs$/,
    close: {
      reading: makeReading({ 'counter_1.db': one('vllm:prompt_tokens', 1) }, { 1: API_SERVER }),
    },
  },
  NETWORK_FILE_SYSTEM: {
    broken: { reading: makeReading({}), hostFacts: around({ fileSystem: 'nfs4' }) },
    says: /^file system type nfs4$/,
    close: { reading: makeReading({}), hostFacts: around({ fileSystem: 'ext4' }) },
  },
  OVERLAY_FILE_SYSTEM: {
    broken: { reading: makeReading({}), hostFacts: around({ fileSystem: 'overlay' }) },
    says: /^file system type overlay$/,
    close: { reading: makeReading({}), hostFacts: around({ fileSystem: undefined }) },
  },
  LINT: {
    broken: { reading: makeReading({ 'gauge_max_1.db': one('latency_ms', 1) }) },
    says: /^metric names should not contain abbreviated units: latency_ms$/,
    close: { reading: makeReading({ 'gauge_max_1.db': one('latency_seconds', 1) }) },
  },
};

describe('check', () => {
  const find = ({ reading, hostFacts, limits }: Case, code: string) =>
    check(reading, hostFacts, RULES, limits).findings.find((finding) => finding.code === code);

  for (const { code } of RULES) {
    const rule = CASES[code];
    it(`${code}: has a case`, () => assert.ok(rule));
    if (rule === undefined) continue;
    it(`${code}: is found`, () => {
      const finding = find(rule.broken, code);
      assert.ok(finding, 'not found');
      assert.match(finding.evidence[0]!.text, rule.says);
    });
    it(`${code}: is not found close to it`, () => {
      assert.deepEqual(find(rule.close, code)?.evidence, undefined);
    });
  }

  it('finds nothing in an empty directory', () => {
    assert.deepEqual(check(makeReading({}), around()), {
      path: '/run/prom',
      takenAtSeconds: NOW,
      count: { error: 0, warning: 0, info: 0 },
      findings: [],
    });
  });

  it('puts errors first, and has the documented shape', () => {
    const { count, findings } = check(
      makeReading({
        'cache.db': {},
        'counter_1.db': { fault: 'FILE_CORRUPT' },
        'gauge_max_1.db': one('latency_ms', 1),
      }),
    );
    assert.deepEqual(count, { error: 1, warning: 1, info: 1 });
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['error', 'warning', 'info'],
    );
    assert.deepEqual(Object.keys(findings[0]!).sort(), [
      'code',
      'cure',
      'effect',
      'evidence',
      'severity',
      'title',
    ]);
  });

  it('says nothing of this machine about a snapshot', () => {
    const { findings } = check(makeReading({ 'counter_1.db': one('a', 1) }));
    assert.deepEqual(findings, []);
  });
});
