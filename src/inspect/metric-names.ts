/**
 * The names of metrics in a directory, as `explain` accepts them, for shell completion: quick rather than complete.
 *
 * Workers of one application have the same names, so some files of each kind have nearly all.
 */
import { type ListedFile, listMetricFiles, readFiles } from '../files/file-reading.js';
import { isUnusable } from '../format/key.js';
import { KeyTable } from './key-table.js';

/** Files that are read of each type and mode, and in all. */
const MAX_OF_KIND = 8;
const MAX_FILES = 128;

/** Names that can be typed without quotes. */
const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * @returns sorted; samples of counters and gauges, families of histograms and summaries
 * @throws MetricFileError DIRECTORY_UNREADABLE
 */
export async function metricNames(directory: string): Promise<string[]> {
  const chosen: ListedFile[] = [];
  const ofKind = new Map<string, number>();
  // Backwards: higher process ids are usually newer, and dead processes may be of an older release.
  for (const file of (await listMetricFiles(directory)).reverse()) {
    const { fileName } = file;
    if (fileName === undefined) continue;
    const kind = `${fileName.type} ${fileName.mode ?? ''}`;
    const seen = ofKind.get(kind) ?? 0;
    if (seen === MAX_OF_KIND || chosen.length === MAX_FILES) continue;
    ofKind.set(kind, seen + 1);
    chosen.push(file);
  }
  const names = new Set<string>();
  const keys = new KeyTable();
  await readFiles(keys.reader, directory, chosen, false, (at, { entries, entryEnd }, row) => {
    const { type } = chosen[at]!.fileName!;
    const isWhole = type === 'histogram' || type === 'summary';
    for (const id of entries.keyId.subarray(entryEnd[row - 1] ?? 0, entryEnd[row])) {
      const key = keys.read(id);
      if (isUnusable(key)) continue;
      const name = isWhole ? key.family : key.sampleName;
      if (PLAIN_NAME.test(name)) names.add(name);
    }
  });
  return [...names].sort();
}
