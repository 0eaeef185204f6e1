/**
 * The daemon's log within a budget: messages that files, processes and clients cause again and again are counted.
 *
 * A line has a kind, its error code or else its message, and within the kind a subject, such as a path. In a minute
 * the first LINES_OF_SUBJECT lines of a subject and the first LINES_OF_KIND lines of a kind are written at once.
 * Further lines are counted, and the counts are written when the minute ends. A subject that had lines left out gets
 * only that count, minute by minute, until a minute passes without a line. Lines of level debug are not limited.
 *
 * Kinds are few and fixed; of each, at most twice LINES_OF_KIND subjects are kept.
 */
import type { Log } from './log.js';
import { LOG_LEVELS, type LogLevel } from './log-choices.js';

const WINDOW_MILLISECONDS = 60_000;

/** A problem that appears and goes away five times. */
export const LINES_OF_SUBJECT = 10;
export const LINES_OF_KIND = 100;

/** Subjects of a kind that get their own count; the others share one. */
export const COUNTS_OF_KIND = 5;

/** Characters of a subject that are compared. */
const MAX_SUBJECT_LENGTH = 1000;

/** Calls back once, later. Returns a function that cancels it. */
export type Schedule = (callback: () => void, milliseconds: number) => () => void;

type Fields = Record<string, unknown>;

type LimitedLevel = Exclude<LogLevel, 'debug'>;

interface Line {
  readonly level: LimitedLevel;
  readonly message: string;
  readonly fields: Fields;
}

/** Counts are of the window. */
interface Subject {
  lines: number;
  written: number;
  /** The worst of its lines. */
  level: LimitedLevel;
  last: Line;
  /** It had lines left out in the previous window. */
  readonly isRepeating: boolean;
}

interface Kind {
  readonly name: string;
  readonly isCode: boolean;
  readonly subjects: Map<string, Subject>;
  readonly cancel: () => void;
  written: number;
  /** Lines of subjects that are not tracked. */
  leftOut: number;
  /** The worst level of those. */
  level: LimitedLevel;
}

/** Fields that name the subject of a line; the line of a count repeats them. */
const SUBJECT_FIELDS = ['path', 'directory', 'source'] as const;

export class LimitedLog implements Log {
  readonly #log: Log;
  readonly #schedule: Schedule;
  /** Kinds with a line in the last minute. */
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Log, schedule: Schedule = afterTimeout) {
    this.#log = log;
    this.#schedule = schedule;
  }

  // Bound, so that each can be passed as a function.
  readonly debug = (message: string, fields?: Fields): void => this.#log.debug(message, fields);
  readonly info = (message: string, fields?: Fields, about?: string): void =>
    this.#take('info', message, fields, about);
  readonly warn = (message: string, fields?: Fields, about?: string): void =>
    this.#take('warn', message, fields, about);
  readonly error = (message: string, fields?: Fields, about?: string): void =>
    this.#take('error', message, fields, about);

  /** Writes the pending counts, before the process ends. */
  flush(): void {
    for (const kind of this.#kinds.values()) {
      kind.cancel();
      this.#writeCounts(kind);
    }
    this.#kinds.clear();
  }

  /** @param about the subject; absent where a field says it */
  #take(
    level: LimitedLevel,
    message: string,
    fields: Fields = {},
    about = JSON.stringify(SUBJECT_FIELDS.map((name) => fields[name])),
  ): void {
    const line: Line = { level, message, fields };
    const isCode = fields.code !== undefined;
    const name = isCode ? String(fields.code) : message;
    const kind = this.#kinds.get(name) ?? this.#open(name, isCode, new Map());
    const key = about.slice(0, MAX_SUBJECT_LENGTH);
    let subject = kind.subjects.get(key);
    if (subject === undefined) {
      if (kind.written >= LINES_OF_KIND) {
        kind.leftOut += 1;
        kind.level = worse(kind.level, level);
        return;
      }
      subject = newSubject(line, false);
      kind.subjects.set(key, subject);
    }
    subject.lines += 1;
    subject.level = worse(subject.level, level);
    subject.last = line;
    const isAllowed = !subject.isRepeating && subject.written < LINES_OF_SUBJECT;
    if (!isAllowed || kind.written >= LINES_OF_KIND) return;
    subject.written += 1;
    kind.written += 1;
    this.#log[level](message, fields);
  }

  #open(name: string, isCode: boolean, subjects: Map<string, Subject>): Kind {
    const cancel = this.#schedule(() => this.#end(kind), WINDOW_MILLISECONDS);
    const kind: Kind = { name, isCode, subjects, cancel, written: 0, leftOut: 0, level: 'info' };
    this.#kinds.set(name, kind);
    return kind;
  }

  #end(kind: Kind): void {
    this.#kinds.delete(kind.name);
    const repeating = this.#writeCounts(kind);
    if (repeating.length === 0 && kind.leftOut === 0) return;
    const next = repeating
      .slice(0, LINES_OF_KIND)
      .map(([about, { last }]) => [about, newSubject(last, true)] as const);
    this.#open(kind.name, kind.isCode, new Map(next));
  }

  /** @returns the subjects that had lines left out, those with the most lines first */
  #writeCounts({ name, isCode, subjects, leftOut, level }: Kind): [string, Subject][] {
    const repeating = [...subjects]
      .filter(([, subject]) => leftOutOf(subject) > 0)
      .sort(([, a], [, b]) => leftOutOf(b) - leftOutOf(a));
    const kindField = isCode ? { code: name } : { line: name };
    for (const [, subject] of repeating.slice(0, COUNTS_OF_KIND)) {
      const { fields, message } = subject.last;
      const about = SUBJECT_FIELDS.filter((field) => field in fields);
      const happened = isCode ? 'changed' : 'repeated';
      this.#log[subject.level](`${happened} ${subject.lines} times in the last minute`, {
        ...kindField,
        ...Object.fromEntries(about.map((field) => [field, fields[field]])),
        ...(isCode && { last: message }),
      });
    }
    let count = leftOut;
    let worst = level;
    for (const [, subject] of repeating.slice(COUNTS_OF_KIND)) {
      count += leftOutOf(subject);
      worst = worse(worst, subject.level);
    }
    if (count > 0) {
      this.#log[worst]('lines left out in the last minute', { ...kindField, count });
    }
    return repeating;
  }
}

function newSubject(last: Line, isRepeating: boolean): Subject {
  return { lines: 0, written: 0, level: 'info', last, isRepeating };
}

function leftOutOf({ lines, written }: Subject): number {
  return lines - written;
}

function worse(a: LimitedLevel, b: LimitedLevel): LimitedLevel {
  return LOG_LEVELS.indexOf(a) > LOG_LEVELS.indexOf(b) ? a : b;
}

function afterTimeout(callback: () => void, milliseconds: number): () => void {
  const timer = setTimeout(callback, milliseconds);
  // A pending count does not keep the process alive.
  timer.unref();
  return () => clearTimeout(timer);
}
