/** What the exit code of each command says. Made of this: the manual page, the topic `commands`, and `--help`. */
import type { CommandName } from './commands.js';

/** The code, or which codes, and what it says. */
export type ExitCode = readonly [code: string, meaning: string];

/** Of every command. */
const ALWAYS: ExitCode = ['2', 'wrong usage, or something could not be read or written'];

const PRINTED: ExitCode = ['0', 'it is printed'];

const OWN: Readonly<Record<CommandName | 'help', readonly ExitCode[]>> = {
  serve: [['0', 'SIGTERM or SIGINT stopped it']],
  run: [
    ['the code of CMD', 'CMD ended with it; where a signal ended CMD, the same signal ends run'],
    ['126', 'CMD cannot be run'],
    ['127', 'there is no CMD'],
  ],
  scrape: [
    ['0', 'the exposition is printed'],
    ['1', 'there is no family or sample of any --name'],
  ],
  ls: [PRINTED],
  cat: [
    ['0', 'every entry can be read'],
    ['1', 'a file, or a key in one, is damaged; what can be read is printed'],
  ],
  explain: [
    ['0', 'the series is there'],
    ['1', 'no such series'],
  ],
  check: [
    ['0', 'no error was found; there may be warnings and notes'],
    ['1', 'an error was found'],
  ],
  top: [['0', 'it was left, or --count is reached']],
  diff: [
    ['0', 'both say the same'],
    ['1', 'they differ'],
  ],
  snapshot: [['0', 'the snapshot is written']],
  discover: [
    ['0', 'a directory was found'],
    ['1', 'none was found'],
  ],
  completion: [PRINTED],
  man: [PRINTED],
  help: [PRINTED],
};

export function exitCodesOf(name: CommandName | 'help'): readonly ExitCode[] {
  return [...OWN[name], ALWAYS];
}

/** `0 it is printed; 2 wrong usage …` */
export function exitCodesText(name: CommandName | 'help'): string {
  return exitCodesOf(name)
    .map(([code, meaning]) => `${code}: ${meaning}`)
    .join('; ');
}
