/**
 * How fast counters grew over time, all together and of each process, from what was recorded: the lines of the page. No series is
 * planned: which entries count is read from the names of files and keys, once for each key.
 *
 * Points are at whole multiples of the step, so that the next question needs one more moment, and not all of them. An answer
 * takes a bounded time: a point that there was no time for is in the next one.
 */
import {
  compareColumns,
  type EntryValues,
  INCREASE_CLASS,
  INCREASE_CLASSES,
  releaseColumns,
} from '../files/column-changes.js';
import type { RecordedInstant } from '../files/recording.js';
import { isArchiveId } from '../format/filename.js';
import { isUnusable, type Key, type UnusableKey } from '../format/key.js';
import { type RecordedPast, recordedName } from '../inspect/recorded-reading.js';
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

/**
 * What points may take: at first as much as a page needs that was just opened, and then this share of the time. A moment with
 * a million entries takes a twentieth of a second to read.
 */
const SAVED_MS = 4_000;
const SHARE = 1 / 200;

export class PastActivity {
  past!: RecordedPast;
  /** By step and end; the last one that was used is the last one. */
  readonly #points = new Map<string, Point | undefined>();
  #making: Promise<void> = Promise.resolve();
  /** Milliseconds that points may take now. */
  #allowedMs = SAVED_MS;
  #allowedAtMs = performance.now();

  /** @returns what is known after a bounded time */
  async of(query: ActivityQuery): Promise<Activity> {
    const { fromSeconds, toSeconds, stepSeconds } = query;
    const first = Math.floor(fromSeconds / stepSeconds) + 1;
    const last = Math.floor(toSeconds / stepSeconds);
    const ends = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    const making = this.#making.then(() => this.#make(ends, stepSeconds));
    this.#making = making.catch(() => {});
    await making;
    return this.#answer(ends, query);
  }

  /** Newest first: what happened last is asked for most. */
  async #make(ends: readonly number[], stepSeconds: number): Promise<void> {
    const missing = ends.filter((end) => !this.#points.has(`${stepSeconds} ${end}`));
    if (missing.length === 0) return;
    const beganMs = performance.now();
    this.#allowedMs = Math.min(SAVED_MS, this.#allowedMs + (beganMs - this.#allowedAtMs) * SHARE);
    this.#allowedAtMs = beganMs;
    const untilMs = beganMs + Math.min(TIME_MS, this.#allowedMs);
    try {
      await this.#makeUntil(untilMs, missing, stepSeconds);
    } finally {
      this.#allowedMs -= performance.now() - beganMs;
    }
    for (const [oldest] of this.#points) {
      if (this.#points.size <= MAX_POINTS) break;
      this.#points.delete(oldest);
    }
  }

  async #makeUntil(
    untilMs: number,
    missing: readonly number[],
    stepSeconds: number,
  ): Promise<void> {
    const { past } = this;
    let after: RecordedInstant | undefined;
    let afterEnd: number | undefined;
    for (const end of missing.toReversed()) {
      if (performance.now() > untilMs) return;
      const [from, to] = [(end - 1) * stepSeconds, end * stepSeconds];
      let point: Point | undefined;
      if (from >= past.span.fromSeconds - stepSeconds && to <= past.span.toSeconds) {
        const now = afterEnd === end ? after : await past.recording.at(to);
        const before = await past.recording.at(from);
        point = await pointBetween(past, before, now);
        after = before;
        afterEnd = end - 1;
      }
      this.#points.set(`${stepSeconds} ${end}`, point);
    }
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

async function pointBetween(
  past: RecordedPast,
  before: RecordedInstant | undefined,
  now: RecordedInstant | undefined,
): Promise<Point | undefined> {
  if (before === undefined || now === undefined) return undefined;
  const seconds = now.timeSeconds - before.timeSeconds;
  if (!(seconds > 0)) return undefined;
  const { keyId, fileName } = now;
  const classOfSlot = await inSlices(classes(past));
  const changes = await compareColumns(
    sameFiles(before, before),
    sameFiles(before, now),
    slotsOf(keyId),
    classOfSlot,
    new Uint32Array(classOfSlot.length),
    1,
  );
  try {
    const point = { increments: 0, observations: 0 };
    const byProcess = new Map<string, [number, number]>();
    for (const [i, name] of fileName.entries()) {
      const { type, processId } = recordedName(name) ?? { type: undefined, processId: '' };
      if (type === undefined || type === 'gauge' || isArchiveId(processId)) continue;
      const of = (kind: keyof typeof INCREASE_CLASS) =>
        changes.fileIncrease[i * INCREASE_CLASSES + INCREASE_CLASS[kind]]! / seconds;
      const increments = type === 'counter' ? of('increments') : 0;
      const observations = type === 'counter' ? 0 : of('observations');
      if (increments === 0 && observations === 0) continue;
      point.increments += increments;
      point.observations += observations;
      const own = byProcess.get(processId) ?? [0, 0];
      byProcess.set(processId, [own[0] + increments, own[1] + observations]);
    }
    return { ...point, entries: keyId.length, files: fileName.length, byProcess };
  } finally {
    releaseColumns(changes);
  }
}

/**
 * Ids of files mean the same in a recording of one daemon only, and a daemon that is started anew counts from 1: so files are
 * those of an earlier moment if name and inode are. What was written anew has other entries.
 */
function sameFiles(before: RecordedInstant, now: RecordedInstant): EntryValues {
  const known = new Map(before.fileName.map((name, i) => [`${before.identity[i]} ${name}`, i]));
  const fileId = new Uint32Array(now.fileName.length);
  const generation = new Uint32Array(now.fileName.length);
  for (const [i, name] of now.fileName.entries()) {
    const same = known.get(`${now.identity[i]} ${name}`);
    fileId[i] = same ?? before.fileName.length + i;
    if (same !== undefined && !beginsWith(keysOf(now, i), keysOf(before, same))) generation[i] = 1;
  }
  return { fileId, generation, entryEnd: now.entryEnd, value: now.value };
}

function keysOf({ keyId, entryEnd }: RecordedInstant, file: number): Uint32Array {
  return keyId.subarray(file === 0 ? 0 : entryEnd[file - 1]!, entryEnd[file]!);
}

/** A file only grows at its end. */
function beginsWith(now: Uint32Array, before: Uint32Array): boolean {
  const bytes = (column: Uint32Array) =>
    Buffer.from(column.buffer, column.byteOffset, column.byteLength);
  return bytes(now).subarray(0, before.byteLength).equals(bytes(before));
}

const classesOf = new WeakMap<RecordedPast, Uint8Array>();

/** Each key is a slot of its own. Slot 0 is that of entries which count for nothing. */
function slotsOf(keyId: Uint32Array): Uint32Array {
  const slot = new Uint32Array(keyId.length);
  for (let i = 0; i < slot.length; i++) slot[i] = keyId[i]! + 1;
  return slot;
}

/** By slot: in a file of counters each counts, of others what counts observations does. */
function* classes(past: RecordedPast): Steps<Uint8Array> {
  const known = classesOf.get(past);
  if (known !== undefined) return known;
  const { size } = past.keys;
  const made = new Uint8Array(size + 1);
  for (let id = 0; id < size; id++) {
    made[id + 1] = INCREASE_CLASS[classOf(past.keys.read(id))];
    if (id % ITEMS_PER_STEP === 0) yield;
  }
  classesOf.set(past, made);
  return made;
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
