/**
 * `completion`: a script that lets a shell complete promfold's command line, generated from the tables of commands
 * and flags.
 *
 *   bash   source <(promfold completion bash)
 *   zsh    promfold completion zsh > "${fpath[1]}/_promfold"
 *   fish   promfold completion fish > ~/.config/fish/completions/promfold.fish
 *
 * A script completes commands, flags, values (`--flag=VALUE` and `--flag VALUE`), metric names for a selector
 * (complete-names.ts), files and directories, and after `run --` the command line of another program.
 */
import { UsageError } from '../errors.js';
import { topicNames } from '../manual/topics.js';
import type { Command } from './command.js';
import { METRIC_NAMES_WORD } from './complete-names.js';
import { EXPLAINED_CODES } from './explain-code.js';
import type { FlagText } from './flag.js';
import { FLAGS } from './flags.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** @param commands called when it runs, since it is one of them itself */
export function completionCommand(commands: () => Promise<readonly Command[]>): Command<never> {
  return {
    name: 'completion',
    summary: 'Print the completion script of a shell.',
    positionals: ['SHELL'],
    flags: [],
    exitCodes: [['0', 'the script is printed']],
    topic: 'shell-completion',
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
  const described = commands.map((command) => describe(command, commands));
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](described);
}

/** What can be completed: some words, or something that the shell or promfold knows. */
type Reply =
  | { readonly words: readonly string[] }
  | 'files'
  | 'directories'
  | 'metrics'
  | 'nothing';

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagText[];
  /** Of each argument; further ones are as the last. */
  readonly positionals: readonly Reply[];
  /** The rest is another command with its own arguments. */
  readonly takesCommand: boolean;
}

const HELP_FLAG: FlagText = { name: 'help', short: 'h', help: 'print this help' };
const VERSION_FLAG: FlagText = { name: 'version', help: 'print the version' };

function describe(
  { name, summary, flags, positionals = ['[DIR]'] }: Command,
  commands: readonly Command[],
): Described {
  return {
    name,
    summary,
    flags: [...flags.map((key): FlagText => FLAGS[key]), HELP_FLAG],
    positionals: positionals.map((positional) => replyOfPositional(positional, commands)),
    takesCommand: positionals.includes('CMD...'),
  };
}

function replyOfPositional(positional: string, commands: readonly Command[]): Reply {
  if (positional === '[TOPIC]') {
    return { words: [...commands.map(({ name }) => name), ...topicNames()] };
  }
  if (positional === 'SHELL') return { words: SHELLS };
  return positional === 'SELECTOR' ? 'metrics' : 'files';
}

/** By the placeholder of the value in --help. */
const REPLY_OF_VALUE: Readonly<Record<string, Reply>> = {
  file: 'files',
  directory: 'directories',
  selector: 'metrics',
  code: { words: EXPLAINED_CODES },
};

function replyOfFlag({ choices, value = '' }: FlagText): Reply {
  return choices === undefined ? (REPLY_OF_VALUE[value] ?? 'nothing') : { words: choices };
}

function spellings({ name, short }: FlagText): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function takesValue({ value }: FlagText): boolean {
  return value !== undefined;
}

function spellingsWithValue(flags: readonly FlagText[]): string[] {
  return flags.filter(takesValue).flatMap(spellings);
}

/**
 * bash splits words at `=` and `:` (COMP_WORDBREAKS), and expects replies for the last piece only: so the words are
 * joined first, and at the end the text before that piece is cut off the replies.
 */
function bashScript(commands: readonly Described[]): string {
  const top = [
    ...commands.map(({ name }) => name),
    ...spellings(HELP_FLAG),
    ...spellings(VERSION_FLAG),
  ];
  const values = commands.flatMap(({ name, flags }) =>
    flags.filter(takesValue).map((flag) => {
      const cases = spellings(flag).map((spelling) => `${name}:${spelling}`);
      return `    ${cases.join('|')}) _promfold_reply ${bashReply(replyOfFlag(flag))} ;;`;
    }),
  );
  const facts = commands.map(({ name, flags }) => {
    const all = flags.flatMap(spellings).join(' ');
    return `    ${name}) flags='${all}' valued=' ${spellingsWithValue(flags).join(' ')} ' ;;`;
  });
  const arguments_ = commands.flatMap(({ name, positionals }) =>
    positionals.map((reply, i) => {
      const isLast = i === positionals.length - 1;
      return `    ${name}:${isLast ? '*' : i}) _promfold_reply ${bashReply(reply)} ;;`;
    }),
  );
  const wrappers = commands.filter(({ takesCommand }) => takesCommand).map(({ name }) => name);
  return `# bash completion of promfold, made by: promfold completion bash

# Fills COMPREPLY: _promfold_reply files|directories|metrics|nothing|words [WORD...]
_promfold_reply() {
  local IFS=$'\\n' kind=$1
  shift
  case $kind in
    files) COMPREPLY=($(compgen -f -- "$current")) ;;
    directories) COMPREPLY=($(compgen -d -- "$current")) ;;
    metrics) COMPREPLY=($(compgen -W "$("$program" ${METRIC_NAMES_WORD} \${directory:+"$directory"} 2> /dev/null)" -- "$current")) ;;
    words) COMPREPLY=($(compgen -W "$*" -- "$current")) ;;
  esac
}

_promfold() {
  local program=\${COMP_WORDS[0]/#\\~/$HOME} raw=\${COMP_WORDS[COMP_CWORD]}
  local words=() command= flags= valued= directory= current prefix i count=-1 skip=
  COMPREPLY=()

  # After -- comes the command line of another program.
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  case $command in
    ${wrappers.join('|')})
      for ((i++; i < COMP_CWORD; i++)); do
        [[ \${COMP_WORDS[i]} == -- ]] || continue
        if ((i + 1 == COMP_CWORD)); then
          COMPREPLY=($(compgen -c -- "$raw"))
        elif declare -F _command_offset > /dev/null; then
          _command_offset $((i + 1))
        else
          COMPREPLY=($(compgen -f -- "$raw"))
        fi
        return
      done ;;
  esac

  for ((i = 0; i <= COMP_CWORD; i++)); do
    if ((i > 0 && \${#words[@]} > 1)) && [[ \${COMP_WORDS[i]} == [=:]* || \${words[-1]} == *[=:] ]]; then
      words[-1]+=\${COMP_WORDS[i]}
    else
      words+=("\${COMP_WORDS[i]}")
    fi
  done
  current=\${words[-1]}
  [[ $raw == [=:]* ]] && raw=
  # Within quotes nothing is split, and the quote is not a part of a reply.
  [[ $raw == [\\"\\']* ]] && current=\${current%"$raw"}\${raw:1} raw=\${raw:1}
  prefix=\${current%"$raw"}

  case $command in
${facts.join('\n')}
    *) COMPREPLY=($(compgen -W '${top.join(' ')}' -- "$current") $(compgen -d -- "$current")); return ;;
  esac
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    if [[ -n $skip ]]; then skip=
    elif [[ $valued == *" \${words[i]} "* ]]; then skip=\${words[i]}
    elif [[ \${words[i]} != -* ]]; then ((++count))
    fi
  done
  # DIR may be there already, after the cursor.
  for ((i = COMP_CWORD + 1; i < \${#COMP_WORDS[@]}; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then directory=\${COMP_WORDS[i]/#\\~/$HOME}; break; fi
  done

  if [[ -z $skip && $current == --*=* && $valued == *" \${current%%=*} "* ]]; then
    skip=\${current%%=*}
    current=\${current#*=}
    prefix=\${prefix#"$skip="}
  fi
  if [[ -n $skip ]]; then
    case $command:$skip in
${values.join('\n')}
    esac
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    case $command:$count in
${arguments_.join('\n')}
    esac
  fi
  # A word that is not split contains the flag before its value.
  [[ $raw == --*=* ]] && prefix= && COMPREPLY=("\${COMPREPLY[@]/#/$skip=}")
  COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
}
complete -o filenames -F _promfold promfold
`;
}

function bashReply(reply: Reply): string {
  return typeof reply === 'string' ? reply : `words ${reply.words.join(' ')}`;
}

/** No variable is called command or commands: those are zsh's, and the completion of CMD looks into them. */
function zshScript(commands: readonly Described[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, flags, positionals, takesCommand }) => {
    const specs = flags.flatMap(zshSpecs).map((spec) => `        ${spec} \\`);
    const rest = takesCommand
      ? ["'(-):command: _command_names -e'", "'*::arguments: _normal'"]
      : positionals.map((reply, i) => quoted(`${i + 1}:${zshMessage(reply)}:${zshReply(reply)}`));
    const lines = [...specs, `        ${rest.join(' ')} ;;`];
    return `    ${name})\n      _arguments -s -S \\\n${lines.join('\n')}`;
  });
  return `#compdef promfold
# zsh completion of promfold, made by: promfold completion zsh
_promfold_metrics() {
  local -a found
  local directory=\${(Q)words[CURRENT + 1]/#\\~/$HOME}
  [[ $directory == -* ]] && directory=
  found=(\${(f)"$(_call_program metrics \${(q)program} ${METRIC_NAMES_WORD} \${directory:+\${(q)directory}} 2> /dev/null)"})
  compadd -a found
}

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
  local chosen=$words[2] program=\${(Q)words[1]/#\\~/$HOME}
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
  const { help, value, repeatable } = flag;
  const about = `[${help.replace(/[[\]\\:]/g, '\\$&')}]`;
  const reply = replyOfFlag(flag);
  return spellings(flag).map((spelling) => {
    // With = after its name a long flag takes its value either way.
    const name = value !== undefined && spelling.startsWith('--') ? `${spelling}=` : spelling;
    const after = value === undefined ? '' : `:${value}:${zshReply(reply)}`;
    return quoted(`${repeatable ? '*' : ''}${name}${about}${after}`);
  });
}

function zshReply(reply: Reply): string {
  switch (reply) {
    case 'files':
      return '_files';
    case 'directories':
      return '_files -/';
    case 'metrics':
      return '_promfold_metrics';
    case 'nothing':
      return '';
    default:
      return `(${reply.words.join(' ')})`;
  }
}

function zshMessage(reply: Reply): string {
  return reply === 'metrics' ? 'selector' : reply === 'files' ? 'path' : 'word';
}

function fishScript(commands: readonly Described[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const isFirst = `not __fish_seen_subcommand_from ${names}`;
  const valued = [...new Set(commands.flatMap(({ flags }) => spellingsWithValue(flags)))];
  const lines = [
    '# fish completion of promfold, made by: promfold completion fish',
    '',
    '# How many arguments of the command stand before the cursor.',
    'function __promfold_arguments',
    '    set -l count -1',
    '    set -l skip 0',
    '    for word in (commandline -opc)[2..]',
    '        if test $skip = 1',
    '            set skip 0',
    `        else if contains -- $word ${valued.join(' ')}`,
    '            set skip 1',
    "        else if not string match -q -- '-*' $word",
    '            set count (math $count + 1)',
    '        end',
    '    end',
    '    echo $count',
    'end',
    '',
    '# Names of metrics in DIR if it stands after the cursor, else in the directory of the environment.',
    'function __promfold_metrics',
    '    set -l words (commandline -op)',
    '    set -l before (commandline -opc)',
    '    set -l directory $words[(math (count $before) + 2)..]',
    `    $words[1] ${METRIC_NAMES_WORD} (string match -v -- '-*' $directory)[1] 2> /dev/null`,
    'end',
    '',
    `complete -c promfold -n '${isFirst}' -l version -d ${quoted(VERSION_FLAG.help)}`,
  ];
  for (const { name, summary, flags, positionals, takesCommand } of commands) {
    lines.push(`complete -c promfold -n '${isFirst}' -a ${name} -d ${quoted(summary)}`);
    const seen = `__fish_seen_subcommand_from ${name}`;
    for (const flag of flags) {
      const { name: long, short, value, help } = flag;
      const parts = [`complete -c promfold -n '${seen}' -l ${long}`];
      if (short !== undefined) parts.push(`-s ${short}`);
      if (value !== undefined) parts.push(fishReply(replyOfFlag(flag)));
      parts.push(`-d ${quoted(help)}`);
      lines.push(parts.join(' '));
    }
    if (takesCommand) {
      // Two words come before it: promfold and the name of its command.
      const completed = `(__fish_complete_subcommand --fcs-skip=2 -- ${spellingsWithValue(flags).join(' ')})`;
      lines.push(`complete -c promfold -n '${seen}' -x -a '${completed}'`);
      continue;
    }
    for (const [i, reply] of positionals.entries()) {
      // What fish does by default.
      if (reply === 'files') continue;
      const words = reply === 'metrics' ? '(__promfold_metrics)' : fishWords(reply);
      const isHere = `${seen}; and test (__promfold_arguments) -eq ${i}`;
      lines.push(`complete -c promfold -n '${isHere}' -f -a '${words}'`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function fishReply(reply: Reply): string {
  switch (reply) {
    case 'files':
      return '-r -F';
    case 'directories':
      return "-x -a '(__fish_complete_directories)'";
    case 'metrics':
      return "-x -a '(__promfold_metrics)'";
    default:
      return `-x -a '${fishWords(reply)}'`;
  }
}

function fishWords(reply: Reply): string {
  return typeof reply === 'string' ? '' : reply.words.join(' ');
}

/** One word for all three shells, in single quotes; a single quote in it is escaped outside of them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
