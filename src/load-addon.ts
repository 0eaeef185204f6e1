/**
 * Which file the addon is loaded from: the one that was built here, or the one in the package. There may be none, or
 * one that this machine cannot load; then the error is one line that says what to do.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { UsageError } from './errors.js';

const require = createRequire(import.meta.url);

/**
 * @param directory native/ of the package
 * @throws UsageError where none can be loaded
 */
export function loadAddon(directory: string): unknown {
  let why: string | undefined;
  for (const file of candidates(directory)) {
    if (!existsSync(file)) continue;
    try {
      return require(file);
    } catch (error) {
      // What was built for another system is passed over, for one of this.
      why ??= (error as Error).message.split('\n', 1)[0]!;
    }
  }
  throw new UsageError(`the native addon ${found(why)}; ${cure(directory)}`);
}

function found(why: string | undefined): string {
  if (why === undefined) return `for linux-${process.arch} is missing`;
  if (isMusl()) return 'in this package is for glibc, and this system has musl, as Alpine does';
  return `cannot be loaded (${why})`;
}

/** Only packages of npm, and clones, have what the addon is built of. */
function cure(directory: string): string {
  if (existsSync(join(directory, '../src/main.ts'))) {
    return 'install g++ and build it: npm run build:native';
  }
  const builder = join(directory, 'build-addon.js');
  if (existsSync(builder)) return `install g++ and build it: node ${builder}`;
  return `install the package for linux-${process.arch} on a system with glibc 2.28 or later, or build promfold from source`;
}

/** It takes milliseconds, and is asked only where the addon could not be loaded. */
function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined;
}

/** Debug (`node native/build-addon.js --debug`) counts only without Release. */
function candidates(directory: string): readonly string[] {
  const { platform, arch } = process;
  return ['build/Release', 'build/Debug', `prebuilds/${platform}-${arch}`].map((folder) =>
    join(directory, folder, 'promfold.node'),
  );
}
