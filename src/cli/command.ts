/**
 * What a command is, and what it may use: the terminal it is given, never the process itself.
 */
import type { Fallbacks, FlagKey, FlagValues } from './flags.js';
import type { Output } from './stdout.js';

/** The exit code: 0 fine, 1 the answer is no, 2 usage or I/O. Or the signal that ended the command of `run`. */
export type ExitStatus = number | NodeJS.Signals;

/** What was typed for each flag, by name; empty if it was not used. */
export type Given = Readonly<Record<string, readonly string[]>>;

/** How a command talks to its user. main.ts provides the real one. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Writes to stdout. Resolves once all of it is written; with false when the reader has closed the pipe, as `| head`
   * does: that is not a failure and does not change the exit code.
   */
  print(output: Output): Promise<boolean>;
  /** One line to stderr. */
  complain(line: string): void;
  /** Whether this is the daemon that `run` started. */
  readonly isWrapped: boolean;
  /**
   * Aborted by the first SIGTERM or SIGINT; in the daemon of `run`, when the command has ended. Until this is called,
   * signals end the process as usual.
   */
  stopSignal(): AbortSignal;
  /** Calls back at each SIGHUP, which no longer ends the process then, unless a terminal was closed. */
  onHangUp(use: () => void): void;
}

/** The code, or a description of the codes, and its meaning. */
export type ExitCode = readonly [code: string, meaning: string];

/** Of every command. */
export const FAILED: ExitCode = ['2', 'wrong usage, or something could not be read or written'];

export interface Command<K extends FlagKey = FlagKey> {
  readonly name: string;
  readonly summary: string;
  /** Further paragraphs for --help. */
  readonly details?: readonly string[];
  readonly flags: readonly K[];
  /** Defaults that differ from those of other commands. */
  readonly fallbacks?: Fallbacks;
  /** Without FAILED. */
  readonly exitCodes: readonly ExitCode[];
  /** The topic of the manual that says more than --help. */
  readonly topic: string;
  readonly examples: readonly string[];
  /**
   * As --help shows them, in brackets if optional; absent for `[DIR]` alone. `CMD...` takes all remaining arguments,
   * flags too.
   */
  readonly positionals?: readonly string[];

  /**
   * @param directory the argument `[DIR]`, undefined if it was left out
   * @param positionals all arguments, in the order of `Command.positionals`
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
