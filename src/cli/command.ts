/**
 * What a command is, and what it may touch: the terminal it is given, never the process itself.
 */
import type { FlagKey, FlagValues } from './flags.js';

/** How a command talks to whoever started it. main.ts gives the real one. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Resolves once everything is written to stdout, or nobody reads it any more. */
  print(output: string | Uint8Array): Promise<void>;
  /** One line to stderr. */
  complain(line: string): void;
  /** Aborted by the first SIGTERM or SIGINT. Until it is asked for, signals end the process as usual. */
  stopSignal(): AbortSignal;
}

export interface Command<K extends FlagKey = FlagKey> {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly K[];
  readonly examples: readonly string[];
  /** As --help shows them, in brackets where they may be left out; `[DIR]` alone when absent. */
  readonly positionals?: readonly string[];

  /**
   * @param directory what was given for `[DIR]`, undefined when it was left out
   * @param positionals everything given, in the order of `Command.positionals`
   * @returns the exit code: 0 fine, 1 the answer is no, 2 usage or I/O
   * @throws UsageError, MetricFileError: one line on stderr and exit code 2
   */
  run(
    input: {
      readonly directory: string | undefined;
      readonly positionals: readonly (string | undefined)[];
      readonly flags: FlagValues<K>;
    },
    terminal: Terminal,
  ): Promise<number>;
}
