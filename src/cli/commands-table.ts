/** The table of the topic `commands`, as Markdown. */
import { type Command, usageOf } from './command.js';
import type { CommandName } from './commands.js';
import { exitCodesText } from './exit-codes.js';

export function commandsTable(commands: readonly Command[]): string {
  const rows = commands.map((command) => {
    const usage = usageOf(command).replaceAll('|', '\\|');
    const name = `promfold ${command.name} ${usage}`.trimEnd();
    const codes = exitCodesText(command.name as CommandName);
    return `| \`${name}\` | ${command.summary} | ${codes} |`;
  });
  return ['| command | what it does | exit codes |', '|---|---|---|', ...rows].join('\n');
}
