/** The series, with their values. */
import { listSeries, SERIES_SORTS } from '../../../inspect/series/list-series.js';
import { inSlices } from '../../../steps.js';
import { viewEndpoint } from '../api-endpoint.js';
import { MATCH, PAGING, PROCESS_ID, pageIn, SEARCH, sortBy } from '../parameters.js';
import { list, object, ref, SECONDS } from '../schema.js';

export const SERIES = viewEndpoint({
  path: '/series',
  answers: 'Series that `match[]` selects, with their values.',
  parameters: {
    'match[]': MATCH,
    process: PROCESS_ID,
    search: SEARCH,
    sort: sortBy(SERIES_SORTS),
    ...PAGING,
  },
  schema: object({ takenAtSeconds: SECONDS, series: list(ref('Series')) }),
  example: '?sort=-value&limit=5',
  async view(
    { index, reading, perSecond },
    { 'match[]': selectors, process, search, sort, ...paging },
  ) {
    const page = pageIn(paging);
    const query = { selectors, process, search, sort, page };
    const { total, series } = await inSlices(listSeries(index, query, await perSecond()));
    return { body: { takenAtSeconds: reading.takenAtSeconds, series }, total };
  },
});
