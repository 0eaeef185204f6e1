/**
 * What src/expose prints: a family and its series in output order, without the numbers.
 */
import type { MetricType } from '../format/filename.js';
import type { Labels } from '../format/key.js';

export interface ExposedSeries {
  readonly sampleName: string;
  readonly labels: Labels;
}

export interface ExposedFamily {
  /** Without `_total` for counters. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** See Key.bare: the counter's name is printed as it is. */
  readonly bare: boolean;
  readonly series: readonly ExposedSeries[];
}

/**
 * One HELP, one TYPE and the lines below, every byte but the numbers. A family is one block; samples
 * called `_created`, `_gsum` or `_gcount` make further ones in the text formats (`reference.md` H4).
 */
export interface FamilyBlock {
  /** The HELP and TYPE lines with their newlines. */
  readonly header: string;
  /** Before the number, with the blank: `http_requests_total{method="GET"} `. */
  readonly line: readonly string[];
  /** line[i] is family.series[seriesIndex[i]]. */
  readonly seriesIndex: readonly number[];
}
