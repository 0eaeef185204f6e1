/**
 * Instants of moments that were recorded, for the views of an API: the same views as of now. Planning a moment takes as long as
 * reading the directory for the first time, so it is done in slices, and only where files or keys are others than in the
 * moment before.
 *
 * A recorder is opened anew for what it has by now, and what is known of its keys and moments is handed on. It takes memory,
 * so it is kept for a while only.
 */
import { findInSteps } from '../inspect/findings/find-in-steps.js';
import { Subject } from '../inspect/findings/subject.js';
import { type Moment, secondsOf, spanWithin } from '../inspect/moment.js';
import { movementBetween } from '../inspect/movement.js';
import type { Reading } from '../inspect/reading.js';
import type { RecordedKeys } from '../inspect/recorded-keys.js';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import { indexOf } from '../inspect/series-index.js';
import { TOP_RULES, type TopView, topProblems, viewTop } from '../inspect/top.js';
import { madeOnce } from '../memo.js';
import { inSlices } from '../steps.js';
import { type Activity, type ActivityQuery, PastActivity } from './activity.js';
import type { Instant } from './instants.js';
import { pastRates } from './past-rates.js';
import { PlannedMoments } from './planned-moments.js';

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

/**
 * @param known of the recording of the same source before
 * @returns what is recorded of a source by now; to be closed
 */
export type OpenPast = (
  source: string | undefined,
  known: RecordedKeys | undefined,
) => RecordedPast;

/** What later recordings of a source have in common, as long as its keys are not numbered anew. */
interface KnownPast {
  readonly keys: RecordedKeys;
  readonly moments: PlannedMoments;
}

export class PastInstants {
  readonly #open: OpenPast;
  readonly #opened = new Map<string | undefined, OpenedPast>();
  readonly #known = new Map<string | undefined, KnownPast>();
  readonly #activity = new Map<string | undefined, PastActivity>();
  readonly #idle: NodeJS.Timeout;
  /** Lines need neither moments nor what is known of keys: a page that shows no more than these keeps neither. */
  readonly #idleViews: NodeJS.Timeout;

  /**
   * @param open throws where nothing is recorded
   * @param idleMs after the last view
   */
  constructor(open: OpenPast, idleMs = IDLE_MS) {
    this.#open = open;
    this.#idle = setTimeout(() => this.#drop(), idleMs).unref();
    this.#idleViews = setTimeout(() => this.#known.clear(), idleMs).unref();
  }

  /**
   * The last moment at or before this time.
   *
   * @throws UsageError if it was not recorded; as OpenPast
   */
  async at(source: string | undefined, moment: Moment): Promise<Instant> {
    this.#idleViews.refresh();
    const opened = this.#openedFor(source, moment);
    return opened.instant(source, secondsOf(moment, opened.past.span, 'at'));
  }

  /** @throws as OpenPast */
  async activity(source: string | undefined, asked: AskedActivity): Promise<Activity> {
    const opened = this.#openedFor(source, undefined);
    const activity = madeOnce(this.#activity, source, () => new PastActivity());
    return opened.activityOf(activity, asked);
  }

  /**
   * What is recorded of a source by now, to be closed.
   *
   * @throws as OpenPast
   */
  past(source: string | undefined): RecordedPast {
    this.#idleViews.refresh();
    return this.#openNow(source).past;
  }

  close(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#idleViews);
    this.#drop();
    this.#known.clear();
  }

  #drop(): void {
    for (const opened of this.#opened.values()) opened.close();
    this.#opened.clear();
    this.#activity.clear();
  }

  #openedFor(source: string | undefined, moment: Moment | undefined): OpenedPast {
    this.#idle.refresh();
    const before = this.#opened.get(source);
    if (before?.has(moment)) return before;
    const { past, known } = this.#openNow(source);
    const opened = new OpenedPast(past, known);
    this.#opened.set(source, opened);
    before?.close();
    return opened;
  }

  #openNow(source: string | undefined): { past: RecordedPast; known: KnownPast } {
    const before = this.#known.get(source);
    const past = this.#open(source, before?.keys);
    const { keys } = past;
    const known = before?.keys === keys ? before : { keys, moments: new PlannedMoments() };
    this.#known.set(source, known);
    return { past, known };
  }
}

class OpenedPast {
  readonly past: RecordedPast;
  readonly #known: KnownPast;
  readonly #openedMs = performance.now();
  #holders = 0;
  #isClosed = false;

  constructor(past: RecordedPast, known: KnownPast) {
    this.past = past;
    this.#known = known;
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

  async activityOf(
    activity: PastActivity,
    { start, end, stepSeconds, processes }: AskedActivity,
  ): Promise<Activity> {
    const span = spanWithin(this.past.span, start, end);
    const seconds = span.toSeconds - span.fromSeconds;
    const query = { ...span, stepSeconds: stepSeconds ?? stepFor(seconds) };
    const release = this.#hold();
    try {
      return await activity.of(this.past, { ...query, processes });
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
    return this.#known.moments.readingAt(this.past, tick);
  }

  /** Of the last moment at or before. */
  #tickAt(seconds: number): number {
    return this.past.timeSeconds.findLast((time) => time <= seconds) ?? seconds;
  }
}
