/** The labels, and the values of one: how many series have them. */
import {
  LABEL_SORTS,
  listLabels,
  listLabelValues,
  VALUE_SORTS,
} from '../../../inspect/series/list-labels.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import { inPath, MATCH, PAGING, PROCESS_ID, pageIn, SEARCH, sortBy } from '../parameters.js';
import { list, object, ref, SECONDS, STRING } from '../schema.js';

export const LABELS = viewEndpoint({
  path: '/labels',
  answers: 'The label names: how many values, series, entries and families each has.',
  parameters: {
    'match[]': MATCH,
    process: PROCESS_ID,
    search: SEARCH,
    sort: sortBy(LABEL_SORTS),
    ...PAGING,
  },
  schema: object({ takenAtSeconds: SECONDS, labels: list(ref('Label')) }),
  example: '?sort=-values&limit=5',
  *view({ index, reading }, { 'match[]': selectors, process, search, sort, ...paging }) {
    const page = pageIn(paging);
    const { total, labels } = yield* listLabels(index, { selectors, process, search, sort, page });
    return { body: { takenAtSeconds: reading.takenAtSeconds, labels }, total };
  },
});

export const LABEL_VALUES = viewEndpoint({
  path: '/labels/{name}/values',
  answers: 'The values of one label: how many series, entries and families each has.',
  parameters: {
    name: inPath('Of the label, as printed.'),
    'match[]': MATCH,
    process: PROCESS_ID,
    search: SEARCH,
    sort: sortBy(VALUE_SORTS),
    ...PAGING,
  },
  schema: object({ takenAtSeconds: SECONDS, label: STRING, values: list(ref('LabelValue')) }),
  example: '?sort=-series&limit=5',
  *view({ index, reading }, { name, 'match[]': selectors, process, search, sort, ...paging }) {
    const page = pageIn(paging);
    const found = yield* listLabelValues(index, name, { selectors, process, search, sort, page });
    if (found === undefined) throw new ApiError(404, `name: no series has a label '${name}'`);
    const { total, values } = found;
    return { body: { takenAtSeconds: reading.takenAtSeconds, label: name, values }, total };
  },
});
