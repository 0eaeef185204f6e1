#!/usr/bin/env node
/**
 * The executable: refuses a Node or a system that promfold does not run on, prints the version, and otherwise starts
 * main.ts. It is the first file of the bundle (scripts/package/bundle.js), in a syntax that old Nodes can parse, so
 * nothing else may be imported here.
 */
import { writeSync } from 'node:fs';
import { VERSION_LINE } from './cli/version.js';
import { refusal } from './refusal.js';

// Until main.ts loads no-debugger.ts, which does the rest.
process.on('SIGUSR1', () => {});

function write(fd: number, line: string): void {
  try {
    writeSync(fd, `${line}\n`);
  } catch {
    // stderr is closed.
  }
}

const refused = refusal(process.versions.node, process.platform);
if (refused !== undefined) {
  write(2, `promfold: ${refused}`);
  process.exitCode = 2;
} else if (process.argv.length === 3 && process.argv[2] === '--version') {
  write(1, VERSION_LINE);
} else {
  void import('./readable-stacks.js').then(() => import('./main.js'));
}
