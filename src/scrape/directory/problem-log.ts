/**
 * Logs problems that are new: each once when it appears and once when it is over, not at every scrape.
 *
 * The log itself (cli/limited-log.ts) limits a problem that keeps coming and going, and very many problems at
 * different times, by code and path.
 */
import type { ErrorCode, MetricFileError } from '../../errors.js';
import type { ScrapeLog } from '../../log.js';

/** Problems of one code that are listed at once; the rest is counted. Half of the lines that a code may have in a minute. */
const MAX_LINES_AT_ONCE = 50;

export class ProblemLog {
  readonly #log: ScrapeLog | undefined;
  #known = new Map<string, MetricFileError>();
  #last: readonly MetricFileError[] = [];

  constructor(log: ScrapeLog | undefined) {
    this.#log = log;
  }

  /** @param problems all current problems */
  report(problems: readonly MetricFileError[]): void {
    if (this.#log === undefined || problems === this.#last) return;
    this.#last = problems;
    const log = this.#log;
    const now = new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem]));
    const appeared = [...now].filter(([key]) => !this.#known.has(key));
    const over = [...this.#known].filter(([key]) => !now.has(key));
    this.#known = now;

    for (const [code, some] of byCode(appeared)) {
      for (const problem of some.slice(0, MAX_LINES_AT_ONCE)) {
        const { path, found, offset } = problem;
        const fields = { code, path, ...(offset === undefined ? {} : { byte: offset }) };
        log.warn(found, fields, aboutOf(problem));
      }
      const count = some.length - MAX_LINES_AT_ONCE;
      if (count > 0) log.warn('more problems of this kind', { code, count });
    }
    for (const [code, some] of byCode(over)) {
      for (const problem of some.slice(0, MAX_LINES_AT_ONCE)) {
        log.info('problem is over', { code, path: problem.path }, aboutOf(problem));
      }
      const count = some.length - MAX_LINES_AT_ONCE;
      if (count > 0) log.info('more problems of this kind are over', { code, count });
    }
  }
}

function byCode(
  problems: readonly (readonly [string, MetricFileError])[],
): Map<ErrorCode, MetricFileError[]> {
  const groups = new Map<ErrorCode, MetricFileError[]>();
  for (const [, problem] of problems) {
    const group = groups.get(problem.code);
    if (group === undefined) groups.set(problem.code, [problem]);
    else group.push(problem);
  }
  return groups;
}

/**
 * Path and what was found, without numbers: one file may have several problems of one code, but a different length or
 * byte does not make it a different problem.
 */
function aboutOf({ path, found }: MetricFileError): string {
  return `${path} ${found.replace(/\d+/g, '0')}`;
}
