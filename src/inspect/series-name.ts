/**
 * A series as a person reads and types it: `http_requests_total{method="GET"}`; a name that the text
 * format does not know in quotes, `{"http.requests",method="GET"}`. The result is a selector of exactly that series.
 */
import { seriesLines } from '../expose/series-line.js';
import type { Labels } from '../format/key.js';

/** By sample name: the text around the label values is made once for all series of a name. */
const linesOf = new Map<string, ReturnType<typeof seriesLines>>();

/** A directory may have a million names, and one may be half a MiB. */
const MAX_NAMES = 256;

export function seriesName(sampleName: string, labels: Labels): string {
  let line = linesOf.get(sampleName);
  if (line === undefined) {
    if (linesOf.size === MAX_NAMES) linesOf.clear();
    line = seriesLines('allow-utf-8', false);
    linesOf.set(sampleName, line);
  }
  return line({ sampleName, labels }).trimEnd();
}
