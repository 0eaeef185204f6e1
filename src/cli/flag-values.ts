/**
 * The values of a command's flags. A value comes from the command line, else from the environment variable
 * (`PROMFOLD_WEB_LISTEN_ADDRESS`), else from the file of --config.file, else it is the default; an empty variable counts
 * as not set.
 */
import { UsageError } from '../errors.js';
import type { ConfigFile } from './config-file.js';
import { ExpectedError, environmentVariable, type Flag, type FlagText } from './flag.js';
import { type Fallbacks, FLAGS, type FlagKey, type FlagValues } from './flags.js';

const NO_FILE: ConfigFile = new Map();

const COMMA_OR_BLANK = /[\s,]+/;

/**
 * @param given texts from the command line by flag name; empty or absent if the flag was not used
 * @throws UsageError `--web.max-requests: expected a whole number, 0 or more, got 'many'`
 */
export function flagValues<K extends FlagKey>(
  keys: readonly K[],
  given: Readonly<Record<string, readonly string[]>>,
  environment: Readonly<Record<string, string | undefined>>,
  fallbacks: Fallbacks = {},
  file: ConfigFile = NO_FILE,
): FlagValues<K> {
  const values: Partial<Record<FlagKey, unknown>> = {};
  for (const key of keys) {
    const flag = flagOf(key, fallbacks);
    const { texts, source } = textsOf(flag, given, environment, file);
    try {
      values[key] = flag.parse(texts);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      throw new UsageError(`${source}: ${error.message}`);
    }
  }
  return values as FlagValues<K>;
}

/** The flag, with the default of a command. */
export function flagOf(key: FlagKey, fallbacks: Fallbacks = {}): Flag<unknown> {
  const flag: Flag<unknown> = FLAGS[key];
  const fallback = fallbacks[key];
  return fallback === undefined ? flag : { ...flag, fallback };
}

export function textsOf(
  flag: FlagText,
  given: Readonly<Record<string, readonly string[]>>,
  environment: Readonly<Record<string, string | undefined>>,
  file: ConfigFile = NO_FILE,
): { texts: readonly string[]; source: string } {
  const typed = given[flag.name];
  if (typed && typed.length > 0) return { texts: typed, source: `--${flag.name}` };

  const variable = environmentVariable(flag);
  const value = variable === undefined ? undefined : environment[variable];
  if (variable !== undefined && value) {
    const { separator = COMMA_OR_BLANK } = flag;
    const texts = flag.repeatable ? value.split(separator).filter(Boolean) : [value];
    return { texts, source: variable };
  }
  const inFile = file.get(flag.name);
  if (inFile !== undefined) return inFile;
  return { texts: flag.fallback === undefined ? [] : [flag.fallback], source: `--${flag.name}` };
}

/** The given flags as arguments for another command line. */
export function flagArguments(
  keys: readonly FlagKey[],
  given: Readonly<Record<string, readonly string[]>>,
): string[] {
  return keys.flatMap((key) => {
    const { name, value }: FlagText = FLAGS[key];
    const texts = given[name] ?? [];
    return texts.map((text) => (value === undefined ? `--${name}` : `--${name}=${text}`));
  });
}
