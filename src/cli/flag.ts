/**
 * What a flag is, and how one is made: its text, and a parser that says what it expected. Everything about flags uses
 * it; the flags themselves are in flags.ts.
 */
export interface FlagText {
  /** Without dashes. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** Placeholder of the value in --help; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** All values, for shell completion; absent if any value is possible. */
  readonly choices?: readonly string[];
  /** The default, as text, parsed like a given value; absent if the flag may have no value. */
  readonly fallback?: string;
  readonly repeatable?: true;
  /** Between the values of a repeatable flag in its environment variable; absent for commas and blanks. */
  readonly separator?: RegExp;
  /** False for flags that only make sense on a command line. */
  readonly environment?: false;
}

export interface Flag<T> extends FlagText {
  /** Texts in the order given; only the last one counts if the flag is not repeatable. */
  readonly parse: (texts: readonly string[]) => T;
}

/** What is wrong with a value: `expected …, got …`. The caller adds the name of the flag. */
export class ExpectedError extends Error {
  constructor(expected: string, got: string) {
    super(`expected ${expected}, got '${got}'`);
  }
}

export function single<T>(text: FlagText, parse: (text: string) => T): Flag<T> {
  return { ...text, parse: (texts) => parse(texts.at(-1)!) };
}

export function optional<T>(text: FlagText, parse: (text: string) => T): Flag<T | undefined> {
  return { ...text, parse: (texts) => (texts.length === 0 ? undefined : parse(texts.at(-1)!)) };
}

export function repeatable<T>(text: FlagText, parse: (text: string) => T): Flag<readonly T[]> {
  return { ...text, repeatable: true, parse: (texts) => texts.map(parse) };
}

export function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw new ExpectedError(`${listed(choices)}`, text);
  };
}

export function listed(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/** The environment variable of a flag; undefined for flags without one. */
export function environmentVariable({ name, environment }: FlagText): string | undefined {
  return environment === false ? undefined : `PROMFOLD_${name.toUpperCase().replace(/[.-]/g, '_')}`;
}
