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
  const found = why === undefined ? 'is missing' : `cannot be loaded (${why})`;
  const isClone = existsSync(join(directory, '../src/main.ts'));
  const cure = isClone
    ? 'npm run build:native'
    : 'npm rebuild -g promfold (without -g for a local installation)';
  throw new UsageError(`the native addon ${found}; install g++ and build it: ${cure}`);
}

/** Debug (`node native/build-addon.js --debug`) counts only without Release. */
function candidates(directory: string): readonly string[] {
  const { platform, arch } = process;
  return ['build/Release', 'build/Debug', `prebuilds/${platform}-${arch}`].map((folder) =>
    join(directory, folder, 'promfold.node'),
  );
}
