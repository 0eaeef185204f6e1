/** What changed from a moment that was recorded to the one of the answer. */
import { type ChangedSeries, type Difference, diffInSteps } from '../../../inspect/diff.js';
import type { Reading } from '../../../inspect/reading.js';
import { Memo } from '../../../memo.js';
import { inSlices } from '../../../steps.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import { choice, limitOf, MAX_LIMIT, moment } from '../parameters.js';
import { COUNT, list, object, ref, SECONDS, STRING } from '../schema.js';

const DEFAULT_LIMIT = 100;

const COUNTS = object({
  added: COUNT,
  removed: COUNT,
  changed: COUNT,
  wentBack: COUNT,
  same: COUNT,
});

/** By the later reading: of the earlier ones that it was compared with, and whether by process. */
const differences = new Memo<Reading, Map<string, Promise<Difference>>>();

export const DIFF = viewEndpoint({
  path: '/diff',
  answers:
    'What changed since the moment `before`, as `diff --json` of two moments: up to now, or up to `at`.',
  parameters: {
    before: moment('The earlier moment, of what the flight recorder has.'),
    by: choice('With `process`, of each process.', ['process'] as const),
    parts: choice(
      'With `none`, series that are part of a histogram are in no list but `histograms`.',
      ['none'] as const,
    ),
    sort: choice('The largest changes first, instead of the order of `/metrics`.', [
      '-delta',
    ] as const),
    limit: limitOf('elements of each list', DEFAULT_LIMIT, MAX_LIMIT),
  },
  schema: object(
    {
      before: STRING,
      after: STRING,
      beforeSeconds: SECONDS,
      afterSeconds: SECONDS,
      added: list(ref('ChangedSeries')),
      removed: list(ref('ChangedSeries')),
      changed: list(ref('ChangedSeries')),
      same: COUNT,
      wentBack: COUNT,
      counts: COUNTS,
      damagedFiles: object({ before: COUNT, after: COUNT }),
      histograms: object({ changed: list(ref('ChangedHistogram')), same: COUNT }),
      ownSeries: COUNT,
    },
    {},
  ),
  example: '?before=-1m',
  async view({ reading, source }, { before, by, parts, sort, limit }, { at }) {
    if (before === undefined) throw new ApiError(400, 'before: expected a moment, got none');
    const earlier = await at(source, before);
    try {
      const known = differences.get(reading, () => new Map());
      const key = `${by} ${earlier.reading.takenAtSeconds}`;
      const made = known.get(key) ?? inSlices(diffInSteps(earlier.reading, reading, by));
      known.set(key, made);
      made.catch(() => known.delete(key));
      const difference = await made;
      const shown = (list: readonly ChangedSeries[]) => {
        // Before the cut: a histogram has many parts, and the largest changes are theirs.
        const wanted = parts === 'none' ? list.filter(isSingle) : list;
        return (sort === undefined ? wanted : [...wanted].sort(largestFirst)).slice(0, limit);
      };
      const body = {
        ...difference,
        beforeSeconds: earlier.reading.takenAtSeconds,
        afterSeconds: reading.takenAtSeconds,
        added: shown(difference.added),
        removed: shown(difference.removed),
        changed: shown(difference.changed),
        histograms: {
          ...difference.histograms,
          changed: difference.histograms.changed.slice(0, limit),
        },
      };
      return { body };
    } finally {
      earlier.release();
    }
  },
});

function isSingle({ histogram }: ChangedSeries): boolean {
  return histogram === undefined;
}

/** What is not a number is last. */
function largestFirst(a: ChangedSeries, b: ChangedSeries): number {
  const size = ({ delta, before, after }: ChangedSeries) =>
    Math.abs(delta ?? after ?? before ?? 0) || 0;
  return size(b) - size(a);
}
