/** `help`: the list of topics behind that of commands, and one topic. The help of a command is commander's. */
import { UsageError } from '../errors.js';
import { nearest } from '../inspect/near-names.js';
import { readTopic, readTopics, topicNames } from '../manual/topics.js';
import type { Terminal } from './command.js';
import { COMMAND_NAMES, type CommandName } from './commands.js';
import { manualText } from './manual-text.js';
import { terminalWidth } from './terminal.js';

export const HELP_WORD = 'help';

/** Where the manual says more about a command than its help does. */
export const TOPIC_OF: Readonly<Record<CommandName, string>> = {
  serve: 'endpoints',
  run: 'wrapping',
  scrape: 'output-files',
  ls: 'listing',
  cat: 'contents',
  explain: 'explaining',
  check: 'checking',
  top: 'watching',
  diff: 'comparing',
  snapshot: 'comparing',
  discover: 'discovery',
  completion: 'shell-completion',
  man: 'shell-completion',
};

/** @throws UsageError for what is neither topic nor command */
export async function printTopic(word: string, terminal: Terminal): Promise<void> {
  const names = topicNames();
  if (!names.includes(word)) {
    const near = nearest(word, [...COMMAND_NAMES, ...names]);
    const hint =
      near.length > 0 ? `near names: ${near.join(', ')}` : 'promfold help lists what there is';
    throw new UsageError(`help: no command or topic is called '${word}'; ${hint}`);
  }
  await terminal.print(manualText(readTopic(word).text, terminalWidth(terminal.environment)));
}

/** As the list of commands above it. */
export function topicList(): string {
  const topics = readTopics();
  const width = Math.max(...topics.map(({ name }) => name.length));
  const lines = topics.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`);
  return ['Topics:', ...lines].join('\n');
}
