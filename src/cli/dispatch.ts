/**
 * argv → command → exit code: how commander learns of the commands.
 *
 * commander reads the arguments and writes --help; flags.ts and flag-values.ts read the values. It never ends the
 * process and never prints: both go through the terminal.
 */
import { existsSync } from 'node:fs';
import { CommanderError, Command as Parser } from 'commander';
import { UsageError } from '../errors.js';
import {
  type Command,
  type ExitStatus,
  FAILED,
  type Given,
  type Terminal,
  usageOf,
} from './command.js';
import { isCommandName, loadCommand, loadCommands } from './commands.js';
import { completeNames, METRIC_NAMES_WORD } from './complete-names.js';
import { readConfigFile } from './config-file.js';
import { describeFlag, flagSyntax } from './flag-help.js';
import { flagOf, flagValues, textsOf } from './flag-values.js';
import { FLAGS } from './flags.js';
import { definitionLines } from './table.js';
import { VERSION_LINE } from './version.js';

/** @throws UsageError, MetricFileError, and whatever is a bug */
export async function dispatch(argv: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  const words = withCommand(asFlag(argv));
  const [first = '', second] = words;
  if (first === METRIC_NAMES_WORD) {
    await completeNames(second, terminal);
    return 0;
  }
  const commands = isCommandName(first) ? [await loadCommand(first)] : await loadCommands();
  // Loaded only when the topics are listed, since it reads their files.
  const topics = argv[0] === 'help' ? (await import('./help.js')).topicList() : ALSO_TOPICS;
  let printed = '';
  let chosen: (() => Promise<ExitStatus>) | undefined;

  const parser = new Parser('promfold')
    .description('Serves the metrics that Python processes write to PROMETHEUS_MULTIPROC_DIR.')
    .usage('<command> [DIR] [flags]\n       promfold DIR [flags]   (as promfold serve DIR)')
    .version(VERSION_LINE, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    // Flags after the command of `run` belong to that command.
    .enablePositionalOptions()
    .configureHelp({
      styleTitle: (title) => title.replace('Options:', 'Flags:'),
      subcommandTerm: (sub) => {
        const command = commands.find(({ name }) => name === sub.name())!;
        return syntaxOf(command).replace(/<(.*\.\.\.)>$/, '-- $1');
      },
    })
    .addHelpText('after', `\n${topics}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: () => {},
    });
  for (const command of commands) {
    addCommand(parser, command, (positionals, given) => {
      const directory = positionals[positionalsOf(command).indexOf('[DIR]')];
      chosen = async () => {
        const flags = await readFlags(command, given, terminal);
        return command.run({ directory, positionals, flags, given }, terminal);
      };
    });
  }

  if (argv.length === 0) {
    throw new UsageError('expected a command or a directory, got nothing; see promfold --help');
  }
  try {
    parser.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new UsageError(usageText(error, first));
    await terminal.print(printed);
    return 0;
  }
  return chosen!();
}

/** @throws UsageError */
async function readFlags(command: Command, given: Given, { environment }: Terminal) {
  const { flags, fallbacks } = command;
  const [path] = flags.includes('configFile')
    ? textsOf(FLAGS.configFile, given, environment).texts
    : [];
  const file = path === undefined ? undefined : await readConfigFile(path);
  return flagValues(flags, given, environment, fallbacks, file);
}

const ALSO_TOPICS = 'promfold help also lists the topics of the manual.';

/** `help COMMAND` is `COMMAND --help`; `help` alone is `--help`. */
function asFlag(argv: readonly string[]): readonly string[] {
  const [first, second] = argv;
  if (first !== 'help') return argv;
  if (second === undefined) return ['--help'];
  return isCommandName(second) ? [second, '--help'] : argv;
}

/** `promfold DIR` is `promfold serve DIR`, if DIR has a slash or exists. */
function withCommand(argv: readonly string[]): readonly string[] {
  const [first = ''] = argv;
  if (first.startsWith('-') || isCommandName(first)) return argv;
  return first.includes('/') || existsSync(first) ? ['serve', ...argv] : argv;
}

function positionalsOf({ positionals = ['[DIR]'] }: Command): readonly string[] {
  return positionals;
}

/** `explain SELECTOR [DIR]`, as commander reads it and --help shows it. */
function syntaxOf(command: Command): string {
  const words = positionalsOf(command).map((word) => (word.startsWith('[') ? word : `<${word}>`));
  return [command.name, ...words].join(' ');
}

function addCommand(
  parser: Parser,
  command: Command,
  choose: (positionals: readonly (string | undefined)[], given: Given) => void,
): void {
  const positionals = positionalsOf(command);
  const about = [
    command.summary,
    ...(positionals.includes('[DIR]')
      ? ['DIR may be left out: the default is $PROMETHEUS_MULTIPROC_DIR.']
      : []),
    ...(command.details ?? []),
  ].join('\n');
  const examples = command.examples.map((example) => `  promfold ${example}`).join('\n');
  const sub = parser
    .command(syntaxOf(command))
    .usage(usageOf(command))
    .passThroughOptions(positionals.at(-1)?.endsWith('...'))
    .summary(command.summary)
    .description(about)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nExamples:\n${examples}\n\n${exitCodes(command)}`)
    // After the positionals commander passes its own options and the command.
    .action((...all: unknown[]) =>
      choose(all.slice(0, positionals.length).flat() as (string | undefined)[], given),
    );

  // As for promfold itself: with positional options it would be accepted only before the command.
  sub.version(VERSION_LINE, '--version').options.at(-1)!.hideHelp();

  // Collected by the names of flags: commander's keys for dotted names (`opts['web.listenAddress']`) are only partly
  // in camel case.
  const given: Record<string, string[]> = {};
  for (const key of command.flags) {
    const flag = flagOf(key, command.fallbacks);
    const texts: string[] = [];
    given[flag.name] = texts;
    sub.option(flagSyntax(flag), describeFlag(flag), (text: string) => {
      texts.push(text);
    });
    if (flag.value === undefined) sub.on(`option:${flag.name}`, () => texts.push('true'));
  }
}

/** With a reference to the manual. */
function exitCodes({ exitCodes, topic }: Command): string {
  return [
    'Exit codes:',
    ...definitionLines([...exitCodes, FAILED]),
    '',
    `More: promfold help ${topic}`,
  ].join('\n');
}

/** commander's message on one line, in promfold's words, with the --help to see. */
function usageText({ code, message }: CommanderError, first: string): string {
  const line = message
    .replace(/^error: /, '')
    .replace(/^missing required argument '(.*)'$/, '$1 is missing')
    .replace(/\. Expected (\d+) arguments? but got (\d+)\.$/, ': expected $1, got $2')
    .replace(/\n+/g, ' ')
    .trim();
  // A suggestion ends in a bracket.
  if (line.endsWith(')')) return line;
  const text =
    code === 'commander.unknownCommand'
      ? line.replace('unknown command', 'expected a command or a directory, got')
      : line;
  return `${text}; see promfold ${isCommandName(first) ? `${first} ` : ''}--help`;
}
