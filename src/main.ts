#!/usr/bin/env node
/**
 * The program: argv → command → exit code. The only file that ends the process.
 */
import type { Terminal } from './cli/command.js';
import { printable } from './cli/printable.js';
import { run } from './cli/run.js';
import { systemErrorText } from './cli/system-error.js';
import { MetricFileError, UsageError } from './errors.js';

/** What a shell reports for a process that a signal ended: 128 and its number. */
const ENDED_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

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
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (stop.signal.aborted) process.exit(ENDED_BY_SIGNAL[signal]);
        stop.abort(signal);
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
    return await run(process.argv.slice(2), terminal);
  } catch (error) {
    if (error instanceof UsageError) terminal.complain(`promfold: ${error.message}`);
    else if (error instanceof MetricFileError) {
      terminal.complain(`promfold: ${error.message} [${error.code}]`);
    } else throw error;
    return 2;
  }
}

process.exit(await main());
