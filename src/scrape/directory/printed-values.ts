/** What a scrape printed of each slot, from the columns of that moment. */
import { hasValue, type ValueColumns } from '../../native.js';

/** @returns undefined for a slot that is not printed; NaN may be a value */
export function printedValues({
  slot,
}: Pick<ValueColumns, 'slot'>): (index: number) => number | undefined {
  const isPrinted = hasValue(slot);
  return (index) => (isPrinted(index) ? slot[index] : undefined);
}
