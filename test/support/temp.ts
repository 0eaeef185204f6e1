/**
 * Temporary directories of tests, gone when the test process ends, however it ends short of SIGKILL.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();

process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** @param parent /dev/shm for a tmpfs; the system's temporary directory otherwise. */
export function tempDirectory(parent: string = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'promfold-test-'));
  made.add(directory);
  return directory;
}
