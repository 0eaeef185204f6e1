/** The metric families. */
import { FAMILY_SORTS, listFamilies } from '../../../inspect/series/list-families.js';
import { viewEndpoint } from '../api-endpoint.js';
import { MATCH, PAGING, PROCESS_ID, pageIn, SEARCH, sortBy } from '../parameters.js';
import { list, object, ref, SECONDS } from '../schema.js';

export const FAMILIES = viewEndpoint({
  path: '/families',
  answers:
    'The metric families: type, mode, help, and how many series, entries and bytes each has.',
  parameters: {
    'match[]': MATCH,
    process: PROCESS_ID,
    search: SEARCH,
    sort: sortBy(FAMILY_SORTS),
    ...PAGING,
  },
  schema: object({ takenAtSeconds: SECONDS, families: list(ref('Family')) }),
  example: '?sort=-series&limit=5',
  *view({ index, reading }, { 'match[]': selectors, process, search, sort, ...paging }) {
    const page = pageIn(paging);
    const { total, families } = yield* listFamilies(index, {
      selectors,
      process,
      search,
      sort,
      page,
    });
    return { body: { takenAtSeconds: reading.takenAtSeconds, families }, total };
  },
});
