/** The metric files, and the entries of one. */
import { withDamagedBytes } from '../../../inspect/damage-bytes.js';
import { type FileEntries, viewEntries } from '../../../inspect/entries.js';
import { sliceList } from '../../../inspect/list.js';
import { type FileView, viewFiles, withoutSizes } from '../../../inspect/processes.js';
import type { ReadFile, Reading } from '../../../inspect/reading.js';
import { withinMilliseconds } from '../../../inspect/series/time-limit.js';
import { Memo } from '../../../memo.js';
import { viewEndpoint } from '../api-endpoint.js';
import { ApiError } from '../error.js';
import { inPath, MATCH, PAGING, pageIn, sortBy, wholeNumber } from '../parameters.js';
import { list, object, ref, SECONDS, STRING } from '../schema.js';
import { sortViews } from './view-sort.js';

const SORTS = [
  'name',
  'processId',
  'type',
  'mode',
  'entries',
  'usedBytes',
  'sizeBytes',
  'diskBytes',
  'modifiedSeconds',
] as const satisfies readonly (keyof FileView)[];

const views = new Memo<Reading, readonly FileView[]>();

export const FILES = viewEndpoint({
  path: '/files',
  answers: 'The metric files, as in `ls --files --json`.',
  parameters: { sort: sortBy(SORTS), ...PAGING },
  schema: object({ path: STRING, takenAtSeconds: SECONDS, files: list(ref('File')) }),
  example: '?sort=-usedBytes&limit=5',
  async view({ reading }, { sort, ...paging }) {
    const all = views.get(reading, viewFiles);
    const { offset, limit } = pageIn(paging);
    const shown = sortViews(all, sort).slice(offset, offset + limit);
    const files = reading.isRecorded ? shown.map(withoutSizes) : shown;
    const { path, takenAtSeconds } = reading;
    return { body: { path, takenAtSeconds, files }, total: all.length };
  },
});

const MAX_EXCERPT_BYTES = 4096;

/** Longer than the test of all entries of any file takes, on a busy machine, too. */
const SELECT_MILLISECONDS = 2_000;

export const FILE = viewEndpoint({
  path: '/files/{name}',
  answers: 'One metric file with its entries, as `cat --json`; `match[]` selects some.',
  parameters: {
    name: inPath('Its base name.'),
    'match[]': MATCH,
    bytes: wholeNumber('Bytes that are shown of a damaged file.', 0, MAX_EXCERPT_BYTES, 64),
    ...PAGING,
  },
  schema: object({
    path: STRING,
    takenAtSeconds: SECONDS,
    files: { ...list(ref('FileEntries')), description: 'One, with one page of its entries.' },
  }),
  example: '?limit=10',
  async view({ reading }, { name, bytes, 'match[]': selectors, ...paging }) {
    const known = reading.files.find((each) => each.name === name);
    if (known === undefined) throw new ApiError(404, `name: no metric file is called '${name}'`);
    const file = await withDamagedBytes(known);
    const [selector] = selectors;
    if (selectors.length > 1) {
      throw new ApiError(400, `match[]: expected one for a file, got ${selectors.length}`);
    }
    const { offset, limit } = pageIn(paging);
    // With the others of its process, any of which may be the last that was written.
    const files = reading.files.filter((each) => isOfSameProcess(each, file));
    const own = { ...reading, files: files.map((each) => (each === known ? file : each)) };
    const select = () => viewEntries(own, selector, bytes);
    const { files: views, ...view } =
      selector === undefined
        ? select()
        : withinMilliseconds(SELECT_MILLISECONDS, 'match[]', select);
    const isWanted = (each: FileEntries) => each.file === name;
    const selected = views.find(isWanted);
    // Without such entries the file is left out.
    const found = selected ?? viewEntries(own, undefined, bytes).files.find(isWanted)!;
    const wanted = selected?.entries ?? sliceList(found.entries, 0, 0);
    const entries = sliceList(wanted, offset, offset + limit);
    return { body: { ...view, files: [{ ...found, entries }] }, total: wanted.length };
  },
});

function isOfSameProcess({ name, fileName }: ReadFile, file: ReadFile): boolean {
  if (file.fileName === undefined) return name === file.name;
  return fileName?.processId === file.fileName.processId;
}
