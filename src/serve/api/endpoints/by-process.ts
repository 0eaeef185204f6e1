/** How many series each process has a value of. */
import { countProcesses, PROCESS_COUNT_SORTS } from '../../../inspect/series/count-processes.js';
import { viewEndpoint } from '../api-endpoint.js';
import { MATCH, PAGING, pageIn, SEARCH, sortBy } from '../parameters.js';
import { COUNT, list, object, SECONDS, STRING } from '../schema.js';

export const BY_PROCESS = viewEndpoint({
  path: '/series/by-process',
  answers:
    'The processes that have series which `match[]` selects: how many, and how many entries.',
  parameters: { 'match[]': MATCH, search: SEARCH, sort: sortBy(PROCESS_COUNT_SORTS), ...PAGING },
  schema: object({
    takenAtSeconds: SECONDS,
    processes: list(object({ processId: STRING, series: COUNT, entries: COUNT })),
  }),
  example: '?sort=-series&limit=5',
  *view({ index, reading }, { 'match[]': selectors, search, sort, ...paging }) {
    const query = { selectors, search, sort, page: pageIn(paging) };
    const { total, processes } = yield* countProcesses(index, query);
    return { body: { takenAtSeconds: reading.takenAtSeconds, processes }, total };
  },
});
