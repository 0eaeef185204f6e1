/**
 * The type of a metric file by its keys, if its name does not say: a file from a pipe, or a copy under another name.
 *
 * Sample names identify the type, since the client adds suffixes. The mode of a gauge is only in the file name,
 * except mostrecent: no other mode stores a time. Source: prometheus_client metrics.py, _child_samples; values.py.
 */
import type { FileName } from '../format/filename.js';
import { isUnusable, type Key } from '../format/key.js';
import type { ReadEntry } from './entry-columns.js';
import type { List } from './list.js';

/** Instead of the process id, which only the file name has. */
export const UNKNOWN_PROCESS = '-';

/** @returns undefined if the keys could have several types or modes, or if there are none */
export function fileNameByKeys(entries: List<ReadEntry>): FileName | undefined {
  const processId = UNKNOWN_PROCESS;
  let keys = 0;
  const could = { counter: true, histogram: true, gauge: true };
  let hasBuckets = false;
  let isStamped = false;
  for (const { key, timestampSeconds } of entries) {
    isStamped ||= timestampSeconds > 0;
    if (isUnusable(key)) continue;
    keys++;
    could.counter &&= hasSuffix(key, '_total', '_created');
    could.histogram &&= hasSuffix(key, '_bucket', '_sum', '_count', '_created');
    could.gauge &&= key.family === key.sampleName;
    hasBuckets ||= key.labels.some(([name]) => name === 'le');
  }
  if (keys === 0) return undefined;
  if (could.counter) return { type: 'counter', processId };
  if (could.histogram) return { type: hasBuckets ? 'histogram' : 'summary', processId };
  return could.gauge && isStamped ? { type: 'gauge', mode: 'mostrecent', processId } : undefined;
}

function hasSuffix({ family, sampleName }: Key, ...suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => sampleName === family + suffix);
}
