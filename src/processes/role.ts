/**
 * What a process is: the role in its title, else the script or module that its Python runs.
 *
 * setproctitle writes over the command line, so the first argument is the title then. A command line may contain
 * secrets (`--api-key`), and some titles repeat it (celery). So only titles of a known form count, and only the part
 * that names the role; for other command lines, only the name of the script or module.
 *
 *   VLLM::APIServer_0    sglang::scheduler_TP0    gunicorn: worker [app:api]    uWSGI worker 2
 *   python3 /usr/bin/gunicorn -w 4 app:api  →  gunicorn        python3 -m uvicorn app:api  →  uvicorn
 *
 * Source: vLLM set_process_title, gunicorn util._setproctitle, uWSGI --auto-procname, celery
 * platforms.set_process_title; for the interpreter's options, Python/getopt.c and "Command line and environment".
 */

/** Long enough for every known role; a longer text is not a role. */
const MAX_CHARACTERS = 64;

const TITLES: readonly RegExp[] = [
  /^[A-Za-z][\w.-]*::[A-Za-z][\w.:-]*/,
  /^gunicorn: (?:master|worker|arbiter)(?: \[[\w.:-]+\])?/,
  /^uWSGI (?:master|worker \d+|http \d+|spooler|cheap)/,
  /^\[?celeryd: [\w.@-]+:[\w-]+\]?/,
];

/** `python3.11`, `python3.13t`, `pypy3`. */
const PYTHON = /^(?:python|pypy)[\d.]*t?$/;

/** Short options of Python whose value may be the next argument; `-c` and `-m` end the options as well. */
const OPTION_WITH_VALUE = /^-[A-Za-z]*?([cmWX])(.*)$/s;

/** Names of scripts and modules; nothing else of an argument is shown. */
const SHOWN_NAME = /^[\w.+-]+$/;

/** @param commandLine content of /proc/PID/cmdline: arguments, each ended by a NUL */
export function roleOf(commandLine: string): string | undefined {
  const [first = ''] = commandLine.split('\0', 1);
  for (const title of TITLES) {
    const found = title.exec(first)?.[0];
    if (found !== undefined && found.length <= MAX_CHARACTERS) return found;
  }
  const program = programOf(commandLine.split('\0'));
  return program?.kind === 'name' && isShown(program.text) ? program.text : undefined;
}

/**
 * A child that multiprocessing started with a Python of its own (spawn, forkserver), as uvicorn's workers are. Its
 * command line does not name the application; that of its parent does.
 */
export function isMultiprocessingChild(commandLine: string): boolean {
  const program = programOf(commandLine.split('\0'));
  return program?.kind === 'code' && /^from multiprocessing[. ]/.test(program.text);
}

/** What a Python interpreter runs; undefined if it is not Python, or reads its program from stdin. */
function programOf(
  words: readonly string[],
): { readonly kind: 'name' | 'code'; readonly text: string } | undefined {
  if (!PYTHON.test(baseName(words[0] ?? ''))) return undefined;
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-')) return { kind: 'name', text: scriptName(word) };
    if (word === '-') return undefined;
    if (word === '--check-hash-based-pycs') i++;
    if (word.startsWith('--')) continue;
    const [, option, attached = ''] = OPTION_WITH_VALUE.exec(word) ?? [];
    if (option === undefined) continue;
    const value = attached === '' ? (words[++i] ?? '') : attached;
    if (option === 'c') return { kind: 'code', text: value };
    if (option === 'm') return { kind: 'name', text: value.replace(/\.__main__$/, '') };
  }
  return undefined;
}

/** The base name; for a package that is run as a directory, or by its `__main__.py`, the name of the package. */
function scriptName(path: string): string {
  return baseName(path.replace(/\/+$/, '').replace(/\/__main__\.pyc?$/, ''));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isShown(name: string): boolean {
  return name.length <= MAX_CHARACTERS && SHOWN_NAME.test(name);
}
