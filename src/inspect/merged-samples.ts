/**
 * All samples that a scrape would print of a reading, or what each process holds of them.
 */
import { familyOf, isUnusable } from '../format/key.js';
import { joinValues } from '../plan/join.js';
import type { Layout } from '../plan/layout.js';
import { OPERATION } from '../plan/operation.js';
import type { ExposedSample } from './exposition.js';
import { type Contributions, mergeReading } from './merge.js';
import type { ReadEntry, Reading } from './reading.js';

/** In output order. */
export function* mergedSamples(reading: Reading): IterableIterator<ExposedSample> {
  const { layout, contributions } = mergeReading(reading);
  const values = contributions(slotsOf(layout));
  for (const { name: family, series, histograms, type } of layout.families) {
    const totals = new Map<number, number>();
    for (const { buckets, count } of histograms) {
      let total = 0;
      for (const { slot } of buckets) {
        total += joinValues(OPERATION.sum, entriesOf(values, slot)).value!;
        totals.set(slot, total);
      }
      totals.set(count.slot, total);
    }
    for (const { slot, operation, sampleName, labels } of series) {
      const value = totals.get(slot) ?? joinValues(operation, entriesOf(values, slot)).value;
      if (value !== undefined) yield { family, sampleName, labels, value, type };
    }
  }
}

function* slotsOf({ families }: Layout): IterableIterator<number> {
  for (const { seenSlot } of families) yield* seenSlot;
}

function entriesOf(values: Contributions, slot: number): ReadEntry[] {
  return values.of(slot).map(({ entry }) => entry);
}

export interface ProcessSample extends ExposedSample {
  readonly processId: string;
}

/** What each process holds, key by key; buckets are no running totals here. */
export function* processSamples(reading: Reading): IterableIterator<ProcessSample> {
  for (const { fileName, fault, entries } of reading.files) {
    if (fileName === undefined || fault !== undefined) continue;
    const { type, processId } = fileName;
    for (const { key, value } of entries) {
      if (isUnusable(key)) continue;
      const { sampleName, labels } = key;
      yield { family: familyOf(key, type), sampleName, labels, value, type, processId };
    }
  }
}
