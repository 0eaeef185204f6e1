/**
 * What src/expose prints: a family and its series in output order, without the numbers.
 */
import type { MetricType } from '../format/filename.js';
import type { Labels } from '../format/key.js';

export interface ExposedSeries {
  readonly sampleName: string;
  readonly labels: Labels;
  /** Names of the labels. Series with the same names share one array, so that comparing them is fast. */
  readonly labelNames?: readonly string[];
}

/** A family without its series. */
export interface FamilyHead {
  /** Without `_total` for counters. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** See Key.keepsRawName: the counter's name is printed as it is. */
  readonly keepsRawName: boolean;
  /** Of an external page in OpenMetrics; files have none. */
  readonly unit?: string | undefined;
}

export interface ExposedFamily extends FamilyHead {
  readonly series: readonly ExposedSeries[];
}

/**
 * One HELP, one TYPE and the lines that follow, every byte but the numbers. A family is one block. In the text formats
 * its `_created`, `_gsum` and `_gcount` samples are in further blocks (`src/reference.md` H4).
 */
export interface FamilyBlock {
  /** `_created` and so on for samples that have a block of their own; '' for the others. */
  readonly suffix: string;
  /** The HELP and TYPE lines with their newlines, and the UNIT line. */
  readonly header: string;
  /** Indexes into family.series: the series of the block, in order. */
  readonly seriesIndex: readonly number[];
  /** The line of family.series[index] before its number, with the blank: `requests_total{method="GET"} `. */
  readonly lineOf: LineOf;
}

/** Made at each call: a family may have a million lines. */
export type LineOf = (index: number) => string;
