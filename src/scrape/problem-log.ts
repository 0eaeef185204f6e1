/**
 * Which problems are new: each is logged once when it appears and once when it is over, not at every
 * scrape.
 */
import type { MetricFileError } from '../errors.js';

/** What a logger must take. */
export interface ScrapeLog {
  warn(message: string, fields: Record<string, unknown>): void;
  info(message: string, fields: Record<string, unknown>): void;
}

/** Beyond this many new problems at once the rest are counted, not listed. */
const MOST_LINES = 100;

export class ProblemLog {
  readonly #log: ScrapeLog | undefined;
  #known = new Map<string, MetricFileError>();
  #last: readonly MetricFileError[] = [];

  constructor(log: ScrapeLog | undefined) {
    this.#log = log;
  }

  /** @param problems all there are now */
  report(problems: readonly MetricFileError[]): void {
    if (this.#log === undefined || problems === this.#last) return;
    this.#last = problems;
    const now = new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem]));
    const appeared = [...now].filter(([key]) => !this.#known.has(key));
    const over = [...this.#known].filter(([key]) => !now.has(key));
    this.#known = now;

    for (const [, { code, path, found, offset }] of appeared.slice(0, MOST_LINES)) {
      this.#log.warn(found, { code, path, ...(offset === undefined ? {} : { byte: offset }) });
    }
    if (appeared.length > MOST_LINES) {
      this.#log.warn('more problems of this kind', { count: appeared.length - MOST_LINES });
    }
    for (const [, { code, path }] of over.slice(0, MOST_LINES)) {
      this.#log.info('problem is over', { code, path });
    }
  }
}
