/**
 * What a metric file's name says: type, gauge mode, process id.
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector._read_metrics, and
 * metrics_core.py, METRIC_TYPES. `reference.md` A1 to A6.
 */

/** The types prometheus_client accepts as the first word of a name; `untyped` is read as `unknown`. */
export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'gaugehistogram'
  | 'unknown';

export interface FileName {
  readonly type: MetricType;
  /** Gauges only: the second word, whatever it is; an unknown one behaves as `all`. */
  readonly mode?: string;
  /** Kept whole: `gauge_all_worker_1.db` is of `worker_1`. May be empty. */
  readonly processId: string;
}
