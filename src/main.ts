#!/usr/bin/env node
/**
 * The program: argv → command → exit code. The only file that ends the process.
 *
 * All static imports are loaded before the first of them runs, so they are few: the commands are loaded once SIGUSR1
 * is harmless.
 */
import './cli/no-debugger.js';
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import type { ExitStatus, Terminal } from './cli/command.js';
import { errorLine } from './cli/error-line.js';
import { printable } from './cli/printable.js';
import { writeOutput } from './cli/stdout.js';
import { followWrapper, isWrapped } from './cli/wrapped.js';
import { InterruptedError } from './errors.js';
import { exitWithin } from './last-resort.js';

// stdout is opened as a stream only when something is printed: Node then makes a pipe non-blocking, also for the command
// of `run`, which shares it.
const terminal: Terminal = {
  environment: process.env,
  isWrapped: isWrapped(),

  print: (output) => writeOutput(process.stdout, output),

  complain: (line) => {
    try {
      writeSync(2, `${printable(line)}\n`);
    } catch {
      // stderr is closed.
    }
  },

  stopSignal() {
    if (this.isWrapped) return followWrapper();
    const stop = new AbortController();
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const signal of signals) {
      process.once(signal, () => {
        stop.abort(signal);
        // The next signal ends the process as if there were no handler: at once, also when a thread hangs.
        for (const other of signals) process.removeAllListeners(other);
      });
    }
    return stop.signal;
  },

  onHangUp(use) {
    // A terminal that is closed sends it, too, and means the end. By then it is no longer one.
    const ends = isatty(0) && !this.isWrapped;
    process.on('SIGHUP', () => (ends ? process.kill(process.pid, 'SIGTERM') : use()));
  },
};

async function main(): Promise<ExitStatus> {
  try {
    const { dispatch } = await import('./cli/dispatch.js');
    return await dispatch(process.argv.slice(2), terminal);
  } catch (error) {
    if (error instanceof InterruptedError) return error.signal;
    const line = errorLine(error);
    if (line === undefined) throw error;
    terminal.complain(line);
    return 2;
  }
}

/** These leave a core file; one of ours would replace that of the command. */
const DUMPS_CORE: readonly NodeJS.Signals[] = [
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
];

/** A signal that has not ended the process by then never will: pid 1 of a container, for one, ignores them. */
const SIGNAL_MILLISECONDS = 200;

/** Ends as the command of `run` did: a shell stops its loop at a Ctrl-C only when it sees the signal. */
async function endBy(signal: NodeJS.Signals): Promise<number> {
  if (!DUMPS_CORE.includes(signal)) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    await setTimeout(SIGNAL_MILLISECONDS);
  }
  return 128 + constants.signals[signal];
}

/** Node's exit takes milliseconds, unless one of its threads waits for a file system that hangs. */
const EXIT_MILLISECONDS = 1000;

async function endProcess(): Promise<never> {
  const status = await main();
  const code = typeof status === 'number' ? status : await endBy(status);
  exitWithin(EXIT_MILLISECONDS, code);
  process.exit(code);
}

// What waits for something that never comes ends with Node's code for it, and not as if all were well.
process.exitCode = 13;
void endProcess();
