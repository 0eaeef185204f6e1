/**
 * `run`: CMD with a fresh directory, and a daemon next to it.
 *
 *   promfold run ─┬─ CMD           same terminal, process group, stdin, stdout, stderr
 *                 └─ promfold serve DIR   restarted when it ends (daemon-process.ts)
 *
 * promfold must not harm CMD. So the daemon is a process of its own, and this one does little: it forwards signals
 * (signals.ts), waits for CMD, removes the directory and ends as CMD did. Once CMD has started, nothing may open
 * stdout or stderr as a stream: Node would make them non-blocking, and CMD shares them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, stat } from 'node:fs/promises';
import { UsageError } from '../errors.js';
import { discoverDirectories } from '../processes/discover.js';
import { identityOf } from '../processes/namespace-path.js';
import { Proc } from '../processes/proc.js';
import type { Command, ExitStatus, Terminal } from './command.js';
import { DaemonProcess } from './daemon-process.js';
import { DIRECTORY_VARIABLE, OLD_DIRECTORY_VARIABLE } from './directory.js';
import { environmentVariable } from './flag.js';
import { flagArguments } from './flag-values.js';
import { FLAGS, type FlagKey } from './flags.js';
import { makeFreshDirectory, makeGivenDirectory, temporaryPlaces } from './fresh-directory.js';
import { type Log, MARK, openLog } from './log.js';
import { SERVE_FLAGS } from './serve.js';
import { SignalForwarding } from './signals.js';
import { SOURCES } from './sources.js';
import { systemErrorText } from './system-error.js';

/** Exit codes of a shell for a command that cannot be run, and for one that does not exist. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

const RUN_FLAGS = [...SERVE_FLAGS, 'dir', 'keep'] as const satisfies readonly FlagKey[];

export const run: Command<(typeof RUN_FLAGS)[number]> = {
  name: 'run',
  summary: 'Run a command with a fresh directory, and serve it.',
  details: [
    `CMD gets a new, empty directory in $${DIRECTORY_VARIABLE}, whatever its value was, and promfold serves it until CMD ends. It is created in $TMPDIR, else /tmp, with mode 0700, and removed at the end.`,
    'Gauges of dead processes are hidden, unless --dead-processes says otherwise.',
    'Signals are forwarded, and promfold ends as CMD does: with its exit code, or by the same signal; 127 if CMD is not found, 126 if it cannot be run. No failure of promfold ends CMD.',
    'As the first process of a container it does not reap orphans: use docker run --init.',
  ],
  positionals: ['CMD...'],
  flags: RUN_FLAGS,
  // Otherwise a server that CMD restarts would leave its running requests on the page for ever.
  fallbacks: { deadProcesses: 'hide-gauges' },
  exitCodes: [
    ['the code of CMD', 'CMD ended with it; if a signal ended CMD, the same signal ends run'],
    ['126', 'CMD cannot be run'],
    ['127', 'CMD is not found'],
  ],
  topic: 'wrapping',
  examples: [
    'run -- vllm serve Qwen/Qwen3-0.6B --api-server-count 4',
    'run --web.listen-address=:19925 -- gunicorn -w 4 app:api',
    'run --dir /run/prom -- python -m dynamo.vllm --model Qwen/Qwen3-0.6B',
  ],

  async run({ positionals, flags, given }, terminal) {
    const [program = '', ...args] = positionals as readonly string[];
    if (program === '') throw new UsageError("CMD: expected a command, got ''");
    const log = openLog(flags.logLevel, flags.logFormat, MARK);
    const signals = new SignalForwarding();
    const directory = await makeDirectory(flags.dir, terminal, log);
    const daemon =
      directory === undefined
        ? undefined
        : new DaemonProcess(
            [
              ...flagArguments(SERVE_FLAGS, given),
              `--dead-processes=${flags.deadProcesses}`,
              '--',
              directory,
            ],
            daemonEnvironment(terminal),
            log,
          );
    const words = terminal.environment._?.endsWith('/nohup')
      ? // Node does not preserve ignored signals, so CMD would not inherit them.
        ['nohup', program, ...args]
      : [program, ...args];
    try {
      return await runCommand(
        words,
        commandEnvironment(directory, terminal),
        (command) => signals.to(command, daemon),
        log,
      );
    } finally {
      signals.stop();
      await daemon?.stop();
      if (directory !== undefined && flags.compactDeadAfter !== undefined) {
        await removeLeftovers(directory);
      }
      if (directory !== undefined)
        await leave(directory, flags.keep || flags.dir !== undefined, log);
    }
  },
};

/** Undefined if none can be created: then CMD runs without metrics. */
async function makeDirectory(
  asked: string | undefined,
  { environment }: Terminal,
  log: Log,
): Promise<string | undefined> {
  try {
    const directory =
      asked === undefined
        ? await makeFreshDirectory(temporaryPlaces(environment), log.warn)
        : await makeGivenDirectory(asked);
    const before = environment[DIRECTORY_VARIABLE];
    log.info('directory created for the command', {
      directory,
      ...(before && before !== directory && { insteadOf: before }),
    });
    return directory;
  } catch (error) {
    log.error('no directory: the command runs without metrics', {
      cause: (error as Error).message,
    });
    return undefined;
  }
}

/** The environment must not name other directories for `serve`. */
function daemonEnvironment({ environment }: Terminal): NodeJS.ProcessEnv {
  const variables = [...SOURCES, 'discover'].map((key) =>
    environmentVariable(FLAGS[key as FlagKey]),
  );
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !variables.includes(name)),
  );
}

/**
 * The old spelling gets the new directory too if it is set: clients before 0.10 know no other. It is not added, since
 * some programs remove the variable from their children.
 */
function commandEnvironment(
  directory: string | undefined,
  { environment }: Terminal,
): NodeJS.ProcessEnv {
  if (directory === undefined) return { ...environment };
  const isOldSet = environment[OLD_DIRECTORY_VARIABLE] !== undefined;
  return {
    ...environment,
    [DIRECTORY_VARIABLE]: directory,
    ...(isOldSet && { [OLD_DIRECTORY_VARIABLE]: directory }),
  };
}

async function runCommand(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onStart: (command: ChildProcess) => void,
  log: Log,
): Promise<ExitStatus> {
  try {
    // Depending on the error, this throws or emits an event later.
    const command = spawn(program, args, { env, stdio: 'inherit' });
    onStart(command);
    const [code, signal] = (await once(command, 'exit')) as [number | null, NodeJS.Signals | null];
    return signal ?? code!;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    log.error('the command cannot be run', { program, cause: systemErrorText(error) });
    return isMissing ? NOT_FOUND : NOT_EXECUTABLE;
  }
}

/** What a compaction that the end of the daemon interrupted has left next to the directory. */
async function removeLeftovers(directory: string): Promise<void> {
  // Most commands are never compacted, and it takes as long to load as the rest.
  const { recoverDirectory } = await import('../compact/compact-directory.js');
  await recoverDirectory(directory, 0).catch(() => {});
}

/** Removes the directory, unless a process still needs it. */
async function leave(directory: string, isKept: boolean, log: Log): Promise<void> {
  if (isKept) {
    log.info('directory kept', { directory });
    return;
  }
  try {
    const own = identityOf(await stat(directory, { bigint: true }));
    // Without a limit: one that is not read might be this one.
    const { directories } = await discoverDirectories(new Proc(), Number.POSITIVE_INFINITY);
    const users = directories.find(({ identity }) => identity === own)?.users ?? [];
    if (users.length > 0) {
      // Without the directory, such a process would fail at its next new metric.
      const pids = users.map(({ pid }) => pid).join(',');
      log.warn('directory kept: processes that outlive the command use it', { directory, pids });
      return;
    }
    await rm(directory, { recursive: true });
  } catch (error) {
    log.warn('directory not removed', { directory, cause: systemErrorText(error) });
  }
}
