/**
 * How the values of one series join, and which of them decides: operation.ts carried out on a few values, for
 * commands. A scrape folds columns in native/core/fold.cc; test/property/join.test.ts holds both to the same numbers.
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector._accumulate_metrics.
 */
import { OPERATION, type Operation } from './operation.js';

/** A value, and when it was set: seconds since 1970, 0 for never or not known. */
export interface Joinable {
  readonly value: number;
  readonly timestampSeconds: number;
}

export interface Joined {
  /** Undefined where no value counts: the series is not printed. */
  readonly value: number | undefined;
  /** Index of the value that decided; undefined where all add up, or none counts. */
  readonly winner: number | undefined;
}

/** Values in columns, in the order of their files. */
export interface Joinables {
  readonly length: number;
  valueAt(index: number): number;
  timestampAt(index: number): number;
}

/** @param values in the order of their files */
export function joinValues(operation: Operation, values: readonly Joinable[]): Joined {
  return joinColumns(operation, {
    length: values.length,
    valueAt: (i) => values[i]!.value,
    timestampAt: (i) => values[i]!.timestampSeconds,
  });
}

export function joinColumns(operation: Operation, values: Joinables): Joined {
  const { length } = values;
  if (length === 0) return { value: undefined, winner: undefined };
  if (operation === OPERATION.sum) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values.valueAt(i);
    return { value: sum, winner: undefined };
  }
  // A NaN that comes first stays, a later one never wins. In mostRecent what was never set does not count.
  let winner = operation === OPERATION.mostRecent ? undefined : 0;
  let held = winner === undefined ? 0 : values.valueAt(winner);
  let latest = 0;
  for (let i = 0; i < length; i++) {
    if (operation === OPERATION.mostRecent) {
      const timestampSeconds = values.timestampAt(i);
      if (!(latest < timestampSeconds)) continue;
      latest = timestampSeconds;
      winner = i;
      continue;
    }
    const value = values.valueAt(i);
    if (
      operation === OPERATION.last ||
      (operation === OPERATION.min && value < held) ||
      (operation === OPERATION.max && value > held)
    ) {
      winner = i;
      held = value;
    }
  }
  return { value: winner === undefined ? undefined : values.valueAt(winner), winner };
}
