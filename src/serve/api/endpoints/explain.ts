/** How series are made up: the share of each process, now or over time. */
import { explainPage } from '../../../inspect/explain/explain-page.js';
import {
  explainPast,
  MAX_POINTS,
  type PastExplanationPage,
} from '../../../inspect/explain/history.js';
import { spanWithin } from '../../../inspect/moment.js';
import { nearest } from '../../../inspect/near-names.js';
import type { RecordedPast } from '../../../inspect/recorded-reading.js';
import { type SeriesTable, seriesTable } from '../../../inspect/series/series-table.js';
import { inSlices } from '../../../steps.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import {
  limitOf,
  MAX_LIMIT,
  moment,
  PAGING,
  pageIn,
  SELECTOR,
  step,
  type Values,
} from '../parameters.js';
import { COUNT, list, object, ref, SECONDS, STRING } from '../schema.js';

/** Series on a page by default: each has a share for every process. */
const DEFAULT_LIMIT = 20;

/** Names that are compared with one that was not found. */
const MAX_NAMES = 10_000;

/** That are read of the recording for one answer: 17 MB. */
const MAX_VALUES = 2 ** 20;

const DAY_SECONDS = 86_400;

const PARAMETERS = {
  series: SELECTOR,
  start: moment('The history from then on, of what the flight recorder has.'),
  end: moment('The history up to then.'),
  step: step(
    `Between two points of the history, of which there are ${MAX_POINTS} at most; without it they are spread evenly.`,
    DAY_SECONDS,
  ),
  limit: limitOf('series and histograms', DEFAULT_LIMIT, MAX_LIMIT),
  offset: PAGING.offset,
};

export const EXPLAIN = viewEndpoint({
  path: '/explain',
  answers:
    'How each series that `series` selects is made up, as `explain --json`; with `start` or `end` over time, as `explain --since --json`.',
  parameters: PARAMETERS,
  schema: object(
    {
      path: STRING,
      takenAtSeconds: SECONDS,
      series: list(ref('ExplainedSeries')),
      histograms: {
        ...list(ref('ExplainedHistogram')),
        description: 'On the page after all series.',
      },
    },
    {
      sinceSeconds: SECONDS,
      untilSeconds: SECONDS,
      moments: { ...COUNT, description: 'That were read between the two.' },
    },
  ),
  example: '?series=up',
  async view({ reading, index, source }, values, { past }) {
    const { text, selector } = values.series;
    const isOverTime = values.start !== undefined || values.end !== undefined;
    const { explanation, total } = isOverTime
      ? await explainSpan(past(source), values)
      : await inSlices(explainPage(reading, index, selector, pageIn(values)));
    if (total === 0) {
      const table = await inSlices(seriesTable(index.layout));
      throw new ApiError(404, `series: none is ${text}${nearNames(table, selector.name)}`);
    }
    return { body: explanation, total };
  },
});

async function explainSpan(
  past: RecordedPast,
  { series, start, end, step: stepSeconds, ...paging }: Values<typeof PARAMETERS>,
): Promise<PastExplanationPage> {
  try {
    const { fromSeconds, toSeconds } = spanWithin(past.span, start, end);
    const least = (toSeconds - fromSeconds) / MAX_POINTS;
    if (stepSeconds !== undefined && stepSeconds < least) {
      const seconds = Math.ceil(least * 10) / 10;
      const found = `got ${stepSeconds}s`;
      throw new ApiError(400, `step: expected at least ${seconds}s for so long a time, ${found}`);
    }
    const query = {
      fromSeconds,
      toSeconds,
      stepSeconds,
      page: pageIn(paging),
      maxValues: MAX_VALUES,
    };
    return await explainPast(past, series.selector, query);
  } finally {
    past.close();
  }
}

function nearNames({ kinds }: SeriesTable, wanted: string | undefined): string {
  if (wanted === undefined || kinds.length > MAX_NAMES) return '';
  const names = kinds.flatMap(({ family, kind }) => [family.name, kind.sampleName]);
  if (names.includes(wanted)) return `; ${wanted} exists, with other labels`;
  const near = nearest(wanted, names);
  return near.length === 0 ? '' : `; near names: ${near.join(', ')}`;
}
