/**
 * What a command is, and what it may touch: the terminal it is given, never the process itself.
 */
import type { Fallbacks, FlagKey, FlagValues } from './flags.js';
import type { Output } from './stdout.js';

/** The exit code: 0 fine, 1 the answer is no, 2 usage or I/O. Or the signal to end by, as a command of `run` did. */
export type ExitStatus = number | NodeJS.Signals;

/** What was typed for each flag, by its name; none where it was not used. */
export type Given = Readonly<Record<string, readonly string[]>>;

/** How a command talks to whoever started it. main.ts gives the real one. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Writes to stdout. Resolves once all of it is written; with false when nobody reads on, as behind `| head`: that is
   * no failure, and the exit code is the one there would be.
   */
  print(output: Output): Promise<boolean>;
  /** One line to stderr. */
  complain(line: string): void;
  /** Whether this is the daemon beside the command of `run`. */
  readonly isWrapped: boolean;
  /**
   * Aborted by the first SIGTERM or SIGINT; where wrapped, when the command has ended. Until it is asked for, signals
   * end the process as usual.
   */
  stopSignal(): AbortSignal;
  /** Calls back at each SIGHUP, which no longer ends the process then, unless a terminal was closed. */
  onHangUp(use: () => void): void;
}

/** The code, or which codes, and what it says. */
export type ExitCode = readonly [code: string, meaning: string];

/** Of every command. */
export const FAILED: ExitCode = ['2', 'wrong usage, or something could not be read or written'];

export interface Command<K extends FlagKey = FlagKey> {
  readonly name: string;
  readonly summary: string;
  /** More paragraphs for --help, where the summary is not enough. */
  readonly details?: readonly string[];
  readonly flags: readonly K[];
  /** Where this command's default is not that of others. */
  readonly fallbacks?: Fallbacks;
  /** But for FAILED. */
  readonly exitCodes: readonly ExitCode[];
  /** Of the manual, where it says more about the command than --help. */
  readonly topic: string;
  readonly examples: readonly string[];
  /**
   * As --help shows them, in brackets where they may be left out; `[DIR]` alone when absent. `CMD...` takes all that
   * is left, flags too.
   */
  readonly positionals?: readonly string[];

  /**
   * @param directory what was given for `[DIR]`, undefined when it was left out
   * @param positionals everything given, in the order of `Command.positionals`
   * @throws UsageError, MetricFileError: one line on stderr and exit code 2
   */
  run(
    input: {
      readonly directory: string | undefined;
      readonly positionals: readonly (string | undefined)[];
      readonly flags: FlagValues<K>;
      readonly given: Given;
    },
    terminal: Terminal,
  ): Promise<ExitStatus>;
}

/** `[DIR] [flags]`, `[flags] -- CMD...` */
export function usageOf({
  positionals = ['[DIR]'],
  flags,
}: Pick<Command, 'positionals' | 'flags'>): string {
  const shownFlags = flags.length > 0 ? ['[flags]'] : [];
  const takesRest = positionals.at(-1)?.endsWith('...');
  return (takesRest ? [...shownFlags, '--', ...positionals] : [...positionals, ...shownFlags]).join(
    ' ',
  );
}
