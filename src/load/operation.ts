/** How what several engines or processes say of one model becomes one number: the words of `--load FAMILY=…`. */

export const LOAD_OPERATIONS = ['sum', 'max', 'mean', 'min', 'last'] as const;

export type LoadOperation = (typeof LOAD_OPERATIONS)[number];

/** A value, and when it was set; 0 where that is not known. */
export interface TimedValue {
  readonly value: number;
  readonly seconds: number;
}

/** REQUIRES: there is a value. Of `last`, the one that was set last; without times the last one of the list. */
export function combine(operation: LoadOperation, values: readonly TimedValue[]): number {
  switch (operation) {
    case 'sum':
      return values.reduce((sum, { value }) => sum + value, 0);
    case 'mean':
      return values.reduce((sum, { value }) => sum + value, 0) / values.length;
    case 'max':
      return values.reduce((most, { value }) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    case 'min':
      return values.reduce((least, { value }) => Math.min(least, value), Number.POSITIVE_INFINITY);
    case 'last':
      return newest(values).value;
  }
}

/** REQUIRES: there is one. Of those that were set at the same time, the last. */
export function newest<T extends { readonly seconds: number }>(values: readonly T[]): T {
  return values.reduce((last, each) => (each.seconds >= last.seconds ? each : last));
}
