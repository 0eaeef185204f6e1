/**
 * Builds the addon with g++ alone: no make, no Python, no download. The headers of Node-API come from
 * npm, in the package they lie in native/headers/; so the addon is not of one Node but of every one from 20 on.
 *
 *     node native/build-addon.js [--debug]     → native/build/Release/promfold.node, or Debug
 *     node native/build-addon.js --check       ends with 1 where there is something to build
 *
 * CXX, CXXFLAGS and LDFLAGS are those of make. This is for the machine that builds it; scripts/package/portable-addon.js
 * has the target of what is published. The addon carries a hash of all it was built of, which says
 * whether it is the addon of the sources beside it: nothing is built anew then.
 *
 * Hardening, measured by the instructions of a warm scrape of vLLM's shape, a tenth of its values changed:
 *
 *   -fcf-protection, -fstack-clash-protection    0.2 % more
 *   _GLIBCXX_ASSERTIONS in all but HOT           none that can be told
 *   _GLIBCXX_ASSERTIONS in HOT                   33 % more: left out
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const NATIVE = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

/**
 * What runs for every value or line of a scrape. It works on columns that the rest made, and decodes nothing
 * that others wrote.
 */
const HOT = new Set(
  [
    'accumulate.cc',
    'block_pool.cc',
    'compare_columns.cc',
    'file_list.cc',
    'file_set.cc',
    'fold.cc',
    'gather.cc',
    'gather_pass.cc',
    'helper_thread.cc',
    'instant_columns.cc',
    'number.cc',
    'printed_numbers.cc',
    'render.cc',
    'rows.cc',
    'shared_column.cc',
    'survey.cc',
    'wanted_slots.cc',
  ].map((name) => `core/${name}`),
);

const FLAGS = [
  '-std=c++20',
  '-fno-exceptions',
  '-fPIC',
  '-pthread',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Wno-unused-parameter',
  '-fstack-protector-strong',
  '-fstack-clash-protection',
  '-DNAPI_VERSION=8',
  '-DNAPI_DISABLE_CPP_EXCEPTIONS',
  // In a worker thread that is being terminated nothing can be thrown: that must not end the process.
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
  '-DNODE_ADDON_API_DISABLE_DEPRECATED',
];

/** Enforced once Node and its libraries are built so, too. */
const FLAGS_OF_ARCH = { x64: ['-fcf-protection'], arm64: ['-mbranch-protection=standard'] };

// _FORTIFY_SOURCE needs an optimising build; some compilers set it themselves.
export const RELEASE = [
  '-O3',
  '-fno-omit-frame-pointer',
  '-DNDEBUG',
  '-U_FORTIFY_SOURCE',
  '-D_FORTIFY_SOURCE=2',
];
const DEBUG = ['-O0', '-g'];

/** Where it is not hot, an index or a span beyond its end ends the process. */
const CHECKED = ['-D_GLIBCXX_ASSERTIONS'];

/** Where this is: a clone, or the package. */
export const ROOT = dirname(NATIVE);

/** Built here, for here. */
export const BUILT = join(NATIVE, 'build/Release/promfold.node');

/** From native/: the one of a package. */
export const prebuiltFor = (arch) => `prebuilds/linux-${arch}/promfold.node`;

/** Of the package. */
export const PACKED_HEADERS = join(NATIVE, 'headers');

/** Folders with headers of Node-API. A clone has them of npm. */
export function headerFolders() {
  const packages = join(ROOT, 'node_modules');
  if (!existsSync(packages)) return [PACKED_HEADERS];
  return [join(packages, 'node-addon-api'), join(packages, 'node-api-headers/include')];
}

const INSTALL_COMPILER =
  'install one (Debian: apt install g++; Fedora: dnf install gcc-c++; Alpine: apk add g++) and run this again';

/** What a user can do about it; its message is one line. */
export class BuildError extends Error {
  name = 'BuildError';
}

/** Sources and headers, by their paths from native/: those of the core, and what binds it to Node. */
export function sources() {
  return readdirSync(NATIVE, { recursive: true })
    .filter((path) => /^(?:core|binding)\/.*\.(?:cc|h)$/.test(path))
    .sort();
}

/** Paths. */
export function headersIn(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.h'));
  return names.map((name) => join(folder, name));
}

/**
 * What an addon is built for, and by what.
 *
 * @typedef {object} Target
 * @property {string} name of the folder with its objects, and a part of the mark
 * @property {string} arch as Node calls it
 * @property {string} compiler with its first arguments, as CXX of make
 * @property {string[]} flags for the compiler, and paths of this machine: no part of the mark
 * @property {string[]} linkFlags
 * @property {string[]} sources more of them, by their paths from native/
 * @property {string} identity what else decides what is built, the same on every machine
 */

/** This machine, by its own compiler. */
export function thisMachine({ isDebug = false } = {}) {
  const { CXX = 'g++', CXXFLAGS = '', LDFLAGS = '' } = process.env;
  return {
    name: isDebug ? 'objects-debug' : 'objects',
    arch: process.arch,
    compiler: CXX,
    flags: [...(isDebug ? DEBUG : RELEASE), ...words(CXXFLAGS)],
    linkFlags: words(LDFLAGS),
    sources: [],
    identity: [CXXFLAGS, LDFLAGS, isDebug].join('\0'),
  };
}

/** What the addon is built of, as text that it carries: the same on every machine. */
export function markOf(target = thisMachine()) {
  const hash = createHash('sha256');
  for (const path of [...sources(), ...target.sources, basename(import.meta.url)]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(NATIVE, path)))
      .update('\0');
  }
  const headers = headerFolders().flatMap((folder) => headersIn(folder));
  for (const path of headers.sort((a, b) => (basename(a) < basename(b) ? -1 : 1))) {
    hash.update(readFileSync(path));
  }
  hash.update(target.identity);
  return `promfold is built of ${hash.digest('hex').slice(0, 32)}`;
}

/** False where there is no such file, too. */
export function hasMark(file, mark) {
  return existsSync(file) && readFileSync(file).includes(mark);
}

/** For the compiler. */
export function flagsFor({ arch, flags }) {
  return [
    ...FLAGS,
    ...(FLAGS_OF_ARCH[arch] ?? []),
    ...[NATIVE, ...headerFolders()].map((folder) => `-I${folder}`),
    ...flags,
  ];
}

/**
 * Does nothing where the file is up to date. It is replaced in one step: who has the old one loaded keeps it.
 *
 * @param {Target} target
 * @throws BuildError
 */
export async function buildAddon(file, target = thisMachine()) {
  const mark = markOf(target);
  if (hasMark(file, mark)) return;

  const { compiler, linkFlags } = target;
  await requireCompiler(compiler);
  const own = flagsFor(target);
  const folder = join(NATIVE, 'build', target.name);
  mkdirSync(dirname(file), { recursive: true });
  const objects = await compileAll([...sources(), ...target.sources], compiler, own, folder);

  const marked = join(folder, 'mark.cc');
  writeFileSync(
    marked,
    `extern "C" { __attribute__((used)) extern const char mark[] = "${mark}"; }\n`,
  );
  const fresh = `${file}.${process.pid}`;
  await compile(compiler, [
    ...own,
    '-shared',
    ...objects,
    marked,
    '-Wl,-z,relro,-z,now,-z,noexecstack',
    ...linkFlags,
    '-o',
    fresh,
  ]);
  renameSync(fresh, file);
}

/**
 * Those whose source, headers or flags changed, by their content: times say nothing of a file that was put back. Each
 * processor has one at a time.
 *
 * @param all sources and headers
 */
export async function compileAll(all, compiler, flags, folder) {
  mkdirSync(folder, { recursive: true });
  const common = createHash('sha256').update([compiler, ...flags].join('\0'));
  for (const path of all.filter((name) => name.endsWith('.h'))) {
    common.update(readFileSync(join(NATIVE, path)));
  }
  const jobs = all
    .filter((name) => name.endsWith('.cc'))
    .map((path) => {
      const hash = common
        .copy()
        .update(readFileSync(join(NATIVE, path)))
        .digest('hex');
      const name = path.replaceAll('/', '-').replace(/cc$/, `${hash.slice(0, 16)}.o`);
      return { path, object: join(folder, name) };
    });
  const left = jobs.filter(({ object }) => !existsSync(object));
  const turn = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const checked = HOT.has(next.path) ? [] : CHECKED;
      const part = `${next.object}.${process.pid}`;
      await compile(compiler, [...flags, ...checked, '-c', join(NATIVE, next.path), '-o', part]);
      renameSync(part, next.object);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, turn));
  const objects = jobs.map(({ object }) => object);
  for (const name of readdirSync(folder)) {
    if (!objects.includes(join(folder, name))) rmSync(join(folder, name), { force: true });
  }
  return objects;
}

export async function compile(compiler, args) {
  try {
    const [program, ...first] = words(compiler);
    const { stderr } = await run(program, [...first, ...args], { maxBuffer: 2 ** 28 });
    process.stderr.write(stderr);
  } catch (error) {
    process.stderr.write(error.stderr ?? '');
    throw new BuildError(`${compiler} cannot build the addon (its messages are above)`);
  }
}

async function requireCompiler(compiler) {
  try {
    const [program, ...first] = words(compiler);
    await run(program, [...first, '-std=c++20', '-fsyntax-only', '-x', 'c++', '/dev/null']);
  } catch (error) {
    throw new BuildError(
      error.code === 'ENOENT'
        ? `there is no ${compiler} to build the addon with: ${INSTALL_COMPILER}`
        : `${compiler} knows no C++20, which g++ has from 10 on: ${INSTALL_COMPILER}`,
    );
  }
}

function words(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** Runs `build` and ends the process; what a user can do is one line. */
export async function main(build) {
  try {
    await build();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    process.stderr.write(`promfold: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isDebug = process.argv.includes('--debug');
  const file = isDebug ? BUILT.replace('Release', 'Debug') : BUILT;
  const target = thisMachine({ isDebug });
  if (process.argv.includes('--check')) process.exit(hasMark(file, markOf(target)) ? 0 : 1);
  await main(() => buildAddon(file, target));
}
