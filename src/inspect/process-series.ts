/**
 * The view of what one process counts: its counters, histograms and summaries, with its own values, the fastest first. Of a
 * histogram or a summary, its observations.
 */
import { familyOf, isUnusable } from '../format/key.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import { increaseOf } from './explain/increase.js';
import type { ReadFile, Reading } from './reading.js';
import { seriesName } from './series-name.js';

export interface ProcessSeriesView {
  /** Of a histogram, without its bounds. */
  readonly series: string;
  readonly family: string;
  readonly type: string;
  /** Of this process alone. */
  readonly value: number;
  /** Since the reading before; undefined without one. */
  readonly perSecond: number | undefined;
}

/** @param before undefined if there is none to compare it with */
export function* processSeries(
  reading: Reading,
  before: Reading | undefined,
  processId: string,
): Steps<ProcessSeriesView[]> {
  const increaseTo = increaseOf(processId);
  const seconds = before === undefined ? 0 : reading.takenAtSeconds - before.takenAtSeconds;
  const found = new Map<
    string,
    { -readonly [K in keyof ProcessSeriesView]: ProcessSeriesView[K] }
  >();
  for (const file of reading.files) {
    const { fileName, fault, entries } = file;
    if (fileName?.processId !== processId || fault !== undefined) continue;
    if (fileName.type === 'gauge') continue;
    const earlier = before?.files.find((each) => isSameFile(each, file))?.entries.value;
    for (let i = 0; i < entries.length; i++) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const key = reading.keys.read(entries.keyId[i]!);
      if (isUnusable(key) || !isCounted(fileName.type, key.sampleName, key.family)) continue;
      const isHistogram = fileName.type === 'histogram';
      const labels = isHistogram ? key.labels.filter(([name]) => name !== 'le') : key.labels;
      const family = familyOf(key, fileName.type);
      const name = isHistogram ? family : key.sampleName;
      const series = seriesName(name, labels);
      const value = entries.value[i]!;
      const perSecond = seconds > 0 ? increaseTo(value, earlier?.[i]) / seconds : undefined;
      const known = found.get(series);
      if (known === undefined) {
        found.set(series, { series, family, type: fileName.type, value, perSecond });
        continue;
      }
      known.value += value;
      if (perSecond !== undefined) known.perSecond = (known.perSecond ?? 0) + perSecond;
    }
  }
  return [...found.values()].sort(
    (a, b) => (b.perSecond ?? 0) - (a.perSecond ?? 0) || b.value - a.value || 0,
  );
}

/** Each event once: an observation is in one bucket, and in the count of a summary. */
function isCounted(type: string, sampleName: string, family: string): boolean {
  if (type === 'histogram') return sampleName === `${family}_bucket`;
  return type !== 'summary' || sampleName === `${family}_count`;
}

function isSameFile(a: ReadFile, b: ReadFile): boolean {
  return a.name === b.name && a.identity === b.identity;
}
