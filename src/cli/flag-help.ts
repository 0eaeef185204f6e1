/** Flags as text: for --help and for the table in the manual. */
import { environmentVariable, type FlagText } from './flag.js';
import { type Fallbacks, FLAGS, type FlagKey } from './flags.js';

/** For --help: the help, and in brackets the default and the environment variable. */
export function describeFlag(flag: FlagText): string {
  const facts = [];
  if (flag.repeatable) facts.push('repeatable');
  if (flag.value !== undefined && flag.fallback !== undefined) {
    facts.push(`default: ${flag.fallback}`);
  }
  const variable = environmentVariable(flag);
  if (variable !== undefined) facts.push(`env: ${variable}`);
  return facts.length === 0 ? flag.help : `${flag.help} (${facts.join(', ')})`;
}

/** `-o, --output <file>`, as commander reads it and --help shows it. */
export function flagSyntax({ name, short, value }: FlagText): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`;
  return short === undefined ? long : `-${short}, ${long}`;
}

/**
 * The table of the topic `flags`, as Markdown.
 *
 * @param commands which commands take which flags
 */
export function renderFlagsTable(
  commands: readonly {
    readonly name: string;
    readonly flags: readonly FlagKey[];
    readonly fallbacks?: Fallbacks;
  }[],
): string {
  const rows = Object.entries(FLAGS).map(([key, flag]: [string, FlagText]) => {
    const takenBy = commands.filter(({ flags }) => (flags as readonly string[]).includes(key));
    const variable = environmentVariable(flag);
    const cells = [
      `\`${flagSyntax(flag)}\`${flag.repeatable ? ', repeatable' : ''}`,
      takenBy.map(({ name }) => `\`${name}\``).join(', '),
      [
        ...(flag.value !== undefined && flag.fallback !== undefined
          ? [`\`${flag.fallback}\``]
          : []),
        ...takenBy.flatMap(({ name, fallbacks }) => {
          const fallback = fallbacks?.[key as FlagKey];
          return fallback === undefined ? [] : [`\`${fallback}\` of \`${name}\``];
        }),
      ].join(', '),
      flag.help,
      variable === undefined ? '' : `\`${variable}\``,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| flag | of | default | what it does | environment |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
