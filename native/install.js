/**
 * `install` of the package: uses the addon that came with it, or builds one where that cannot be loaded. A clone is
 * built by `prepare` (scripts/package/prepare.js).
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BUILT, BuildError, buildAddon, main, PREBUILT, ROOT } from './build-addon.js';

/** Why not; undefined when it can. */
function whyNotLoaded(file) {
  if (!existsSync(file))
    return `no addon for ${process.platform}-${process.arch} came with the package`;
  try {
    createRequire(import.meta.url)(file);
    return undefined;
  } catch (error) {
    return `the addon that came with the package cannot be loaded (${error.message.split('\n', 1)[0]})`;
  }
}

async function install() {
  if (existsSync(join(ROOT, 'src/main.ts'))) return;
  const why = whyNotLoaded(PREBUILT);
  if (why === undefined) return;
  try {
    await buildAddon(BUILT);
  } catch (error) {
    throw error instanceof BuildError ? new BuildError(`${why}, and ${error.message}`) : error;
  }
}

await main(install);
