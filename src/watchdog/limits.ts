/** The numbers of the rules. Times are multiples of --watchdog.silence, so that a short one can be tried out quickly. */

export interface Limits {
  /** A process or engine that stands still for so long is silent, if that is improbable. */
  readonly silentSeconds: number;
  readonly stalledSeconds: number;
  /** What is to be said of a process must hold for so long: one that shuts down gracefully has 30 s by default (gunicorn). */
  readonly holdSeconds: number;
  /** Nothing is judged that is watched for less. */
  readonly pastSeconds: number;
  /** Of a silent process, so many observations are expected from its own past; or ticks, where it observes nothing. */
  readonly expectedEvents: number;
  readonly expectedTicks: number;
  /** A process that takes the place of another one starts so long before that counts for the last time, or later. */
  readonly successorSeconds: number;
  /** A process that is replaced is left alone for so long: servers wait for their last requests. */
  readonly shutdownSeconds: number;
}

export function limitsOf(silenceSeconds: number): Limits {
  return {
    silentSeconds: silenceSeconds,
    stalledSeconds: 4 * silenceSeconds,
    holdSeconds: silenceSeconds / 6,
    pastSeconds: 10 * silenceSeconds,
    expectedEvents: Math.max(20, (10 / 3) * silenceSeconds),
    expectedTicks: 0.7 * silenceSeconds,
    successorSeconds: 3 * silenceSeconds,
    shutdownSeconds: 20 * silenceSeconds,
  };
}

/** Ticks in which a process counted, and all of its group. */
export const MIN_MOVES = 20;
export const MIN_GROUP_MOVES = 200;

/** Observations a second, or ticks: at fewer, those of a few clients follow each other in bursts, and silences are long. */
export const MIN_RATE = 2;
export const MIN_TICK_RATE = 0.8;

/** Of a group, the process itself among them: fewer have no median. */
export const MIN_SIBLINGS = 4;

/** A tick that comes later than so many intervals says nothing: promfold itself did not run. */
export const LATE_INTERVALS = 3;

/** The clock was set where it and the monotonic one come apart by more, from one tick to the next. */
export const JUMP_SECONDS = 2;

/** Times of the silences that are remembered. */
export const MEMORY_SECONDS = 12 * 3600;
