/**
 * All samples that a scrape would print of a reading, or what each process holds of them.
 */
import { familyOf } from '../format/key.js';
import { OPERATION } from '../plan/operation.js';
import type { ExposedSample } from './exposition.js';
import { type Contribution, joinValues, mergeReading } from './merge.js';
import type { Reading } from './reading.js';

/** In output order. */
export function mergedSamples(reading: Reading): ExposedSample[] {
  const { layout, contributions } = mergeReading(reading);
  const slots = new Set<number>();
  for (const { seenSlot } of layout.families) for (const slot of seenSlot) slots.add(slot);
  const values = contributions(slots);

  const samples: ExposedSample[] = [];
  for (const { name: family, series, histograms, type } of layout.families) {
    const totals = new Map<number, number>();
    for (const { buckets, count } of histograms) {
      let total = 0;
      for (const { slot } of buckets) {
        total += sumOf(values.get(slot) ?? []);
        totals.set(slot, total);
      }
      totals.set(count.slot, total);
    }
    for (const { slot, operation, sampleName, labels } of series) {
      const own = values.get(slot) ?? [];
      const entries = own.map(({ entry }) => entry);
      const value = totals.get(slot) ?? joinValues(operation, entries).value;
      if (value !== undefined) samples.push({ family, sampleName, labels, value, type });
    }
  }
  return samples;
}

function sumOf(own: readonly Contribution[]): number {
  return joinValues(
    OPERATION.sum,
    own.map(({ entry }) => entry),
  ).value!;
}

export interface ProcessSample extends ExposedSample {
  readonly processId: string;
}

/** What each process holds, key by key; buckets are no running totals here. */
export function processSamples(reading: Reading): ProcessSample[] {
  const samples: ProcessSample[] = [];
  for (const { fileName, fault, entries } of reading.files) {
    if (fileName === undefined || fault !== undefined) continue;
    for (const { key, value } of entries) {
      if ('fault' in key) continue;
      const { sampleName, labels } = key;
      samples.push({
        family: familyOf(key, fileName.type),
        sampleName,
        labels,
        value,
        type: fileName.type,
        processId: fileName.processId,
      });
    }
  }
  return samples;
}
