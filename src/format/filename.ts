/**
 * What a metric file's name says: type, gauge mode, process id.
 *
 *   counter_4711.db    gauge_livesum_4711.db    histogram_worker_3.db
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector._read_metrics, and
 * metrics_core.py, METRIC_TYPES. `src/reference.md` A1 to A6.
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
  /** Gauges only: the second word, whatever it is; an unknown one is treated as `all`. */
  readonly mode?: string;
  /** Kept whole: that of `gauge_all_worker_1.db` is `worker_1`. May be empty. */
  readonly processId: string;
}

// The dot must match a newline: a process id is whatever the application makes of it.
const GAUGE = /^gauge_([^_]*)_(.*)\.db$/s;
const NON_GAUGE =
  /^(counter|histogram|summary|info|stateset|gaugehistogram|unknown|untyped)_(.*)\.db$/s;

/** The modes of gauges that only count while their process lives. */
const LIVE_MODES: ReadonlySet<string | undefined> = new Set(
  ['all', 'min', 'max', 'sum', 'mostrecent'].map((mode) => `live${mode}`),
);

/**
 * What stands in an archive's name in place of a process id: `counter_-promfold-GENERATION.db` has what the files of
 * dead processes counted (src/compact/). A hyphen sorts before every digit and letter, no process id begins with one,
 * and `mark_process_dead` never matches it. Python finds type and mode where it looks for them: no underscore follows.
 */
const ARCHIVE_ID = /^-promfold-[^_]+$/;

/** Whether a process id is that of an archive, which no process writes any more. */
export function isArchiveId(processId: string): boolean {
  return ARCHIVE_ID.test(processId);
}

const GATE_NAME = /^counter_-promfold-[0-9a-f]{16}-gate\.db$/;

/** A file that is there for a moment of a compaction, and has nothing. native/core/compact/gate.h. */
export function isGateName(name: string): boolean {
  return GATE_NAME.test(name);
}

/** What a compaction notes in the directory that it made. native/core/compact/manifest.h. */
export const MANIFEST_NAME = '.promfold-compaction';

const JOURNAL_NAME = /^\.promfold-[0-9a-f]{16}$/;

/**
 * A directory into which a compaction with --readers-stopped moves files, until it is finished. native/core/compact/journal.h.
 */
export function isJournalName(name: string): boolean {
  return JOURNAL_NAME.test(name);
}

/** Whether mark_process_dead would remove the file. Source: multiprocess.py, mark_process_dead. */
export function countsOnlyAlive({ type, mode }: FileName): boolean {
  return type === 'gauge' && LIVE_MODES.has(mode);
}

/**
 * Whether the values certainly have timestamps: prometheus_client 0.18.0 added these modes and timestamps together. For
 * other files only their bytes can tell.
 */
export function isStamped({ type, mode }: FileName): boolean {
  return type === 'gauge' && (mode === 'mostrecent' || mode === 'livemostrecent');
}

/**
 * Reads a file name.
 *
 * The process id is kept whole. prometheus_client cuts `worker_3` to `wor` (it takes the third part
 * and drops three characters), which would give two workers one `pid` label (`src/reference.md` N5).
 *
 * @param name base name without a directory, such as `gauge_livesum_4711.db`
 * @returns what the name says, or `undefined` for a name that no client writes: such a file is
 *   reported and skipped, and is not an error
 */
export function parseFileName(name: string): FileName | undefined {
  const gauge = GAUGE.exec(name);
  if (gauge) return { type: 'gauge', mode: gauge[1]!, processId: gauge[2]! };

  const other = NON_GAUGE.exec(name);
  if (!other) return undefined;
  const type = other[1] === 'untyped' ? 'unknown' : (other[1] as Exclude<MetricType, 'gauge'>);
  return { type, processId: other[2]! };
}
