/** What the entries of an instant are, as the store is told when the structure of a source has changed. */
import { basename } from 'node:path';
import type { RecordedStructure } from '../native.js';
import type { SourceInstant } from '../scrape/directory/source.js';

/**
 * Retained files are on no disk: their names, such as `removed counter files`, are none of metric files.
 *
 * @param instant with facts
 * @param recorded the entries that are recorded
 */
export function recordedStructure(
  { state, files, facts }: Pick<SourceInstant, 'state' | 'files' | 'facts'>,
  recorded: RecordedStructure['rows'] = state.rows,
): RecordedStructure {
  const { keyTexts, valueBytes, fileNames, retained } = state;
  const pathOf = new Map(files.map(({ id, path }) => [id, path]));
  const ids = Array.from(recorded.fileId);
  return {
    rows: recorded,
    keyTexts,
    valueBytes,
    fileName: ids.map((id) => {
      const path = pathOf.get(id);
      if (path !== undefined && !retained.has(id)) return basename(path);
      return `removed ${fileNames.get(id)?.type ?? ''} files`;
    }),
    identity: ids.map((id) => facts?.get(id)?.identity ?? ''),
  };
}
