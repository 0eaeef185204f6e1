/** `help`: one topic of the manual. For a command, or without an argument, it prints --help: see dispatch.ts. */
import { UsageError } from '../errors.js';
import { nearest } from '../inspect/near-names.js';
import { readTopic, readTopics, topicNames } from '../manual/topics.js';
import type { Command } from './command.js';
import { manualText } from './manual-text.js';
import { definitionLines } from './table.js';
import { terminalWidth } from './terminal.js';

/** @param commandNames called when it runs, since it is one of them itself */
export function helpCommand(commandNames: () => readonly string[]): Command<never> {
  return {
    name: 'help',
    summary: 'Print the help of a command, or a topic of the manual.',
    positionals: ['[TOPIC]'],
    flags: [],
    exitCodes: [['0', 'the help or the topic is printed']],
    topic: 'commands',
    examples: ['help', 'help explain', 'help budgets'],

    async run({ positionals: [word = ''] }, terminal) {
      const names = topicNames();
      if (!names.includes(word)) {
        const near = nearest(word, [...commandNames(), ...names]);
        const hint =
          near.length > 0 ? `near names: ${near.join(', ')}` : 'promfold help lists them all';
        throw new UsageError(`help: no command or topic is called '${word}'; ${hint}`);
      }
      await terminal.print(manualText(readTopic(word).text, terminalWidth(terminal.environment)));
      return 0;
    },
  };
}

/** In the form of the list of commands. The subject of a title is left out: the name says it. */
export function topicList(): string {
  const topics = readTopics().map(
    ({ name, title }) => [name, title.replace(/^.*?: /, '')] as const,
  );
  return ['Topics:', ...definitionLines(topics)].join('\n');
}
