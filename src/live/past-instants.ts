/**
 * Instants of moments that were recorded, for the views of an API: the same views as of now. Planning a moment takes as long as
 * reading the directory for the first time, so it is done in slices, and only where files or keys are others than in the
 * moment before.
 *
 * What is read of a recording takes memory, so the last moments alone are kept, and for a while only.
 */
import { findInSteps } from '../inspect/findings/find-in-steps.js';
import { Subject } from '../inspect/findings/subject.js';
import { type Moment, secondsOf, spanWithin } from '../inspect/moment.js';
import { movementBetween } from '../inspect/movement.js';
import { isPlanned, planInSteps } from '../inspect/plan-reading.js';
import type { Reading } from '../inspect/reading.js';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import { indexOf } from '../inspect/series-index.js';
import type { SeriesStructure } from '../inspect/series-structure.js';
import { TOP_RULES, type TopView, topProblems, viewTop } from '../inspect/top.js';
import { inSlices } from '../steps.js';
import { type Activity, type ActivityQuery, PastActivity } from './activity.js';
import type { Instant } from './instants.js';
import { pastRates } from './past-rates.js';

/** Moments that are kept: two that are compared, each with the one that its rates are since. */
const KEPT_READINGS = 4;

/** A recording that no view was asked of for so long is closed. */
const IDLE_MS = 30_000;

/** Rates are since a moment so much earlier, or the next one that was recorded before it. */
const RATE_SECONDS = 5;

/** A recorder has more by then. */
const FRESH_MS = 1_000;

export interface AskedActivity extends Pick<ActivityQuery, 'processes'> {
  readonly start: Moment | undefined;
  readonly end: Moment | undefined;
  /** Undefined for sixty points at most. */
  readonly stepSeconds: number | undefined;
}

const POINTS = 60;

/** A span that grows keeps its points until it needs the next one. */
const STEP_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600];

function stepFor(seconds: number): number {
  const hour = 3_600;
  const step = STEP_SECONDS.find((one) => seconds <= one * POINTS);
  return step ?? Math.ceil(seconds / POINTS / hour) * hour;
}

/** @returns what is recorded of a source by now; to be closed */
export type OpenPast = (source: string | undefined) => RecordedPast;

export class PastInstants {
  readonly #open: OpenPast;
  readonly #opened = new Map<string | undefined, OpenedPast>();
  readonly #idle: NodeJS.Timeout;

  /**
   * @param open throws where nothing is recorded
   * @param idleMs after the last view
   */
  constructor(open: OpenPast, idleMs = IDLE_MS) {
    this.#open = open;
    this.#idle = setTimeout(() => this.#drop(), idleMs).unref();
  }

  /**
   * The last moment at or before this time.
   *
   * @throws UsageError if it was not recorded; as OpenPast
   */
  async at(source: string | undefined, moment: Moment): Promise<Instant> {
    const opened = this.#openedFor(source, moment);
    return opened.instant(source, secondsOf(moment, opened.past.span, 'at'));
  }

  /** @throws as OpenPast */
  async activity(source: string | undefined, asked: AskedActivity): Promise<Activity> {
    const opened = this.#openedFor(source, undefined);
    return opened.activityOf(asked);
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#drop();
  }

  #drop(): void {
    for (const opened of this.#opened.values()) opened.close();
    this.#opened.clear();
  }

  #openedFor(source: string | undefined, moment: Moment | undefined): OpenedPast {
    this.#idle.refresh();
    const known = this.#opened.get(source);
    if (known?.has(moment)) return known;
    const opened = new OpenedPast(this.#open(source), known?.activity);
    this.#opened.set(source, opened);
    known?.close();
    return opened;
  }
}

class OpenedPast {
  readonly past: RecordedPast;
  readonly activity: PastActivity;
  readonly #openedMs = performance.now();
  /** By the time of the moment; the last one that was asked for is the last one. */
  readonly #readings = new Map<number, Promise<Reading>>();
  #planned: { readonly reading: Reading; readonly structure: SeriesStructure } | undefined;
  #planning: Promise<unknown> = Promise.resolve();
  #holders = 0;
  #isClosed = false;

  constructor(past: RecordedPast, activity: PastActivity | undefined) {
    this.past = past;
    this.activity = activity ?? new PastActivity();
  }

  /** Whether it is long enough for a moment; undefined for one about now. */
  has(moment: Moment | undefined): boolean {
    if (this.past.isWhole) return true;
    if (moment?.kind === 'time') return moment.seconds <= this.past.span.toSeconds;
    return performance.now() - this.#openedMs < FRESH_MS;
  }

  async instant(source: string | undefined, seconds: number): Promise<Instant> {
    // Its views read the moment before it, and the texts of keys.
    const release = this.#hold();
    try {
      return this.#instantOf(source, await this.#readingAt(this.#tickAt(seconds)), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  #instantOf(source: string | undefined, reading: Reading, release: () => void): Instant {
    const earlier = () => this.#earlier(reading.takenAtSeconds);
    return {
      snapshotId: undefined,
      source,
      reading,
      index: indexOf(reading),
      perSecond: async () => {
        const before = await earlier();
        return before && inSlices(pastRates(before, reading));
      },
      top: async (limit?: number) => this.#top(await earlier(), reading, limit),
      earlier: async () => {
        const before = await earlier();
        return before && { reading: before, release: this.#hold() };
      },
      taken: undefined,
      release,
    };
  }

  async activityOf({ start, end, stepSeconds, processes }: AskedActivity): Promise<Activity> {
    const span = spanWithin(this.past.span, start, end);
    const seconds = span.toSeconds - span.fromSeconds;
    const query = { ...span, stepSeconds: stepSeconds ?? stepFor(seconds) };
    const release = this.#hold();
    try {
      return await this.activity.of(this.past, { ...query, processes });
    } finally {
      release();
    }
  }

  /** Once all that hold it have released it. */
  close(): void {
    this.#isClosed = true;
    if (this.#holders === 0) this.past.close();
  }

  /** @returns how to release it; only the first call does */
  #hold(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders--;
      if (this.#isClosed && this.#holders === 0) this.past.close();
    };
  }

  async #top(before: Reading | undefined, reading: Reading, limit?: number): Promise<TopView> {
    const movement = before && (await movementBetween(before, reading));
    const problems = topProblems(await inSlices(findInSteps(new Subject(reading), TOP_RULES)));
    return viewTop(reading, { movement, problems, ...(limit !== undefined && { limit }) });
  }

  async #earlier(seconds: number): Promise<Reading | undefined> {
    const { fromSeconds } = this.past.span;
    const tick = this.#tickAt(Math.max(fromSeconds, seconds - RATE_SECONDS));
    return tick < seconds ? this.#readingAt(tick) : undefined;
  }

  #readingAt(tick: number): Promise<Reading> {
    const reading = this.#readings.get(tick) ?? this.#read(tick);
    this.#readings.delete(tick);
    this.#readings.set(tick, reading);
    for (const [oldest] of this.#readings) {
      if (this.#readings.size <= KEPT_READINGS) break;
      this.#readings.delete(oldest);
    }
    reading.catch(() => this.#readings.delete(tick));
    return reading;
  }

  /** REQUIRES: it is held until then. */
  async #read(tick: number): Promise<Reading> {
    const reading = await this.past.readingOf(tick);
    // One after the other: two moments of the same files are planned once.
    const planned = this.#planning.then(() => this.#plan(reading));
    this.#planning = planned.catch(() => {});
    return planned;
  }

  async #plan(reading: Reading): Promise<Reading> {
    const planned = reading.files.filter(isPlanned);
    const last = this.#planned;
    const isSame = last !== undefined && hasSameEntries(last.reading, reading);
    const structure = isSame ? last.structure : await inSlices(planInSteps(planned, reading.keys));
    if (!isSame) await inSlices(structure.prepare());
    const whole: Reading = { ...reading, planned, structure };
    this.#planned = { reading: whole, structure };
    return whole;
  }

  /** Of the last moment at or before. */
  #tickAt(seconds: number): number {
    return this.past.timeSeconds.findLast((time) => time <= seconds) ?? seconds;
  }
}

function hasSameEntries({ files: before }: Reading, { files: now }: Reading): boolean {
  if (before.length !== now.length) return false;
  return now.every((file, i) => {
    const { name, entries } = before[i]!;
    if (name !== file.name || entries.length !== file.entries.length) return false;
    return bytesOf(entries.keyId).equals(bytesOf(file.entries.keyId));
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
