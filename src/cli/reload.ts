/**
 * Reload: reads the file of --config.file again, and applies changed flags that can change while promfold runs. Other
 * changed flags are logged, and need a restart.
 */
import { UsageError } from '../errors.js';
import type { Warnings } from '../log.js';
import type { Given } from './command.js';
import { type ConfigFile, readConfigFile } from './config-file.js';
import { flagOf, flagValues, textsOf } from './flag-values.js';
import type { FlagKey, FlagValues } from './flags.js';

/** Flags that can change while promfold runs. */
export const LIVE_FLAGS = ['logLevel', 'maxRequests', 'maxConnections'] as const;

export type LiveFlags = FlagValues<(typeof LIVE_FLAGS)[number]>;

export interface ReloadLog extends Warnings {
  info(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface ReloadOptions {
  /** Of --config.file; absent if there is nothing to reload. */
  readonly path: string | undefined;
  readonly keys: readonly FlagKey[];
  readonly given: Given;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: ReloadLog;
  /** Applies the values of all live flags. */
  setLiveFlags(flags: LiveFlags): void;
}

export class Reload {
  readonly #options: ReloadOptions;
  #texts: ReadonlyMap<FlagKey, string> | undefined;

  private constructor(options: ReloadOptions) {
    this.#options = options;
  }

  /** Remembers the current values of the flags. */
  static async begin(options: ReloadOptions): Promise<Reload> {
    const reload = new Reload(options);
    if (options.path !== undefined) {
      reload.#texts = reload.#textsIn(await readConfigFile(options.path));
    }
    return reload;
  }

  /** @returns what is wrong with the file, in which case nothing changed; undefined if it was applied */
  async run(): Promise<string | undefined> {
    const { path, keys, given, environment, log } = this.#options;
    if (path === undefined) return undefined;
    try {
      const file = await readConfigFile(path);
      // All of them: a file with an error is not applied in part.
      const values = flagValues(keys, given, environment, {}, file);
      const texts = this.#textsIn(file);
      const changed = keys.filter((key) => texts.get(key) !== this.#texts?.get(key));
      const isLive = (key: FlagKey) => (LIVE_FLAGS as readonly FlagKey[]).includes(key);
      for (const key of changed.filter((key) => !isLive(key))) {
        const flag = flagOf(key).name;
        log.warn('a changed flag waits for a restart', { flag }, flag);
      }
      this.#options.setLiveFlags(values as LiveFlags);
      this.#texts = texts;
      const taken = changed.filter(isLive).map((key) => flagOf(key).name);
      log.info('configuration read again', {
        path,
        ...(taken.length > 0 && { changed: taken.join(',') }),
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      log.error('configuration not taken over', { error: error.message });
      return error.message;
    }
  }

  /** The effective values, including those of the command line and the environment. */
  #textsIn(file: ConfigFile): ReadonlyMap<FlagKey, string> {
    const { keys, given, environment } = this.#options;
    return new Map(
      keys.map((key) => [
        key,
        JSON.stringify(textsOf(flagOf(key), given, environment, file).texts),
      ]),
    );
  }
}
