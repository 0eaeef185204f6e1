/** Of values that only grow, by how much they did from one moment to the next: as Prometheus' rate() has it. */

import { isArchiveId } from '../../format/filename.js';

/** By time; undefined where there is none. */
export type Column = readonly (number | undefined)[];

/** Whether it only grows, so that its rate says more than its value. */
export function isCumulative(type: string): boolean {
  return type === 'counter' || type === 'histogram' || type === 'summary';
}

/**
 * A value that is lower than before began again at 0.
 *
 * @param before undefined if it was not there: then it began at 0, too
 */
export function increaseTo(now: number, before: number | undefined = 0): number {
  return now >= before ? now - before : now;
}

/** increaseTo for the values of a process. What an archive has was counted in other files before: it increases by nothing. */
export function increaseOf(processId: string): typeof increaseTo {
  return isArchiveId(processId) ? () => 0 : increaseTo;
}

/** Since the time before; undefined at the first. */
export function increases(values: Column, processId: string): Column {
  const increase = increaseOf(processId);
  return values.map((now, i) =>
    i === 0 || now === undefined ? undefined : increase(now, values[i - 1]),
  );
}

/** @param increase since the time before */
export function perSecond(increase: Column, timeSeconds: readonly number[]): Column {
  return increase.map((by, i) => {
    const seconds = timeSeconds[i]! - (timeSeconds[i - 1] ?? Number.NaN);
    return by !== undefined && seconds > 0 ? by / seconds : undefined;
  });
}

/** What is there of them; undefined where nothing is. */
export function sumOfColumns(columns: readonly Column[], length: number): Column {
  const sums = new Array<number | undefined>(length);
  for (const column of columns) {
    for (const [i, value] of column.entries()) {
      if (value !== undefined) sums[i] = (sums[i] ?? 0) + value;
    }
  }
  return sums;
}
