/** The series, with their values. */
import { listSeries, SERIES_SORTS } from '../../../inspect/series/list-series.js';
import { viewEndpoint } from '../api-endpoint.js';
import { MATCH, PAGING, pageIn, SEARCH, sortBy } from '../parameters.js';
import { list, object, ref, SECONDS } from '../schema.js';

export const SERIES = viewEndpoint({
  path: '/series',
  answers: 'Series that `match[]` selects, with their values.',
  parameters: { 'match[]': MATCH, search: SEARCH, sort: sortBy(SERIES_SORTS), ...PAGING },
  schema: object({ takenAtSeconds: SECONDS, series: list(ref('Series')) }),
  example: '?sort=-value&limit=5',
  *view({ index, reading, columns }, { 'match[]': selectors, search, sort, ...paging }) {
    const page = pageIn(paging);
    const { total, series } = yield* listSeries(index, { selectors, search, sort, page }, columns);
    return { body: { takenAtSeconds: reading.takenAtSeconds, series }, total };
  },
});
