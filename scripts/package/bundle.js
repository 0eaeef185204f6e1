/**
 * The program that people get, in dist/bundle/: made of src/ by esbuild, with all packages it runs on, so that none
 * is installed with it.
 *
 *   promfold.js          what is typed (src/promfold.ts); in a syntax that old Nodes read, to refuse them
 *   main.js              the program
 *   readable-stacks.js   see there
 *   fastify.js, …        packages that not every command loads
 *   *-worker.js          its threads: a bundler does not follow `new Worker(new URL(…))`
 *   page/                the page: index.json names its script and its style, each also compressed
 *   LICENSES.txt         of the packages in it, and of the headers in the addon
 *
 * CommonJS, since fastify is, and since it is loaded in one piece: of ESM every node: module costs more to import.
 * Names stay as they are, and maps lead to src/, so that stacks can be read (src/readable-stacks.ts).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT = 'dist/bundle';

/** Of src/: what is started. They lie side by side in the bundle. */
const ENTRIES = readdirSync(join(ROOT, 'src'), { recursive: true }).filter((path) =>
  /^(?:main|readable-stacks)\.ts$|-worker\.ts$/.test(path),
);

/**
 * Files of their own, for what not every command loads: half a megabyte is read and compiled in the time that a
 * scrape takes.
 */
const PACKAGES = {
  chokidar: "module.exports = require('chokidar');",
  fastify: "module.exports = require('fastify');",
  pino: "module.exports = require('pino');",
  yaml: "module.exports = require('yaml');",
  // It would load all of itself, with what pushes metrics to others; promfold counts only (self-metrics.ts).
  'prom-client': ['Counter', 'Gauge', 'Registry']
    .map((name) => `exports.${name} = require('prom-client/lib/${name.toLowerCase()}.js');`)
    .join('\n'),
};

/** fastify would load these for schemas (server.ts has none) and for tests. */
const NEVER_LOADED = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
];

/** @param own the package whose file it is */
function packagesBeside(own) {
  const names = Object.keys(PACKAGES).filter((name) => name !== own);
  return {
    name: 'packages-beside',
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^(?:${names.join('|')})$`) }, ({ path }) => ({
        path: `./${path}.js`,
        external: true,
      }));
    },
  };
}

/** Compiled into the addon. */
const HEADERS = ['node_modules/node-addon-api', 'node_modules/node-api-headers'];

export async function bundle() {
  const { build } = await import('esbuild');
  const common = {
    absWorkingDir: ROOT,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    legalComments: 'none',
    // A third less to read; lines stay short for what prints the one that failed.
    minifyWhitespace: true,
    lineLimit: 120,
    logLevel: 'warning',
    // CommonJS has no import.meta.
    define: { 'import.meta.url': 'import_meta_url' },
    banner: { js: "const import_meta_url = require('url').pathToFileURL(__filename).href;" },
    // With import() of CommonJS the file is loaded as an ES module.
    supported: { 'dynamic-import': false },
  };
  rmSync(join(ROOT, OUTPUT), { recursive: true, force: true });
  const made = await Promise.all([
    build({
      ...common,
      entryPoints: ENTRIES.map((path) => ({ in: `src/${path}`, out: basename(path, '.ts') })),
      outdir: OUTPUT,
      target: 'node20.19',
      plugins: [packagesBeside()],
    }),
    build({
      ...common,
      entryPoints: ['src/promfold.ts'],
      outdir: OUTPUT,
      external: ['./main.js', './readable-stacks.js'],
      target: 'node10',
    }),
    ...Object.entries(PACKAGES).map(([name, contents]) =>
      build({
        ...common,
        stdin: { contents, resolveDir: ROOT, sourcefile: `${name}.js` },
        outfile: `${OUTPUT}/${name}.js`,
        target: 'node20.19',
        plugins: [packagesBeside(name)],
        external: NEVER_LOADED,
      }),
    ),
  ]);
  const page = await bundlePage(build);
  // package.json of the tree says that all are ES modules.
  writeFileSync(join(ROOT, OUTPUT, 'package.json'), '{ "type": "commonjs" }\n');
  const packages = packagesIn([...made, page].map(({ metafile }) => metafile));
  writeFileSync(join(ROOT, OUTPUT, 'LICENSES.txt'), licenses([...packages, ...HEADERS]));
}

/**
 * The script and the style of the page (src/page/). Their names have a hash of what is in them, so that a browser may keep
 * them for good; they are compressed here, once.
 */
async function bundlePage(build) {
  const page = await build({
    absWorkingDir: ROOT,
    entryPoints: { app: 'src/page/main.tsx' },
    tsconfig: 'src/page/tsconfig.json',
    outdir: `${OUTPUT}/page`,
    entryNames: '[name]-[hash]',
    bundle: true,
    format: 'esm',
    // As of the browsers of two years ago.
    target: ['chrome120', 'firefox121', 'safari17.2'],
    minify: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const names = Object.keys(page.metafile.outputs).map((path) => basename(path));
  for (const name of names) {
    const path = join(ROOT, OUTPUT, 'page', name);
    const level = constants.Z_BEST_COMPRESSION;
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level }));
  }
  const named = (extension) => names.find((name) => name.endsWith(extension));
  const index = { script: named('.js'), style: named('.css') };
  writeFileSync(join(ROOT, OUTPUT, 'page', 'index.json'), `${JSON.stringify(index)}\n`);
  return page;
}

/** Folders of packages, in order. */
function packagesIn(metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const folders = inputs.flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

function licenses(folders) {
  const head = 'promfold (Apache-2.0) has these packages in it:';
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(ROOT, folder, 'package.json'), 'utf8'),
    );
    const textsOf = (pattern) =>
      readdirSync(join(ROOT, folder))
        .filter((file) => pattern.test(file))
        .map((file) => readFileSync(join(ROOT, folder, file), 'utf8').trim());
    const texts = textsOf(/^(?:licen[cs]e|notice|copying)/i);
    if (texts.length === 0) {
      // Some have it at the end of their README.
      const [section] = textsOf(/^readme/i).flatMap(
        (text) => /^#+ *licen[cs]e.*/ims.exec(text) ?? [],
      );
      if (section === undefined) throw new Error(`${folder} has no license`);
      texts.push(section);
    }
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
