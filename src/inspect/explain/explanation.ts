/** The shape of `explain --json`, made by explain.ts. */
import type { OPERATION } from '../../plan/operation.js';
import type { Liveness } from '../../processes/writer.js';
import type { List } from '../list.js';
import type { Observations } from '../observations.js';

export const WARNING_CODES = [
  'NEVER_SET',
  'PREVIOUS_LIFE',
  'DEAD_DECIDES',
  'DEAD_ADDS',
  'DEAD_PROCESS',
  'SUM_OF_TIMES',
  'ZERO_IS_MIN',
  'NOT_A_NUMBER',
  'BUCKETS_DIFFER',
  'FILES_DISAGREE',
] as const;

export interface Warning {
  readonly code: (typeof WARNING_CODES)[number];
  readonly text: string;
}

/** The process of a share. */
export interface ShareHolder {
  readonly processId: string;
  readonly liveness: Liveness;
  /** As in `ls`: the latest sign that it wrote. */
  readonly lastSeenSeconds: number | undefined;
  readonly role: string | undefined;
  /** Base name: `python3.11`. */
  readonly program: string | undefined;
  /** Base name. */
  readonly file: string;
}

/** What one file contributes to a series. */
export interface Share extends ShareHolder {
  readonly value: number;
  /** Byte of the file at which the value is; undefined for a total of several entries. */
  readonly valueOffset: number | undefined;
  /** Of the merged value; undefined if values are not added up, or if the sum is not positive. */
  readonly percent: number | undefined;
  /** When it was set; undefined if the file does not have the time. */
  readonly setSeconds: number | undefined;
  readonly ageSeconds: number | undefined;
  /** Written by an earlier process with the same id. */
  readonly previousLife: boolean;
  /** Whether it alone is the merged value. */
  readonly decides: boolean;
  readonly ratePerSecond?: number | undefined;
}

export interface ExplainedSeries {
  /** `http_requests_total{method="GET"}`. */
  readonly series: string;
  readonly sampleName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly family: string;
  readonly type: string;
  /** Of the last gauge file, whose mode applies. */
  readonly mode: string | undefined;
  readonly operation: keyof typeof OPERATION;
  /** Undefined if no sample is printed. */
  readonly value: number | undefined;
  /** The one that decides first, then the latest; else the largest first, or the smallest for a minimum. */
  readonly shares: readonly Share[];
  /** In a few words. */
  readonly verdict: string;
  readonly warnings: readonly Warning[];
  /** Increase since the first reading, of what only grows. */
  readonly window?: { readonly delta: number; readonly ratePerSecond: number };
}

export interface HistogramShare extends ShareHolder, Observations {
  readonly percent: number | undefined;
}

export interface ExplainedHistogram extends Observations {
  /** `request_seconds{path="/"}`: the family with the label set. */
  readonly histogram: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly family: string;
  readonly operation: 'sum';
  /** Bounds as printed, ascending. */
  readonly le: readonly string[];
  /** Most observations first. */
  readonly shares: readonly HistogramShare[];
  readonly warnings: readonly Warning[];
  /** What was observed between two readings. */
  readonly window?: Observations & { readonly ratePerSecond: number };
}

export interface Explanation {
  readonly path: string;
  readonly takenAtSeconds: number;
  /** Between the two readings; undefined for a single one. */
  readonly windowSeconds: number | undefined;
  /** In output order, so those of a family are together. */
  readonly series: List<ExplainedSeries>;
  readonly histograms: List<ExplainedHistogram>;
}
