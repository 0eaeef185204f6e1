/** One family in output order, as layout.ts makes it. */
import type { MetricType } from '../format/filename.js';
import type { Series } from './series.js';

/** The buckets of one label set in ascending bounds, and the series of their count. */
export interface Histogram {
  readonly buckets: readonly Series[];
  readonly count: Series;
  /** The other series of the label set: its sum, and a count that a file stores. */
  readonly plain: readonly Series[];
}

/** Immutable: an unchanged family keeps its object. */
export interface LaidOutFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly keepsRawName: boolean;
  /** Those that are served. */
  readonly series: readonly Series[];
  /** Those that --metrics.keep and --metrics.drop leave out. */
  readonly leftOut: readonly Series[];
  /** The slots that the layout was made of, in first-seen order. */
  readonly seenSlot: Uint32Array;
  readonly histograms: readonly Histogram[];
  /** Series left out because a later one prints the same line. */
  readonly identical: readonly Series[];
}
