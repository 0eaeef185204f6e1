/** The processes that write, and one of them. */
import { sliceList } from '../../../inspect/list.js';
import { viewProcess } from '../../../inspect/one-process.js';
import { type ProcessesView, type ProcessView, viewProcesses } from '../../../inspect/processes.js';
import type { Reading } from '../../../inspect/reading.js';
import { Memo } from '../../../memo.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import { inPath, PAGING, pageIn, sortBy } from '../parameters.js';
import { list, object, ref, SECONDS, STRING } from '../schema.js';
import { sortViews } from './view-sort.js';

const SORTS = [
  'processId',
  'liveness',
  'files',
  'entries',
  'usedBytes',
  'sizeBytes',
  'diskBytes',
  'startSeconds',
  'lastSeenSeconds',
  'firstSeenSeconds',
] as const satisfies readonly (keyof ProcessView)[];

const views = new Memo<Reading, ProcessesView>();

export const PROCESSES = viewEndpoint({
  path: '/processes',
  answers: 'The processes that write, as `ls --json`.',
  parameters: { sort: sortBy(SORTS), ...PAGING },
  schema: object({
    path: STRING,
    takenAtSeconds: SECONDS,
    processes: list(ref('Process')),
    total: ref('ProcessTotal'),
  }),
  example: '?sort=-entries&limit=5',
  async view({ reading }, { sort, ...paging }) {
    const view = views.get(reading, viewProcesses);
    const { offset, limit } = pageIn(paging);
    const processes = sortViews(view.processes, sort).slice(offset, offset + limit);
    return { body: { ...view, processes }, total: view.processes.length };
  },
});

export const PROCESS = viewEndpoint({
  path: '/processes/{id}',
  answers: 'One process, with its files, and its gauges with their ages.',
  parameters: { id: inPath('As in the names of its files.'), ...PAGING },
  schema: object({
    path: STRING,
    takenAtSeconds: SECONDS,
    process: ref('Process'),
    files: list(ref('File')),
    gauges: { ...list(ref('Gauge')), description: 'One page of them.' },
  }),
  example: '',
  async view({ reading }, { id, ...paging }) {
    const view = viewProcess(reading, id);
    if (view === undefined) throw new ApiError(404, `id: no file is of process '${id}'`);
    const { offset, limit } = pageIn(paging);
    const gauges = sliceList(view.gauges, offset, offset + limit);
    return { body: { ...view, gauges }, total: view.gauges.length };
  },
});
