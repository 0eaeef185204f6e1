/**
 * How fast counters grew over time, all together and of each process, from what was recorded: the lines of the page. No series is
 * planned: which entries count is read from the names of files and keys, once for each key.
 *
 * Points are at whole multiples of the step, so that the next question needs one more moment, and not all of them. An answer
 * takes a bounded time: a point that there was no time for is in the next one.
 */
import { INCREASE_CLASS, INCREASE_CLASSES } from '../files/column-changes.js';
import type { RecordedIncreases } from '../files/recording.js';
import { isArchiveId } from '../format/filename.js';
import { isUnusable, type Key, parseKey, type UnusableKey } from '../format/key.js';
import { type RecordedPast, recordedName } from '../inspect/recorded-reading.js';
import { keepLast } from '../memo.js';
import { ITEMS_PER_STEP, inSlices, type Steps } from '../steps.js';

export interface ActivityQuery {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
  /** Process ids; of others there are no lines. All where absent. */
  readonly processes?: ReadonlySet<string> | undefined;
}

export interface Activity {
  /** The end of each step. */
  readonly timeSeconds: readonly number[];
  /** Undefined where nothing was recorded, or where there was no time yet. */
  readonly incrementsPerSecond: readonly (number | undefined)[];
  readonly observationsPerSecond: readonly (number | undefined)[];
  readonly entries: readonly (number | undefined)[];
  readonly files: readonly (number | undefined)[];
  readonly processes: readonly {
    readonly processId: string;
    readonly incrementsPerSecond: readonly (number | undefined)[];
    readonly observationsPerSecond: readonly (number | undefined)[];
  }[];
  /** Whether a later answer will have more of it. */
  readonly isPartial: boolean;
}

/** Of one step. */
interface Point {
  readonly increments: number;
  readonly observations: number;
  readonly entries: number;
  readonly files: number;
  /** Those that moved; increments, then observations, each per second. */
  readonly byProcess: ReadonlyMap<string, readonly [number, number]>;
}

/** Of points that are kept, of all steps. */
const MAX_POINTS = 2_000;

/** Milliseconds for the points of one answer. */
const TIME_MS = 400;

/** The recording is read once for so many. */
const POINTS_AT_ONCE = 15;

/**
 * What points may take: at first as much as a page needs that was just opened, and then this share of the time. A moment with
 * a million entries takes a twentieth of a second to read.
 */
const SAVED_MS = 4_000;
const SHARE = 1 / 200;

export class PastActivity {
  /** By step and end; the last one that was used is the last one. */
  readonly #points = new Map<string, Point | undefined>();
  readonly #classes = new KeyClasses();
  #making: Promise<void> = Promise.resolve();
  /** Milliseconds that points may take now. */
  #allowedMs = SAVED_MS;
  #allowedAtMs = performance.now();

  /**
   * REQUIRES: the recording is of the same source as before, and not closed until this settles.
   *
   * @returns what is known after a bounded time
   */
  async of(past: RecordedPast, query: ActivityQuery): Promise<Activity> {
    const { fromSeconds, toSeconds, stepSeconds } = query;
    const first = Math.floor(fromSeconds / stepSeconds) + 1;
    const last = Math.floor(toSeconds / stepSeconds);
    const ends = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    const making = this.#making.then(() => this.#make(past, ends, stepSeconds));
    this.#making = making.catch(() => {});
    await making;
    return this.#answer(ends, query);
  }

  /** Newest first: what happened last is asked for most. */
  async #make(past: RecordedPast, ends: readonly number[], stepSeconds: number): Promise<void> {
    const missing = ends.filter((end) => !this.#points.has(`${stepSeconds} ${end}`));
    if (missing.length === 0) return;
    const beganMs = performance.now();
    this.#allowedMs = Math.min(SAVED_MS, this.#allowedMs + (beganMs - this.#allowedAtMs) * SHARE);
    this.#allowedAtMs = beganMs;
    const untilMs = beganMs + Math.min(TIME_MS, this.#allowedMs);
    try {
      await this.#makeUntil(untilMs, past, missing, stepSeconds);
    } finally {
      this.#allowedMs -= performance.now() - beganMs;
    }
  }

  async #makeUntil(
    untilMs: number,
    past: RecordedPast,
    missing: readonly number[],
    stepSeconds: number,
  ): Promise<void> {
    for (const ends of runsOf(missing)) {
      if (performance.now() > untilMs) return;
      const points = await this.#read(past, ends, stepSeconds);
      for (const [i, end] of ends.entries()) {
        keepLast(this.#points, `${stepSeconds} ${end}`, points[i], MAX_POINTS);
      }
    }
  }

  /** @param ends whole numbers in a row */
  async #read(
    past: RecordedPast,
    ends: readonly number[],
    stepSeconds: number,
  ): Promise<readonly (Point | undefined)[]> {
    const { recording, span } = past;
    const times = Float64Array.from([ends[0]! - 1, ...ends], (end) => end * stepSeconds);
    const classes = await inSlices(this.#classes.of(past));
    const increases = await recording.increases(times, classes);
    const points = pointsOf(increases);
    return points.map((point, i) => {
      const isRecorded =
        times[i]! >= span.fromSeconds - stepSeconds && times[i + 1]! <= span.toSeconds;
      return isRecorded ? point : undefined;
    });
  }

  #answer(ends: readonly number[], { stepSeconds, processes: wanted }: ActivityQuery): Activity {
    const isKnown = ends.map((end) => this.#points.has(`${stepSeconds} ${end}`));
    const points = ends.map((end) => this.#points.get(`${stepSeconds} ${end}`));
    const ids = new Set(points.flatMap((point) => [...(point?.byProcess.keys() ?? [])]));
    const shown = [...ids].filter((id) => wanted === undefined || wanted.has(id));
    const line = (of: (point: Point) => number) => points.map((point) => point && of(point));
    return {
      timeSeconds: ends.map((end) => end * stepSeconds),
      incrementsPerSecond: line(({ increments }) => increments),
      observationsPerSecond: line(({ observations }) => observations),
      entries: line(({ entries }) => entries),
      files: line(({ files }) => files),
      processes: shown.map((processId) => ({
        processId,
        incrementsPerSecond: line(({ byProcess }) => byProcess.get(processId)?.[0] ?? 0),
        observationsPerSecond: line(({ byProcess }) => byProcess.get(processId)?.[1] ?? 0),
      })),
      isPartial: isKnown.includes(false),
    };
  }
}

/** Newest first. */
function runsOf(ends: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const end of ends.toReversed()) {
    const run = runs.at(-1);
    if (run !== undefined && run[0] === end + 1 && run.length < POINTS_AT_ONCE) run.unshift(end);
    else runs.push([end]);
  }
  return runs;
}

/** One for each moment but the first; undefined where nothing was recorded since the moment before. */
function pointsOf(increases: RecordedIncreases): (Point | undefined)[] {
  const { tickSeconds, files, entries, fileName, moment, file, increase } = increases;
  const names = fileName.map((name) => recordedName(name));
  const points = Array.from(tickSeconds, (tick, i) => ({
    seconds: tick - (tickSeconds[i - 1] ?? Number.NaN),
    increments: 0,
    observations: 0,
    entries: entries[i]!,
    files: files[i]!,
    byProcess: new Map<string, [number, number]>(),
  }));
  for (let row = 0; row < moment.length; row++) {
    const { type, processId } = names[file[row]!] ?? { type: undefined, processId: '' };
    if (type === undefined || type === 'gauge' || isArchiveId(processId)) continue;
    const point = points[moment[row]!]!;
    const perSecond = (kind: keyof typeof INCREASE_CLASS) =>
      increase[row * INCREASE_CLASSES + INCREASE_CLASS[kind]]! / point.seconds;
    const increments = type === 'counter' ? perSecond('increments') : 0;
    const observations = type === 'counter' ? 0 : perSecond('observations');
    if (increments === 0 && observations === 0) continue;
    point.increments += increments;
    point.observations += observations;
    const own = point.byProcess.get(processId) ?? [0, 0];
    point.byProcess.set(processId, [own[0] + increments, own[1] + observations]);
  }
  return points.slice(1).map((point) => (point.seconds > 0 ? point : undefined));
}

/** By key id: in a file of counters each counts, of others what counts observations does. A recorder mostly adds keys. */
class KeyClasses {
  #keyTable: number | undefined;
  #of = new Uint8Array();

  *of({ recording, keys }: RecordedPast): Steps<Uint8Array> {
    const isSame = this.#keyTable === recording.keyTable();
    const { size } = keys;
    const known = isSame ? this.#of : new Uint8Array();
    if (known.length >= size) return known;
    const made = new Uint8Array(size);
    made.set(known);
    for (let id = known.length; id < size; id++) {
      made[id] = INCREASE_CLASS[classOf(parseKey(keys.text(id)))];
      if (id % ITEMS_PER_STEP === 0) yield;
    }
    this.#keyTable = recording.keyTable();
    this.#of = made;
    return made;
  }
}

/** An observation is in one bucket, and in the count of a summary; a histogram has no count in the files. */
function classOf(key: Key | UnusableKey): keyof typeof INCREASE_CLASS {
  if (isUnusable(key)) return 'none';
  const { sampleName, family, labels } = key;
  if (labels.some(([name]) => name === 'le') && sampleName === `${family}_bucket`)
    return 'observations';
  if (sampleName === `${family}_count`) return 'observations';
  return sampleName === `${family}_sum` ? 'none' : 'increments';
}
