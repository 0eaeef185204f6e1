/** What is known of why writers ended. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EndReason, judgeEnds, type SeenWriter } from '../../src/record/ends.js';
import { describeEnds } from '../../src/record/incident.js';

/** Seen last at 1000, where it does not say so. */
function writer(
  pid: number,
  role: string | undefined,
  startSeconds = 100,
  lastSeenSeconds = 1000,
): SeenWriter {
  return {
    processId: String(pid),
    pid,
    role,
    program: 'python3',
    startSeconds,
    lastSeenSeconds,
  };
}

const GUNICORN = 'gunicorn: worker [app:api]';
const [A, B, C, D] = [1, 2, 3, 4].map((pid) => writer(pid, GUNICORN)) as [
  SeenWriter,
  SeenWriter,
  SeenWriter,
  SeenWriter,
];
const API = [10, 11].map((pid) => writer(pid, `VLLM::APIServer_${pid - 10}`));
const ENGINE = [20, 21].map((pid) => writer(pid, `VLLM::EngineCore_${pid - 20}`));

const TABLE: [
  title: string,
  before: SeenWriter[],
  ended: SeenWriter[],
  began: SeenWriter[],
  expected: Record<number, EndReason>,
][] = [
  ['one that none follows', [A, B, C, D], [A], [], { 1: 'vanished' }],
  ['two of four that none follow', [A, B, C, D], [A, B], [], { 1: 'vanished', 2: 'vanished' }],
  ['the only writer, which none follows', [A], [A], [], { 1: 'vanished' }],
  ['the only writer, and another one', [A], [A], [writer(5, GUNICORN, 1001)], { 1: 'replaced' }],
  ['one and another of its role', [A, B], [A], [writer(5, GUNICORN, 1001)], { 1: 'replaced' }],
  [
    'one whose successor started 10 s before it was last seen',
    [A, B],
    [A],
    [writer(5, GUNICORN, 990)],
    { 1: 'replaced' },
  ],
  [
    'one that another of its role was there for before',
    [A, B],
    [A],
    [writer(5, GUNICORN, 989)],
    { 1: 'vanished' },
  ],
  ['one and another of another role', [A, B], [A], [writer(5, 'celery', 1001)], { 1: 'vanished' }],
  [
    'two, and one that takes the place of one of them',
    [A, B, C],
    [A, { ...B, lastSeenSeconds: 1003 }],
    [writer(5, GUNICORN, 1004)],
    { 1: 'replaced', 2: 'vanished' },
  ],
  [
    'a crash loop: its successors ended, too',
    [A, B],
    [A, writer(5, GUNICORN, 1001, 1003)],
    [writer(5, GUNICORN, 1001, 1003), writer(6, GUNICORN, 1004)],
    { 1: 'replaced', 5: 'replaced' },
  ],
  [
    'a crash loop that ends',
    [A, B],
    [A, writer(5, GUNICORN, 1001, 1003)],
    [writer(5, GUNICORN, 1001, 1003)],
    { 1: 'replaced', 5: 'vanished' },
  ],
  [
    'all workers but one, each with a successor: max_requests at once',
    [A, B, C],
    [A, B],
    [writer(5, GUNICORN, 1001), writer(6, GUNICORN, 1001)],
    { 1: 'replaced', 2: 'replaced' },
  ],
  ['all writers', [A, B, C], [A, B, C], [], { 1: 'rollout', 2: 'rollout', 3: 'rollout' }],
  [
    'all writers of several roles',
    [...API, ...ENGINE],
    [...API, ...ENGINE],
    [],
    { 10: 'rollout', 11: 'rollout', 20: 'rollout', 21: 'rollout' },
  ],
  [
    'all writers, and fewer that begin',
    [A, B],
    [A, B],
    [writer(5, GUNICORN, 1001)],
    { 1: 'rollout', 2: 'rollout' },
  ],
  [
    'all of a role, and others of that role',
    [...API, ...ENGINE],
    API,
    [writer(30, 'VLLM::APIServer_0', 1001)],
    { 10: 'rollout', 11: 'rollout' },
  ],
  [
    'all of a role, which none follows',
    [...API, ...ENGINE],
    ENGINE,
    [],
    {
      20: 'vanished',
      21: 'vanished',
    },
  ],
  [
    'one of each role, of which one has a successor',
    [...API, ...ENGINE],
    [API[0]!, ENGINE[0]!],
    [writer(30, 'VLLM::APIServer_0', 1001)],
    { 10: 'replaced', 20: 'vanished' },
  ],
  [
    'one whose role is not known, and another of its program',
    [A, writer(7, undefined)],
    [writer(7, undefined)],
    [writer(8, undefined, 1002)],
    { 7: 'replaced' },
  ],
  [
    'one of celery, whose title has its number in brackets',
    [A, writer(7, '[celeryd: celery@h:ForkPoolWorker-1]')],
    [writer(7, '[celeryd: celery@h:ForkPoolWorker-1]')],
    [writer(8, '[celeryd: celery@h:ForkPoolWorker-9]', 1002)],
    { 7: 'replaced' },
  ],
];

describe('the end of writers', () => {
  for (const [title, before, ended, began, expected] of TABLE) {
    it(`is judged: ${title}`, () => {
      const reasons = judgeEnds({ before, ended, began });
      assert.deepEqual(Object.fromEntries(reasons), expected);
    });
  }

  it('is an incident whose reason is what is unexplained, with the states of all', () => {
    const began = [writer(5, GUNICORN, 1001)];
    const ended = [A, { ...B, lastSeenSeconds: 1003 }];
    const { reason, timeSeconds, processes } = describeEnds({ before: [A, B, C], ended, began });
    assert.equal(reason, 'vanished');
    assert.equal(timeSeconds, 1000);
    assert.deepEqual(
      processes.map(({ pid, state, lastSeenSeconds }) => [pid, state, lastSeenSeconds]),
      [
        [1, 'replaced', 1000],
        [2, 'vanished', 1003],
        [3, 'alive', undefined],
        [5, 'began', undefined],
      ],
    );
  });
});
