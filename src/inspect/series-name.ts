/**
 * A series as a person reads it and types it back: `http_requests_total{method="GET"}`; a name that the text
 * format does not know in quotes, `{"http.requests",method="GET"}`. What it prints is a selector of just that series.
 */
import { seriesLines } from '../expose/series-line.js';
import type { Labels } from '../format/key.js';

export function seriesName(sampleName: string, labels: Labels): string {
  return seriesLines('allow-utf-8', false)({ sampleName, labels }).trimEnd();
}
