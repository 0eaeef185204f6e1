/**
 * When a value is right by the rules and still misleads. `check`, `explain` and `top` use only these rules, so that
 * they never contradict each other.
 */

/** 2001 to 2065: several processes do not have such values by chance, nearly equal ones. */
const FIRST_UNIX_TIME = 1e9;
const LAST_UNIX_TIME = 3e9;
/** Processes that store the current time store nearly equal values. */
const MAX_APART_SECONDS = 10 * 365 * 86_400;

/** A scheduler sets its gauges on each step, many times a second. */
const STALE_SECONDS = 600;

/** @returns how many of the values look like Unix times, whose sum means nothing; 0 unless all values but zeros do */
export function unixTimesIn(values: readonly number[]): number {
  let [first, last, count] = [Infinity, -Infinity, 0];
  for (const value of values) {
    if (value === 0) continue;
    // Of NaN both comparisons are false.
    if (!(value >= FIRST_UNIX_TIME && value <= LAST_UNIX_TIME)) return 0;
    first = Math.min(first, value);
    last = Math.max(last, value);
    count++;
  }
  return last - first > MAX_APART_SECONDS ? 0 : count;
}

/**
 * Whether a minimum is 0 although a process holds more. A forked process stores 0 for every gauge that it inherits.
 *
 * @param minimum of the values
 */
export function isHeldByZero(minimum: number | undefined, values: readonly number[]): boolean {
  return minimum === 0 && values.some((value) => value > 0);
}

/** Whether a gauge that was set so long ago may no longer be true. */
export function isStale(ageSeconds: number): boolean {
  return ageSeconds > STALE_SECONDS;
}
