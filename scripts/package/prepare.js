/**
 * `prepare`: npm runs it in a clone, for `npm install`, `npm install -g .` and what is installed from git. Makes the
 * program that people get: the bundle and the addon.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT, BuildError, buildAddon, main, ROOT } from '../../native/build-addon.js';
import { bundle } from './bundle.js';
import { makePackedParts } from './packed-parts.js';

/** `npm install -g .` links this folder and installs nothing in it. */
function installPackages() {
  if (areInstalled()) return;
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: ROOT,
      env: ofThisFolder(process.env),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    throw new BuildError(`npm ci in ${ROOT} failed (its messages are above)`);
  }
}

/** All that have to be, in the versions of package-lock.json, as npm has noted. */
function areInstalled() {
  const note = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(note)) return false;
  const [wanted, there] = [join(ROOT, 'package-lock.json'), note].map(
    (path) => JSON.parse(readFileSync(path, 'utf8')).packages,
  );
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
}

/** Without what the npm that runs this was told of another folder. */
function ofThisFolder(environment) {
  const others =
    /^npm_config_(?:global|location|prefix|local_prefix|global_prefix|omit|include|production|only|dry_run)$/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !others.test(name)));
}

/**
 * `npm install -g git+…` has an npm prepare a clone in its cache, and tells it -g, too: that one installs the clone as
 * a link, through which the first unpacks into a folder that is removed at last. So the link makes room for a folder.
 */
function undoLinkToCache() {
  const { npm_config_global: isGlobal, npm_config_global_prefix: prefix } = process.env;
  if (isGlobal !== 'true' || prefix === undefined || !/_cacache\/tmp\/git-clone/.test(ROOT)) return;
  const link = join(prefix, 'lib/node_modules', 'promfold');
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  if (realpathSync(link) !== realpathSync(ROOT)) return;
  unlinkSync(link);
  mkdirSync(link);
}

await main(async () => {
  undoLinkToCache();
  installPackages();
  await bundle();
  await buildAddon(BUILT);
  // For what is installed from git: prepack is not run for it.
  await makePackedParts();
});
