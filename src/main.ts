#!/usr/bin/env node
/**
 * The program: argv → command → exit code. The only file that ends the process.
 */
import type { Terminal } from './cli/command.js';
import { dispatch } from './cli/dispatch.js';
import { printable } from './cli/printable.js';
import { systemErrorText } from './cli/system-error.js';
import { MetricFileError, UsageError } from './errors.js';

const terminal: Terminal = {
  environment: process.env,

  print: (output) =>
    new Promise((resolve, reject) => {
      process.stdout.write(output, (error) => {
        // Nobody reads on: `promfold scrape | head` is no failure.
        if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve();
        else reject(new UsageError(`stdout: ${systemErrorText(error)}`));
      });
    }),

  complain: (line) => {
    process.stderr.write(`${printable(line)}\n`);
  },

  stopSignal() {
    const stop = new AbortController();
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const signal of signals) {
      process.once(signal, () => {
        stop.abort(signal);
        // The next one ends the process as if there were no handler: at once, also when a thread hangs.
        for (const other of signals) process.removeAllListeners(other);
      });
    }
    return stop.signal;
  },
};

// The callback of write is told too; without a listener it would be thrown.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

async function main(): Promise<number> {
  try {
    return await dispatch(process.argv.slice(2), terminal);
  } catch (error) {
    if (error instanceof UsageError) terminal.complain(`promfold: ${error.message}`);
    else if (error instanceof MetricFileError) {
      terminal.complain(`promfold: ${error.message} [${error.code}]`);
    } else throw error;
    return 2;
  }
}

process.exit(await main());
