/**
 * `man`: the manual page, as roff, made from the tables of commands and flags: `promfold man | man -l -`.
 *
 * Source of the macros: man(7) of the Linux man-pages project.
 */

import { type Command, usageOf } from './command.js';
import { DIRECTORY_VARIABLE } from './directory.js';
import type { FlagText } from './flag.js';
import { describeFlag } from './flag-help.js';
import { flagOf } from './flag-values.js';
import { VERSION } from './version.js';

/** @param commands asked for when it runs: it is one of them itself */
export function manCommand(commands: () => Promise<readonly Command[]>): Command<never> {
  return {
    name: 'man',
    summary: 'Print the manual page: promfold man | man -l -',
    positionals: [],
    flags: [],
    examples: ['man > /usr/local/share/man/man1/promfold.1'],

    async run(_, terminal) {
      await terminal.print(manPage(await commands()));
      return 0;
    },
  };
}

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'fine'],
  [
    '1',
    'the answer is no: check found an error, diff a difference, explain no series, scrape no family of a --name',
  ],
  ['2', 'wrong usage, or something could not be read or written'],
];

export function manPage(commands: readonly Command[]): string {
  const lines = [
    `.TH PROMFOLD 1 "" "promfold ${roff(VERSION)}"`,
    '.SH NAME',
    'promfold \\- serve and inspect the metrics that Python processes write to PROMETHEUS_MULTIPROC_DIR',
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => [
      `.B promfold ${roff(command.name)}`,
      `${synopsis(command)}`,
      '.br',
    ]),
    '.SH DESCRIPTION',
    'promfold reads the metric files of prometheus_client\\(aqs multiprocess mode from outside the application.',
    `Where DIR is left out, it is that of $${DIRECTORY_VARIABLE}. Nothing is ever written to it.`,
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    '.TP',
    `.B ${DIRECTORY_VARIABLE}`,
    'The directory, where the command line leaves it out.',
    '.TP',
    '.B NO_COLOR',
    'When set, nothing is coloured, unless \\-\\-color says so.',
    '.TP',
    '.B CLICOLOR_FORCE',
    'When set and not 0, colour is not only for terminals.',
    '.TP',
    '.B PROMFOLD_...',
    'Stands in for a flag, as said with each.',
  ];
  return `${lines.join('\n')}\n`;
}

function synopsis(command: Command): string {
  const words = usageOf(command);
  return words === '' ? '\\&' : `.I ${roff(words)}`;
}

function commandLines(command: Command): string[] {
  const { name, summary, details = [], flags, fallbacks, examples } = command;
  return [
    `.SS promfold ${roff(name)} ${roff(usageOf({ ...command, flags: [] }))}`.trimEnd(),
    roff(summary),
    ...details.flatMap((text) => ['.PP', roff(text)]),
    ...flags.flatMap((key) => flagLines(flagOf(key, fallbacks))),
    ...(examples.length > 0
      ? [
          '.PP',
          'Examples:',
          '.PP',
          '.nf',
          '.RS',
          ...examples.map((text) => `promfold ${roff(text)}`),
          '.RE',
          '.fi',
        ]
      : []),
  ];
}

function flagLines(flag: FlagText): string[] {
  const { name, short, value } = flag;
  const long = `\\fB${roff(`--${name}`)}\\fR`;
  const both = short === undefined ? long : `\\fB${roff(`-${short}`)}\\fR, ${long}`;
  const tag = value === undefined ? both : `${both} \\fI${roff(value)}\\fR`;
  return ['.TP', tag, roff(describeFlag(flag))];
}

/** Text as roff reads it: no escape, a dash that is a dash, no request at the start of a line. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replace(/[^\0-\x7f]/gu, (character) => `\\[u${codePoint(character)}]`)
    .replace(/^\./, '\\&.');
}

function codePoint(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
}
