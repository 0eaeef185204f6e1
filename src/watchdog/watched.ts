/**
 * What the watchdog is given: what is watched, decided when files or keys come or go, and the numbers of each tick. Rows are
 * indexes of entries in the columns of a tick.
 */

export interface WatchedProcess {
  /** As in the names of its files. */
  readonly processId: string;
  /** Another one where its files were replaced: nothing of the past counts then. */
  readonly life: string;
  /** Of processes with the same role, and mostly the same families. */
  readonly group: string;
}

/** One histogram of seconds of one process. */
export interface WatchedLatency {
  /** Index of the process. */
  readonly process: number;
  /** The same for the same label set of the family, in all processes. */
  readonly name: string;
  /** Rows of the buckets, ascending, and of the sum. */
  readonly bucket: Uint32Array;
  readonly sum: number;
}

export interface WatchedEngine {
  /** The same for the same engine as long as it is watched. */
  readonly key: string;
  readonly engine: string;
  readonly modelName: string | undefined;
  /** Engines with the same front ends. */
  readonly front: string;
  /** Indexes of the processes that have rows of it. */
  readonly process: Uint32Array;
  /** Rows of counts that move while it works, in all processes. */
  readonly progress: Uint32Array;
  /** Those of requests that it finished; empty where there is no such count. */
  readonly finished: Uint32Array;
  /** Rows of gauges, one for each process. */
  readonly running: Uint32Array;
  readonly waiting: Uint32Array;
  readonly waitingForRoom: Uint32Array;
  readonly awake: Uint32Array;
  readonly paused: Uint32Array;
  /** Buckets of the durations of its steps, and their bounds in seconds. */
  readonly step: Uint32Array;
  readonly stepBound: Float64Array;
  /** Rows of requests to its front ends. */
  readonly arrivals: Uint32Array;
}

export interface Watched {
  readonly processes: readonly WatchedProcess[];
  readonly latencies: readonly WatchedLatency[];
  readonly engines: readonly WatchedEngine[];
}

export interface WatchTick {
  /** By a monotonic clock. */
  readonly nowSeconds: number;
  /** Since 1970. */
  readonly wallSeconds: number;
  /** Between two ticks, as intended. */
  readonly intervalSeconds: number;
  /** By row. The times may be empty where there is none. */
  readonly value: Float64Array;
  readonly timestampSeconds: Float64Array;
  /** By process, since the tick before: entries of counters, histograms and summaries that changed. */
  readonly moved: ArrayLike<number>;
  /** And observations of its histograms and summaries. */
  readonly observed: ArrayLike<number>;
  /** Counts that went back, and no file was replaced. */
  readonly wentBack?: readonly WentBack[];
}

export interface WentBack {
  readonly process: number;
  readonly series: string;
  readonly from: number;
  readonly to: number;
}

/** What is known of a process otherwise. It comes some seconds late, and less often than ticks. */
export interface ProcessFacts {
  readonly liveness: 'alive' | 'dead' | 'unknown';
  /** Since 1970. */
  readonly startSeconds: number | undefined;
  /** A letter of proc(5): `T` is stopped. Undefined where it was not looked at. */
  readonly state?: string | undefined;
  /** Gauges that count although it is dead. */
  readonly heldGauges?: number;
  /** CPU time. */
  readonly cpuSeconds?: number | undefined;
}
