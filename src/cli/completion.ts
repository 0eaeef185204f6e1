/**
 * `completion`: the script that lets a shell complete promfold's command line, made from the tables of commands and
 * flags.
 *
 *   bash   source <(promfold completion bash)
 *   zsh    promfold completion zsh > "${fpath[1]}/_promfold"
 *   fish   promfold completion fish > ~/.config/fish/completions/promfold.fish
 */
import { UsageError } from '../errors.js';
import type { Command } from './command.js';
import { FLAGS, type FlagText } from './flags.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** @param commands asked for when it runs: it is one of them itself */
export function completionCommand(commands: () => Promise<readonly Command[]>): Command<never> {
  return {
    name: 'completion',
    summary: 'Print the completion script of a shell.',
    positionals: ['SHELL'],
    flags: [],
    examples: ['completion bash', 'completion zsh', 'completion fish'],

    async run({ positionals: [shell = ''] }, terminal) {
      if (!isShell(shell)) {
        throw new UsageError(`SHELL: expected ${SHELLS.join(', ')}, got '${shell}'`);
      }
      await terminal.print(completionScript(shell, await commands()));
      return 0;
    },
  };
}

function isShell(text: string): text is Shell {
  return (SHELLS as readonly string[]).includes(text);
}

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const described = commands.map(describe);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](described);
}

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagText[];
  /** Words for the first argument; undefined where it is a path or free text. */
  readonly words: readonly string[] | undefined;
  /** What is left is another command with its own arguments. */
  readonly takesCommand: boolean;
}

const HELP_FLAG: FlagText = { name: 'help', short: 'h', help: 'print this help' };
const VERSION_FLAG: FlagText = { name: 'version', help: 'print the version' };

function describe({ name, summary, flags, positionals = ['[DIR]'] }: Command): Described {
  return {
    name,
    summary,
    flags: [...flags.map((key): FlagText => FLAGS[key]), HELP_FLAG],
    words: positionals.includes('SHELL') ? SHELLS : undefined,
    takesCommand: positionals.includes('CMD...'),
  };
}

function spellings({ name, short }: FlagText): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function bashScript(commands: readonly Described[]): string {
  const top = [
    ...commands.map(({ name }) => name),
    ...spellings(HELP_FLAG),
    ...spellings(VERSION_FLAG),
  ];
  const values = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ value }) => value !== undefined)
      .map((flag) => {
        const cases = spellings(flag).map((spelling) => `${name}:${spelling}`);
        return `    ${cases.join('|')}) ${bashReply(flag.choices)}; return ;;`;
      }),
  );
  const words = commands.map(({ name, flags, words: first }) => {
    const all = flags.flatMap(spellings).join(' ');
    return `    ${name}) flags='${all}' words='${first?.join(' ') ?? ''}' ;;`;
  });
  const wrappers = commands.filter(({ takesCommand }) => takesCommand).map(({ name }) => name);
  return `# bash completion of promfold, made by: promfold completion bash
_promfold() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command= flags= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  COMPREPLY=()
  # Behind -- it is the line of another command.
  case $command in
    ${wrappers.join('|')})
      for ((i++; i < COMP_CWORD; i++)); do
        [[ \${COMP_WORDS[i]} == -- ]] || continue
        if ((i + 1 == COMP_CWORD)); then
          COMPREPLY=($(compgen -c -- "$current"))
        elif declare -F _command_offset > /dev/null; then
          _command_offset $((i + 1))
        else
          COMPREPLY=($(compgen -f -- "$current"))
        fi
        return
      done ;;
  esac
  case $command:$previous in
${values.join('\n')}
  esac
  case $command in
    '')
      COMPREPLY=($(compgen -W '${top.join(' ')}' -- "$current") $(compgen -d -- "$current"))
      return ;;
${words.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _promfold promfold
`;
}

function bashReply(choices: readonly string[] | undefined): string {
  const what = choices === undefined ? '-f' : `-W '${choices.join(' ')}'`;
  return `COMPREPLY=($(compgen ${what} -- "$current"))`;
}

/** No variable is called command or commands: those are zsh's, and the completion of CMD looks into them. */
function zshScript(commands: readonly Described[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, flags, words, takesCommand }) => {
    const specs = flags.flatMap(zshSpecs).map((spec) => `        ${spec} \\`);
    const others = takesCommand
      ? "'(-):command: _command_names -e' '*::arguments: _normal'"
      : "'*:path:_files'";
    const rest = words === undefined ? others : quoted(`1:shell:(${words.join(' ')})`);
    return `    ${name})\n      _arguments -s -S \\\n${specs.join('\n')}\n        ${rest} ;;`;
  });
  return `#compdef promfold
# zsh completion of promfold, made by: promfold completion zsh
_promfold() {
  local -a ours
  ours=(
${names.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command ours
    _files -/
    return
  fi
  local chosen=$words[2]
  shift words
  ((CURRENT--))
  case $chosen in
${cases.join('\n')}
    *) _files ;;
  esac
}
if [ "$funcstack[1]" = _promfold ]; then _promfold "$@"; else compdef _promfold promfold; fi
`;
}

function zshSpecs(flag: FlagText): string[] {
  const help = flag.help.replace(/[[\]\\:]/g, '\\$&');
  const value =
    flag.value === undefined
      ? ''
      : `:${flag.value}:${flag.choices === undefined ? '_files' : `(${flag.choices.join(' ')})`}`;
  return spellings(flag).map((spelling) =>
    quoted(`${flag.repeatable ? '*' : ''}${spelling}[${help}]${value}`),
  );
}

function fishScript(commands: readonly Described[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const isFirst = `not __fish_seen_subcommand_from ${names}`;
  const lines = [
    '# fish completion of promfold, made by: promfold completion fish',
    `complete -c promfold -n '${isFirst}' -l version -d ${quoted(VERSION_FLAG.help)}`,
  ];
  for (const { name, summary, flags, words, takesCommand } of commands) {
    lines.push(`complete -c promfold -n '${isFirst}' -a ${name} -d ${quoted(summary)}`);
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    for (const { name: long, short, value, choices, help } of flags) {
      const parts = [`complete -c promfold ${seen} -l ${long}`];
      if (short !== undefined) parts.push(`-s ${short}`);
      if (value !== undefined)
        parts.push(choices === undefined ? '-r' : `-x -a '${choices.join(' ')}'`);
      parts.push(`-d ${quoted(help)}`);
      lines.push(parts.join(' '));
    }
    if (takesCommand) {
      const withValue = flags
        .filter(({ value }) => value !== undefined)
        .flatMap(spellings)
        .join(' ');
      // Two words go before it: ours and the name of our command.
      const completed = `(__fish_complete_subcommand --fcs-skip=2 -- ${withValue})`;
      lines.push(`complete -c promfold ${seen} -x -a '${completed}'`);
    }
    if (words !== undefined) lines.push(`complete -c promfold ${seen} -f -a '${words.join(' ')}'`);
  }
  return `${lines.join('\n')}\n`;
}

/** One word for all three shells: in single quotes, which a quote has to leave for a moment. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
