/**
 * The parameters of the API: what each may be, how it is read, and how it is described. An answer that is 400 names the
 * parameter, what was expected and what was found.
 */
import { parseDuration } from '../../config/duration.js';
import { UsageError } from '../../errors.js';
import { A_MOMENT, type Moment, parseMoment } from '../../inspect/moment.js';
import { Selector } from '../../inspect/selector.js';
import type { Page, Sort } from '../../inspect/series/ordering.js';
import { ApiError } from './error.js';
import { list, oneOf, type Schema, STRING } from './schema.js';

export interface Parameter<T> {
  readonly description: string;
  readonly schema: Schema;
  /** Of the path: always given, and not in the query. */
  readonly isInPath?: true;
  readonly isRequired?: true;
  /** May be given several times. */
  readonly isList?: true;
  /**
   * @param given nothing, one text, or several of a list
   * @throws UsageError what is wrong with it
   */
  readonly read: (given: readonly string[]) => T;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

export type Values<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never;
};

/** Characters of a value that an error repeats. */
const MAX_SHOWN = 80;

/** More than any dashboard needs. */
const MAX_SELECTORS = 100;

export const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

export function limitOf(what: string, fallback: number, max: number): Parameter<number> {
  return wholeNumber(`How many ${what} are answered.`, 1, max, fallback);
}

export const PAGING = {
  limit: limitOf('elements', DEFAULT_LIMIT, MAX_LIMIT),
  offset: wholeNumber('How many elements are left out before them.', 0, Number.MAX_SAFE_INTEGER, 0),
};

export const SOURCE: Parameter<string | undefined> = optional(
  'Which of several directories.',
  STRING,
  (text) => text,
);

export const SEARCH: Parameter<string | undefined> = optional(
  'Only what has this text in it, in any case.',
  STRING,
  (text) => (text === '' ? undefined : text),
);

/** Of a process. */
export const PROCESS_ID: Parameter<string | undefined> = optional(
  'Only series of which this process has a value.',
  STRING,
  (text) => text,
);

export const MATCH: Parameter<readonly Selector[]> = severalOf(
  'A selector, as in PromQL. Of several, each adds what it selects; without one, everything is selected.',
  MAX_SELECTORS,
  (text) => new Selector(text),
);

export function texts(description: string, max: number): Parameter<readonly string[]> {
  return severalOf(description, max, (text) => text);
}

export const SELECTOR: Parameter<{ readonly text: string; readonly selector: Selector }> = {
  ...required('A selector, as in PromQL.', (text) => ({ text, selector: new Selector(text) })),
};

/** One of few. */
export function choice<Choice extends string>(
  description: string,
  choices: readonly Choice[],
): Parameter<Choice | undefined> {
  return optional(description, oneOf(choices), (text) => {
    const found = choices.find((each) => each === text);
    if (found !== undefined) return found;
    throw expected(choices.join(' or '), text);
  });
}

export function inPath(description: string): Parameter<string> {
  return { ...required(description, (text) => text), isInPath: true };
}

export function sortBy<Column extends string>(
  columns: readonly Column[],
): Parameter<Sort<Column> | undefined> {
  const schema = oneOf(columns.flatMap((column) => [column, `-${column}`]));
  return optional(
    'The column that elements are sorted by, with a minus for the largest first. Equal elements keep their order.',
    schema,
    (text) => {
      const descending = text.startsWith('-');
      const column = (descending ? text.slice(1) : text) as Column;
      if (columns.includes(column)) return { column, descending };
      throw expected(`one of ${columns.join(', ')}, or -${columns[0]} for the largest first`, text);
    },
  );
}

export function wholeNumber(
  description: string,
  min: number,
  max: number,
  fallback: number,
): Parameter<number> {
  const schema = { type: 'integer', minimum: min, maximum: max, default: fallback };
  return {
    description,
    schema,
    read: (given) => {
      const found = one(given);
      if (found === undefined) return fallback;
      const number = /^\d+$/.test(found) ? Number(found) : Number.NaN;
      if (number >= min && number <= max) return number;
      throw expected(`a whole number from ${min} to ${max}`, found);
    },
  };
}

/** Rounded to tenths of a second. */
export function seconds(
  description: string,
  min: number,
  max: number,
  fallback: number,
): Parameter<number> {
  const schema = { type: 'number', minimum: min, maximum: max, default: fallback };
  return {
    description,
    schema,
    read: (given) => {
      const found = one(given);
      if (found === undefined) return fallback;
      const number = /^\d+(\.\d+)?$/.test(found) ? Number(found) : Number.NaN;
      // In tenths, so that streams of almost the same interval share ticks.
      if (number >= min && number <= max) return Math.round(number * 10) / 10;
      throw expected(`seconds from ${min} to ${max}`, found);
    },
  };
}

/** As Prometheus and Go write them. */
export function duration(
  description: string,
  maxSeconds: number,
  fallback: string,
): Parameter<number> {
  return {
    description,
    schema: { ...STRING, default: fallback },
    read: (given) => {
      const found = one(given) ?? fallback;
      const seconds = parseDuration(found);
      if (seconds !== undefined && seconds > 0 && seconds <= maxSeconds) return seconds;
      throw expected('a duration such as 30s, 15m or 1h', found);
    },
  };
}

/** A time of the recording. */
export function moment(description: string): Parameter<Moment | undefined> {
  return optional(`${description} ${FORMS_OF_A_MOMENT}`, STRING, (text) => {
    const parsed = parseMoment(text);
    if (parsed === undefined) throw expected(A_MOMENT, text);
    return parsed;
  });
}

const FORMS_OF_A_MOMENT =
  'RFC 3339, seconds since 1970, `-15m` (before the end of the recording) or `02:20`.';

/** Of every view. */
export const INSTANT = {
  source: SOURCE,
  snapshot: optional(
    'The `snapshot` of an earlier answer: this one is of the same instant. The last three are kept, for five seconds.',
    STRING,
    (text) => text,
  ),
  at: moment('The answer as of the last moment at or before, of what the flight recorder has.'),
};

/** As Prometheus takes it: a duration, or seconds. */
export function step(description: string, maxSeconds: number): Parameter<number | undefined> {
  return optional(description, STRING, (text) => {
    const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseDuration(text);
    if (seconds !== undefined && seconds > 0 && seconds <= maxSeconds) return seconds;
    throw expected('a duration such as 10s, or seconds', text);
  });
}

export function pageIn({ limit, offset }: Values<typeof PAGING>): Page {
  return { limit, offset };
}

function severalOf<T>(
  description: string,
  max: number,
  parse: (text: string) => T,
): Parameter<readonly T[]> {
  return {
    description,
    schema: { ...list(STRING), maxItems: max },
    isList: true,
    read: (given) => {
      if (given.length > max) throw new UsageError(`expected ${max} at most, got ${given.length}`);
      return given.map(parse);
    },
  };
}

function optional<T>(
  description: string,
  schema: Schema,
  parse: (text: string) => T,
): Parameter<T | undefined> {
  return {
    description,
    schema,
    read: (given) => {
      const found = one(given);
      return found === undefined ? undefined : parse(found);
    },
  };
}

function required<T>(description: string, parse: (text: string) => T): Parameter<T> {
  return {
    description,
    schema: STRING,
    isRequired: true,
    read: (given) => {
      const found = one(given);
      if (found === undefined) throw new UsageError('expected one, got none');
      return parse(found);
    },
  };
}

function one(given: readonly string[]): string | undefined {
  if (given.length > 1) throw new UsageError(`expected one, got ${given.length}`);
  return given[0];
}

function expected(what: string, found: string): UsageError {
  const shown = found.length > MAX_SHOWN ? `${found.slice(0, MAX_SHOWN)}…` : found;
  return new UsageError(`expected ${what}, got '${shown}'`);
}

/**
 * @param given of the path and of the query
 * @throws ApiError 400
 */
export function readParameters<P extends Parameters>(
  parameters: P,
  given: { readonly path: unknown; readonly query: unknown },
): Values<P> {
  const path = given.path as Readonly<Record<string, string>>;
  const query = given.query as Readonly<Record<string, string | string[]>>;
  for (const name of Object.keys(query)) {
    if (Object.hasOwn(parameters, name) && !parameters[name]!.isInPath) continue;
    const known = Object.keys(parameters).filter((each) => !parameters[each]!.isInPath);
    const names = known.length === 0 ? 'no parameter' : `one of the parameters ${known.join(', ')}`;
    throw new ApiError(400, expected(names, name).message);
  }
  const values = Object.entries(parameters).map(([name, { isInPath, read }]) => {
    const found = isInPath ? path[name] : query[name];
    try {
      return [name, read(found === undefined ? [] : [found].flat())];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new ApiError(400, `${name}: ${error.message}`);
    }
  });
  return Object.fromEntries(values) as Values<P>;
}
