/**
 * The names of metrics in a directory, as `explain` takes them, for a shell that completes one: quickly rather than all.
 *
 * Workers of one application hold the same names, so some files of each kind tell nearly all.
 */
import { listMetricFiles, readFiles } from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import { isUnusable } from '../format/key.js';
import { KeyTable } from './key-table.js';

/** Files of each type and mode that are read, and of all. */
const MAX_OF_KIND = 8;
const MAX_FILES = 128;

/** What can be typed without quotes. */
const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * @returns sorted; samples of counters and gauges, families of histograms and summaries
 * @throws MetricFileError DIRECTORY_UNREADABLE
 */
export async function metricNames(directory: string): Promise<string[]> {
  const chosen: Buffer[] = [];
  const ofKind = new Map<string, number>();
  // Backwards: higher process ids are mostly younger, and dead ones may be of an older release.
  for (const name of (await listMetricFiles(directory)).reverse()) {
    const file = parseFileName(name.toString());
    if (file === undefined) continue;
    const kind = `${file.type} ${file.mode ?? ''}`;
    const seen = ofKind.get(kind) ?? 0;
    if (seen === MAX_OF_KIND || chosen.length === MAX_FILES) continue;
    ofKind.set(kind, seen + 1);
    chosen.push(name);
  }
  const names = new Set<string>();
  const keys = new KeyTable();
  await readFiles(directory, chosen, false, (at, { key: bytes, keyEnd }) => {
    const { type } = parseFileName(chosen[at]!.toString())!;
    let from = 0;
    for (const end of keyEnd) {
      const key = keys.read(keys.add(bytes.subarray(from, end)));
      from = end;
      if (isUnusable(key)) continue;
      const isWhole = type === 'histogram' || type === 'summary';
      const name = isWhole ? key.family : key.sampleName;
      if (PLAIN_NAME.test(name)) names.add(name);
    }
  });
  return [...names].sort();
}
