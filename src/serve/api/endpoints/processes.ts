/** The processes that write, and one of them. */
import { sliceList } from '../../../inspect/list.js';
import { viewProcess } from '../../../inspect/one-process.js';
import { processSeries } from '../../../inspect/process-series.js';
import {
  type ProcessesView,
  type ProcessView,
  viewProcesses,
  withoutSizes,
} from '../../../inspect/processes.js';
import type { Reading } from '../../../inspect/reading.js';
import { Memo } from '../../../memo.js';
import { inSlices } from '../../../steps.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import { inPath, PAGING, pageIn, sortBy } from '../parameters.js';
import { list, NUMBER, object, ref, SECONDS, STRING } from '../schema.js';
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
    const shown = sortViews(view.processes, sort).slice(offset, offset + limit);
    const processes = reading.isRecorded ? shown.map(withoutSizes) : shown;
    const total = reading.isRecorded ? withoutSizes(view.total) : view.total;
    return { body: { ...view, processes, total }, total: view.processes.length };
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
    const body = reading.isRecorded
      ? {
          ...view,
          process: withoutSizes(view.process),
          files: view.files.map(withoutSizes),
          gauges,
        }
      : { ...view, gauges };
    return { body, total: view.gauges.length };
  },
});

export const PROCESS_SERIES = viewEndpoint({
  path: '/processes/{id}/series',
  answers: 'What one process counts, with its own values: the fastest first.',
  parameters: { id: inPath('As in the names of its files.'), ...PAGING },
  schema: object({
    takenAtSeconds: SECONDS,
    series: list(
      object(
        { series: STRING, family: STRING, type: STRING, value: NUMBER },
        { perSecond: { ...NUMBER, description: 'Since the previous instant.' } },
      ),
    ),
  }),
  example: '',
  async view({ reading, earlier }, { id, ...paging }) {
    const before = await earlier();
    try {
      const all = await inSlices(processSeries(reading, before?.reading, id));
      const { offset, limit } = pageIn(paging);
      const series = all.slice(offset, offset + limit);
      return { body: { takenAtSeconds: reading.takenAtSeconds, series }, total: all.length };
    } finally {
      before?.release();
    }
  },
});
