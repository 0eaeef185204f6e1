/** How series are made up: the share of each process. */
import { explainPage } from '../../../inspect/explain/explain-page.js';
import { nearest } from '../../../inspect/near-names.js';
import { type SeriesTable, seriesTable } from '../../../inspect/series/series-table.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import { limitOf, MAX_LIMIT, PAGING, pageIn, SELECTOR } from '../parameters.js';
import { list, object, ref, SECONDS, STRING } from '../schema.js';

/** Series on a page by default: each has a share for every process. */
const DEFAULT_LIMIT = 20;

/** Names that are compared with one that was not found. */
const MAX_NAMES = 10_000;

export const EXPLAIN = viewEndpoint({
  path: '/explain',
  answers: 'How each series that `series` selects is made up, as `explain --json`.',
  parameters: {
    series: SELECTOR,
    limit: limitOf('series and histograms', DEFAULT_LIMIT, MAX_LIMIT),
    offset: PAGING.offset,
  },
  schema: object({
    path: STRING,
    takenAtSeconds: SECONDS,
    series: list(ref('ExplainedSeries')),
    histograms: {
      ...list(ref('ExplainedHistogram')),
      description: 'On the page after all series.',
    },
  }),
  example: '?series=up',
  *view({ reading, index }, { series: { text, selector }, ...paging }) {
    const { explanation, total } = yield* explainPage(reading, index, selector, pageIn(paging));
    if (total === 0) {
      const table = yield* seriesTable(index.layout);
      throw new ApiError(404, `series: none is ${text}${nearNames(table, selector.name)}`);
    }
    return { body: explanation, total };
  },
});

function nearNames({ kinds }: SeriesTable, wanted: string | undefined): string {
  if (wanted === undefined || kinds.length > MAX_NAMES) return '';
  const names = kinds.flatMap(({ family, kind }) => [family.name, kind.sampleName]);
  if (names.includes(wanted)) return `; ${wanted} exists, with other labels`;
  const near = nearest(wanted, names);
  return near.length === 0 ? '' : `; near names: ${near.join(', ')}`;
}
