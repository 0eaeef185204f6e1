/**
 * What the keys of a metric file say of its type, where its name says nothing: a file that came through a pipe, or a
 * copy under another name.
 *
 * Sample names tell the types apart, since the client adds their suffixes. The mode of a gauge stands in the name only,
 * but for mostrecent: no other mode stores a time. Source: prometheus_client metrics.py, _child_samples; values.py.
 */
import type { FileName } from '../format/filename.js';
import { isUnusable, type Key } from '../format/key.js';
import type { ReadEntry } from './reading.js';

/** In place of the process id, which only the name has. */
export const UNKNOWN_PROCESS = '-';

/** @returns undefined where the keys could be of several types or modes, or there are none */
export function fileNameByKeys(entries: readonly ReadEntry[]): FileName | undefined {
  const keys = entries.flatMap(({ key }) => (isUnusable(key) ? [] : [key]));
  if (keys.length === 0) return undefined;
  const processId = UNKNOWN_PROCESS;
  if (keys.every((key) => hasSuffix(key, '_total', '_created'))) {
    return { type: 'counter', processId };
  }
  if (keys.every((key) => hasSuffix(key, '_bucket', '_sum', '_count', '_created'))) {
    const hasBuckets = keys.some(({ labels }) => labels.some(([name]) => name === 'le'));
    return { type: hasBuckets ? 'histogram' : 'summary', processId };
  }
  const isGauge = keys.every(({ family, sampleName }) => family === sampleName);
  const isStamped = entries.some(({ timestampSeconds }) => timestampSeconds > 0);
  return isGauge && isStamped ? { type: 'gauge', mode: 'mostrecent', processId } : undefined;
}

function hasSuffix({ family, sampleName }: Key, ...suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => sampleName === family + suffix);
}
