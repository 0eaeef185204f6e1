/**
 * How fast each series grew between two recorded moments, as live/rates.ts has it of two instants. Entries of the same file are
 * compared; what began or was lowered in between counts from 0, as in PromQL.
 */

import { increaseOf } from '../inspect/explain/increase.js';
import type { ReadFile, Reading } from '../inspect/reading.js';
import type { RateColumn } from '../inspect/series/list-series.js';
import { indexOf } from '../inspect/series-index.js';
import type { Steps } from '../steps.js';

/** By slot of the later one. */
export function* pastRates(before: Reading, now: Reading): Steps<RateColumn> {
  const { structure, files } = indexOf(now);
  const { layout, slotsOf } = structure.parts;
  const seconds = now.takenAtSeconds - before.takenAtSeconds;
  const earlier = new Map(before.files.map((file) => [identityOf(file), file]));
  const rates = new Float64Array(layout.slotCount);
  for (const [rank, file] of files.entries()) {
    yield;
    const was = earlier.get(identityOf(file))?.entries.value;
    const { value } = file.entries;
    const increaseTo = increaseOf(file.fileName!.processId);
    const slots = slotsOf[rank]!;
    // A file only grows at its end.
    for (let i = 0; i < slots.length; i++) {
      rates[slots[i]!]! += increaseTo(value[i]!, was?.[i]) / seconds;
    }
  }
  for (const { type, series, histograms } of layout.families) {
    yield;
    if (type === 'gauge') for (const { slot } of series) rates[slot] = Number.NaN;
    // Buckets are printed as running totals.
    for (const { buckets, count } of histograms) {
      let total = 0;
      for (const { slot } of buckets) {
        total += rates[slot]!;
        rates[slot] = total;
      }
      rates[count.slot] = total;
    }
  }
  return rates;
}

const identityOf = ({ identity, name }: ReadFile) => `${identity} ${name}`;
