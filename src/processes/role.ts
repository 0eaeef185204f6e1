/**
 * What a process calls itself: its role, where its title has one.
 *
 * setproctitle writes over the command line, so the first argument is the title then. A command line may
 * hold secrets (`--api-key`), and some titles repeat it (celery). So only titles of known shape count, and of
 * them only the part that names the role.
 *
 *   VLLM::APIServer_0    sglang::scheduler_TP0    gunicorn: worker [app:api]    uWSGI worker 2
 *
 * Source: vLLM set_process_title, gunicorn util._setproctitle, uWSGI --auto-procname, celery platforms.set_process_title.
 */

/** Long enough for every role there is; what is longer is none. */
const MOST_CHARACTERS = 64;

const SHAPES: readonly RegExp[] = [
  /^[A-Za-z][\w.-]*::[A-Za-z][\w.:-]*/,
  /^gunicorn: (?:master|worker|arbiter)(?: \[[\w.:-]+\])?/,
  /^uWSGI (?:master|worker \d+|http \d+|spooler|cheap)/,
  /^\[?celeryd: [\w.@-]+:[\w-]+\]?/,
];

/** @param commandLine content of /proc/PID/cmdline: arguments, each ended by a NUL */
export function roleOf(commandLine: string): string | undefined {
  const [first = ''] = commandLine.split('\0', 1);
  for (const shape of SHAPES) {
    const found = shape.exec(first)?.[0];
    if (found !== undefined && found.length <= MOST_CHARACTERS) return found;
  }
  return undefined;
}
