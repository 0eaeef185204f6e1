/**
 * The program as a folder, for the scripts that make packages of it:
 *
 *     node scripts/package/stage.js npm|program FOLDER ARCH...
 *
 *   package.json      the published one: without scripts, so that nothing runs when it is installed, and without the
 *                     packages it was built with
 *   dist/bundle/      whatever the bundle has
 *   src/manual/       the topics
 *   native/prebuilds/ an addon for each architecture
 *   native/           npm only: what an addon is built of, where none of them can be loaded
 *
 * package.json of the tree says under `files` what that is. Modes and times are those that a package has, whatever the
 * umask.
 */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, prebuiltFor, ROOT } from '../../native/build-addon.js';
import { copyHeaders } from './packed-parts.js';
import { buildPortableAddon } from './portable-addon.js';

/** What is started, and the addon. */
const PROGRAM = /^(?:dist|src)\//;

const { version, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** @param kind npm: with what an addon is built of; program: what runs */
export async function stage(kind, folder, architectures) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), publishedPackage(kind));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  if (kind === 'npm') cpSync(join(ROOT, 'README.md'), join(folder, 'README.md'));
  for (const rule of files.filter((path) => kind === 'npm' || PROGRAM.test(path))) {
    // Made below, since the tree has those of this machine.
    if (!/headers|prebuilds/.test(rule)) copy(rule, folder);
  }
  if (kind === 'npm') copyHeaders(join(folder, 'native/headers'));
  for (const arch of architectures) {
    const target = join(folder, 'native', prebuiltFor(arch));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(await buildPortableAddon(arch), target);
  }
  setModes(folder);
}

/** @param rule a file, a folder, or `folder/*.suffix` */
function copy(rule, folder) {
  const [, parent, suffix] = /^(.*)\/\*(\.\w+)$/.exec(rule) ?? [];
  if (parent === undefined) {
    cpSync(join(ROOT, rule), join(folder, rule), { recursive: true });
    return;
  }
  for (const name of readdirSync(join(ROOT, parent)).filter((each) => each.endsWith(suffix))) {
    cpSync(join(ROOT, parent, name), join(folder, parent, name));
  }
}

function publishedPackage(kind) {
  const {
    scripts,
    devDependencies,
    private: _,
    ...published
  } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (kind !== 'npm') delete published.files;
  return `${JSON.stringify(published, null, 2)}\n`;
}

/** What is typed can be executed. */
function setModes(folder) {
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    const isExecutable = statSync(path).isDirectory() || name === 'dist/bundle/promfold.js';
    chmodSync(path, isExecutable ? 0o755 : 0o644);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kind, folder, ...architectures] = process.argv.slice(2);
  await main(() => stage(kind, folder, architectures));
  process.stdout.write(`${version}\n`);
}
