/**
 * The addon that is published: of one architecture, for every Linux with glibc 2.28 or later, which is what Node 20 and
 * later need themselves (test/package/portable-addon.test.ts).
 *
 *     node scripts/package/portable-addon.js x64|arm64             → native/build/portable-ARCH/promfold.node
 *     node scripts/package/portable-addon.js x64|arm64 --tests     → native/build/portable-ARCH/run-tests
 *     node scripts/package/portable-addon.js x64|arm64 --launcher  → native/build/portable-ARCH/launcher
 *
 *   C library     of Debian 11, headers and all (scripts/package/sysroot): a symbol that is newer cannot be linked
 *   C++ library   in the addon itself, and hidden, or Node's own would take its place; what it asks of a newer glibc
 *                 is in native/portable/
 *   libgcc_s      the system's, which Node needs as well: an unwinder in the addon would ask for glibc 2.35
 *
 * Built by Debian 12's g++ 12 for both architectures, so that the same sources give the same bytes anywhere.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  BuildError,
  buildAddon,
  compile,
  compileAll,
  flagsFor,
  main,
  RELEASE,
  ROOT,
  sources,
} from '../../native/build-addon.js';

const run = promisify(execFile);
const SELF = fileURLToPath(import.meta.url);

export const ARCHITECTURES = ['x64', 'arm64'];

const GCC = 12;

/** As GCC and Debian call it. */
const TRIPLE = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** Where the headers of the C++ library are: of this machine's compiler, or of one that compiles for others. */
function headersOfLibrary(arch) {
  const triple = TRIPLE[arch];
  const folder =
    arch === process.arch ? `/usr/include/c++/${GCC}` : `/usr/${triple}/include/c++/${GCC}`;
  const own = arch === process.arch ? `/usr/include/${triple}/c++/${GCC}` : join(folder, triple);
  return [folder, own];
}

/** What Node calls. */
const EXPORTS =
  '{ global: napi_register_module_v1; node_api_module_get_api_version_v1; local: *; };\n';

/** With its sysroot, which is made. */
export async function portable(arch) {
  const script = join(ROOT, 'scripts/package/sysroot');
  const { stdout } = await run(script, [arch]).catch((error) => {
    throw new BuildError(`scripts/package/sysroot ${arch} failed: ${error.stderr.trim()}`);
  });
  const sysroot = stdout.trim().split('\n').at(-1);
  const triple = TRIPLE[arch];
  const name = `portable-${arch}`;
  const folder = join(ROOT, 'native/build', name);
  mkdirSync(folder, { recursive: true });
  const exported = join(folder, 'exports.map');
  writeFileSync(exported, EXPORTS);
  const compiler = [
    `${triple}-g++-${GCC}`,
    `--sysroot=${sysroot}`,
    '-nostdinc++',
    ...headersOfLibrary(arch).map((path) => `-isystem${path}`),
  ];
  return {
    name: `${name}/objects`,
    arch,
    compiler: compiler.join(' '),
    // No path of this machine is in the addon.
    flags: [...RELEASE, `-ffile-prefix-map=${ROOT}=.`, `-ffile-prefix-map=${sysroot}=`],
    linkFlags: [
      '-s',
      '-static-libstdc++',
      '-shared-libgcc',
      // GCC would look into this machine's folders before those of the sysroot.
      `-B${join(sysroot, 'usr/lib', triple)}`,
      ...['usr/lib', 'lib'].map((path) => `-L${join(sysroot, path, triple)}`),
      // Most of the C++ library.
      '-Wl,--gc-sections',
      // No code uses the mark.
      `-Wl,--undefined=mark,--version-script=${exported}`,
    ],
    sources: ['portable/single_threaded.cc'],
    identity: [arch, ...[SELF, script].map((path) => readFileSync(path, 'utf8'))].join('\0'),
  };
}

export async function buildPortableAddon(arch) {
  const target = await portable(arch);
  const file = join(ROOT, 'native/build', `portable-${arch}`, 'promfold.node');
  await buildAddon(file, target);
  return file;
}

/** bin/promfold of the tarball. */
export async function buildLauncher(arch) {
  const { compiler, flags, linkFlags } = await portable(arch);
  const file = join(ROOT, 'native/build', `portable-${arch}`, 'launcher');
  const source = join(ROOT, 'native/portable/launcher.cc');
  const folders = linkFlags.filter((flag) => /^-[BL]/.test(flag));
  await compile(compiler, [...flags, ...folders, '-static', '-s', source, '-o', file]);
  return file;
}

/** native/test, with the very objects of core/ that are in the addon. */
export async function buildNativeTests(arch) {
  await buildPortableAddon(arch);
  const target = await portable(arch);
  const folder = join(ROOT, 'native/build', `portable-${arch}`);
  // What counts memory asks ASan.
  const tests = readdirSync(join(ROOT, 'native/test'))
    .map((name) => `test/${name}`)
    .filter((path) => !/<sanitizer/.test(readFileSync(join(ROOT, 'native', path), 'utf8')));
  const headers = sources().filter((path) => path.endsWith('.h'));
  const flags = [...flagsFor(target), '-O1'];
  const own = await compileAll(
    [...tests, ...headers],
    target.compiler,
    flags,
    join(folder, 'tests'),
  );
  const core = readdirSync(join(folder, 'objects'))
    .filter((name) => /^(?:core|portable)-.*\.o$/.test(name))
    .map((name) => join(folder, 'objects', name));
  const file = join(folder, 'run-tests');
  await compile(target.compiler, [
    ...flags,
    ...own,
    ...core,
    ...target.linkFlags.filter((flag) => !/^-s$|version-script/.test(flag)),
    '-o',
    file,
  ]);
  return file;
}

if (process.argv[1] === SELF) {
  const [arch, option] = process.argv.slice(2);
  await main(async () => {
    if (!ARCHITECTURES.includes(arch)) {
      throw new BuildError(`expected ${ARCHITECTURES.join(' or ')}, got '${arch ?? ''}'`);
    }
    const build =
      { '--tests': buildNativeTests, '--launcher': buildLauncher }[option] ?? buildPortableAddon;
    process.stdout.write(`${await build(arch)}\n`);
  });
}
