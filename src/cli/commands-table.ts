/** The table of the topic `commands`, as Markdown. */
import { type Command, usageOf } from './command.js';

export function commandsTable(commands: readonly Command[]): string {
  const rows = commands.map((command) => {
    const { name, summary, exitCodes } = command;
    const cells = [
      `\`${`promfold ${name} ${usageOf(command)}`.trimEnd()}\``,
      summary,
      exitCodes.map(([code, meaning]) => `${code}: ${meaning}`).join('; '),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| command | what it does | exit codes |', '|---|---|---|', ...rows].join('\n');
}
