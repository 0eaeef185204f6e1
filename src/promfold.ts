#!/usr/bin/env node
/**
 * What is typed: refuses a Node or a system that promfold does not run on, prints the version, and else starts
 * main.ts. Only the bundle has it as its first file (scripts/package/bundle.js), in a syntax that old Nodes read, so
 * nothing else may be imported here.
 */
import { writeSync } from 'node:fs';
import { VERSION_LINE } from './cli/version.js';
import { refusal } from './refusal.js';

// Before main.ts has no-debugger.ts do the rest.
process.on('SIGUSR1', () => {});

function write(fd: number, line: string): void {
  try {
    writeSync(fd, `${line}\n`);
  } catch {
    // Nobody reads it.
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
