/** Watches what a Prometheus would store of a target: counters that go back or vanish. */
import { faultsOf, linesOf, valuesOf } from './exposition.js';

export class Monotone {
  readonly #last = new Map<string, number>();
  series = 0;

  /** @returns the counters, buckets, counts and sums that are lower than before, or gone */
  dips(exposition: string, openMetrics = false): string[] {
    const cumulative = new Set<string>();
    for (const line of linesOf(exposition)) {
      const type = /^# TYPE (\S+) (counter|histogram|summary)$/.exec(line);
      if (!type) continue;
      for (const end of ['', '_total', '_bucket', '_count', '_sum']) cumulative.add(type[1]! + end);
    }
    const values = valuesOf(exposition);
    const dips: string[] = [];
    for (const [series, value] of values) {
      if (!cumulative.has(series.split('{', 1)[0]!)) continue;
      const last = this.#last.get(series);
      if (last !== undefined && value < last) dips.push(`${series}: ${last}, then ${value}`);
      this.#last.set(series, value);
    }
    for (const series of this.#last.keys()) {
      if (!values.has(series)) dips.push(`${series} is gone`);
    }
    this.series = this.#last.size;
    return [...dips, ...faultsOf(exposition, openMetrics)];
  }
}
