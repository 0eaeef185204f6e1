/**
 * All samples that a scrape of a reading would print, or the values of each process.
 */
import { familyOf, isUnusable } from '../format/key.js';
import { joinColumns } from '../plan/join.js';
import { OPERATION } from '../plan/operation.js';
import type { ExposedSample } from './exposition.js';
import type { Reading } from './reading.js';
import { indexOf } from './series-index.js';
import { slotsWithEntries } from './series-structure.js';

/** In output order. */
export function* mergedSamples(reading: Reading): IterableIterator<ExposedSample> {
  const index = indexOf(reading);
  const { layout } = index;
  const values = index.contributions(slotsWithEntries(layout));
  for (const { name: family, series, histograms, type } of layout.families) {
    const totals = new Map<number, number>();
    for (const { buckets, count } of histograms) {
      let total = 0;
      for (const { slot } of buckets) {
        total += joinColumns(OPERATION.sum, values.of(slot)).value!;
        totals.set(slot, total);
      }
      totals.set(count.slot, total);
    }
    for (const { slot, operation, sampleName, labels } of series) {
      const value = totals.get(slot) ?? joinColumns(operation, values.of(slot)).value;
      if (value !== undefined) yield { family, sampleName, labels, value, type };
    }
  }
}

export interface ProcessSample extends ExposedSample {
  readonly processId: string;
}

/** The values of each process, key by key; buckets are not running totals here. */
export function* processSamples(reading: Reading): IterableIterator<ProcessSample> {
  for (const { fileName, fault, entries } of reading.files) {
    if (fileName === undefined || fault !== undefined) continue;
    const { type, processId } = fileName;
    const { keyId, value: values } = entries;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const key = reading.keys.read(keyId[i]!);
      if (isUnusable(key)) continue;
      const { sampleName, labels } = key;
      yield { family: familyOf(key, type), sampleName, labels, value, type, processId };
    }
  }
}
