/**
 * `man`: the manual page, as roff, generated from the tables of commands, flags and exit codes and from the topics of
 * the manual: `promfold man | man -l -`.
 *
 * Source of the macros: man(7) of the Linux man-pages project.
 */

import { readTopics, type Topic } from '../manual/topics.js';
import { type Command, FAILED, usageOf } from './command.js';
import { DIRECTORY_VARIABLE } from './directory.js';
import type { FlagText } from './flag.js';
import { describeFlag } from './flag-help.js';
import { flagOf } from './flag-values.js';
import { topicSection } from './man-topic.js';
import { roff } from './roff.js';
import { VERSION } from './version.js';

/** @param commands called when it runs, since it is one of them itself */
export function manCommand(commands: () => Promise<readonly Command[]>): Command<never> {
  return {
    name: 'man',
    summary: 'Print the manual page: promfold man | man -l -',
    positionals: [],
    flags: [],
    exitCodes: [['0', 'the page is printed']],
    topic: 'shell-completion',
    examples: ['man > /usr/local/share/man/man1/promfold.1'],

    async run(_, terminal) {
      await terminal.print(manPage(await commands(), readTopics()));
      return 0;
    },
  };
}

/** The page already has these tables. */
const IN_OTHER_WORDS: ReadonlySet<string> = new Set(['commands', 'flags']);

export function manPage(commands: readonly Command[], topics: readonly Topic[]): string {
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
    `If DIR is left out, it is $${DIRECTORY_VARIABLE}. promfold never writes to it, except with \\-\\-dead\\-processes=remove\\-live.`,
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    ...commands.flatMap(exitLines),
    '.SH ENVIRONMENT',
    '.TP',
    `.B ${DIRECTORY_VARIABLE}`,
    'The directory, if the command line does not name one.',
    '.TP',
    '.B NO_COLOR',
    'If set, nothing is coloured, unless \\-\\-color says so.',
    '.TP',
    '.B CLICOLOR_FORCE',
    'If set and not 0, output is coloured even if it is not a terminal.',
    '.TP',
    '.B PROMFOLD_...',
    'The environment variable of a flag, as described there.',
    ...topics.filter(({ name }) => !IN_OTHER_WORDS.has(name)).flatMap(topicSection),
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

function exitLines({ name, exitCodes }: Command): string[] {
  const codes = [...exitCodes, FAILED].map(([code, meaning]) => roff(`${code}: ${meaning}`));
  return [
    '.TP',
    `.B promfold ${roff(name)}`,
    ...codes.flatMap((code) => [code, '.br']).slice(0, -1),
  ];
}

function flagLines(flag: FlagText): string[] {
  const { name, short, value } = flag;
  const long = `\\fB${roff(`--${name}`)}\\fR`;
  const both = short === undefined ? long : `\\fB${roff(`-${short}`)}\\fR, ${long}`;
  const tag = value === undefined ? both : `${both} \\fI${roff(value)}\\fR`;
  return ['.TP', tag, roff(describeFlag(flag))];
}
