/**
 * The views of `top` of one source. Each compares a reading with an earlier one; this keeps those, and what `check`
 * finds, which costs more than the rest and rarely changes.
 */
import { findInSteps } from '../inspect/findings/find-in-steps.js';
import { Subject } from '../inspect/findings/subject.js';
import { type Movement, movementBetween } from '../inspect/movement.js';
import type { Reading } from '../inspect/reading.js';
import { indexOf } from '../inspect/series-index.js';
import type { SeriesStructure } from '../inspect/series-structure.js';
import { TOP_RULES, type TopProblem, type TopView, topProblems, viewTop } from '../inspect/top.js';
import { Memo } from '../memo.js';
import { inSlices } from '../steps.js';

/** What depends on values, times and writers is looked for again after this time. */
const PROBLEMS_MS = 30_000;

/** Where that takes long, it is done so rarely that it takes less than a 20th of a core. */
const QUICK_MS = 50;
const LONGEST_SHARE = 20;

/** A reading, and how it is kept: what it is made from may be freed when it is not held. */
export interface Moment {
  readonly reading: Reading;
  hold(): void;
  release(): void;
}

export class TopViews {
  readonly #minSeconds: number;
  readonly #keepMs: number;
  readonly #movements = new Memo<Reading, Promise<Movement | undefined>>();
  readonly #problems = new Problems();
  /** Oldest first; each at least #minSeconds older than the next. */
  #before: readonly Moment[] = [];
  #forget: NodeJS.Timeout | undefined;

  /**
   * @param minSeconds between the readings that are compared; 0 for each with the one before
   * @param keepMs how long a reading is kept: a change over a longer time says little about now
   */
  constructor(minSeconds: number, keepMs: number) {
    this.#minSeconds = minSeconds;
    this.#keepMs = keepMs;
  }

  /**
   * Without rates where no reading was viewed before it.
   *
   * @param now held until this resolves
   * @param limit of each list
   */
  async view(now: Moment, limit?: number): Promise<TopView> {
    const { reading } = now;
    const movement = await this.#movements.get(reading, () => this.#movementTo(now));
    const problems = await this.#problems.of(reading);
    return viewTop(reading, { movement, problems, ...(limit !== undefined && { limit }) });
  }

  close(): void {
    clearTimeout(this.#forget);
    this.#replace([]);
  }

  async #movementTo(now: Moment): Promise<Movement | undefined> {
    const earlier = this.earlier(now);
    try {
      return earlier && (await movementBetween(earlier.reading, now.reading));
    } finally {
      earlier?.release();
    }
  }

  /**
   * The reading that this one is compared with; this one is kept for later ones.
   *
   * @returns held, to be released; undefined if there is none
   */
  earlier(now: Moment): Moment | undefined {
    const earlier = this.#before.findLast(({ reading: { takenAtSeconds } }) => {
      const age = now.reading.takenAtSeconds - takenAtSeconds;
      return age >= this.#minSeconds && age * 1000 <= this.#keepMs;
    });
    earlier?.hold();
    this.#keep(now);
    return earlier;
  }

  #keep(now: Moment): void {
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => this.close(), this.#keepMs).unref();
    const lastSeconds = this.#before.at(-1)?.reading.takenAtSeconds;
    const age = now.reading.takenAtSeconds - (lastSeconds ?? Number.NEGATIVE_INFINITY);
    // The clock may have been set back; and the views of kept instants come in any order.
    if (age * 1000 < -this.#keepMs) this.#replace([now]);
    // Two are enough: the last one, and the one before it until that is old enough.
    else if (age >= this.#minSeconds) this.#replace([...this.#before.slice(-1), now]);
  }

  #replace(kept: readonly Moment[]): void {
    for (const moment of kept) moment.hold();
    for (const moment of this.#before) moment.release();
    this.#before = kept;
  }
}

class Problems {
  #found: readonly TopProblem[] = [];
  #of: SeriesStructure | undefined;
  #dueMs = Number.NEGATIVE_INFINITY;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #finding: Promise<void> | undefined;

  /** As of this reading, or of one before. */
  async of(reading: Reading): Promise<readonly TopProblem[]> {
    const { structure } = indexOf(reading);
    const nowMs = performance.now();
    if (nowMs >= this.#restUntilMs && (structure !== this.#of || nowMs >= this.#dueMs)) {
      this.#finding ??= this.#find(reading, structure).finally(() => {
        this.#finding = undefined;
      });
    }
    await this.#finding;
    return this.#found;
  }

  async #find(reading: Reading, structure: SeriesStructure): Promise<void> {
    const beganMs = performance.now();
    this.#found = topProblems(await inSlices(findInSteps(new Subject(reading), TOP_RULES)));
    const endedMs = performance.now();
    this.#of = structure;
    this.#dueMs = endedMs + PROBLEMS_MS;
    const tookMs = endedMs - beganMs;
    this.#restUntilMs = tookMs < QUICK_MS ? 0 : endedMs + LONGEST_SHARE * tookMs;
  }
}
