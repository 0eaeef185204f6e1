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

/** @param values in the order of their files */
export function joinValues(operation: Operation, values: readonly Joinable[]): Joined {
  if (values.length === 0) return { value: undefined, winner: undefined };
  if (operation === OPERATION.sum) {
    return { value: values.reduce((sum, { value }) => sum + value, 0), winner: undefined };
  }
  // A NaN that comes first stays, a later one never wins. In mostRecent what was never set does not count.
  let winner = operation === OPERATION.mostRecent ? undefined : 0;
  let latest = 0;
  for (const [i, { value, timestampSeconds }] of values.entries()) {
    if (operation === OPERATION.mostRecent) {
      if (!(latest < timestampSeconds)) continue;
      latest = timestampSeconds;
      winner = i;
      continue;
    }
    const held = values[winner!]!.value;
    if (
      operation === OPERATION.last ||
      (operation === OPERATION.min && value < held) ||
      (operation === OPERATION.max && value > held)
    ) {
      winner = i;
    }
  }
  return { value: winner === undefined ? undefined : values[winner]!.value, winner };
}
