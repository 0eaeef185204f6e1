/**
 * The direction of imports in src/, as src/README.md draws it. A folder may import itself, errors.ts
 * and what is listed for it, nothing else; only files/, scrape/ and record/ know the addon.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  circles,
  folderOf,
  forbidden,
  importsBelow,
  importsIn,
  unused,
} from './support/imports.js';
import { ROOT } from './support/paths.js';

const LAYERS: Readonly<Record<string, readonly string[]>> = {
  format: [],
  plan: ['format'],
  watchdog: [],
  engines: [],
  load: ['format', 'engines', 'expose'],
  expose: ['format', 'plan'],
  files: ['format', 'native', 'bounded-io'],
  processes: ['format', 'files', 'bounded-io', 'worker-thread'],
  scrape: [
    'format',
    'plan',
    'expose',
    'files',
    'processes',
    'native',
    'bounded-io',
    'worker-thread',
  ],
  inspect: ['format', 'plan', 'watchdog', 'expose', 'files', 'processes'],
  compact: ['format', 'plan', 'inspect', 'native'],
  live: [
    'format',
    'files',
    'plan',
    'watchdog',
    'engines',
    'load',
    'processes',
    'scrape',
    'inspect',
    'compact',
  ],
  record: ['format', 'files', 'processes', 'scrape', 'inspect', 'live', 'native'],
  config: ['bounded-io'],
  serve: [
    'live',
    'record',
    'plan',
    'watchdog',
    'scrape',
    'expose',
    'inspect',
    'config',
    'worker-thread',
    'program',
  ],
  page: ['inspect', 'watchdog'],
  cli: [
    'config',
    'format',
    'plan',
    'engines',
    'watchdog',
    'load',
    'expose',
    'processes',
    'scrape',
    'inspect',
    'compact',
    'live',
    'record',
    'serve',
    'manual',
    'last-resort',
    'program',
  ],
  manual: [],
  errors: [],
  log: [],
  memo: [],
  steps: [],
  native: ['last-resort', 'load-addon', 'program'],
  'load-addon': [],
  program: [],
  refusal: [],
  'bounded-io': ['native'],
  'last-resort': [],
  'worker-thread': [],
  main: ['cli', 'last-resort'],
  promfold: ['cli', 'main', 'readable-stacks', 'refusal'],
  'readable-stacks': [],
};

/** What every folder may import. */
const OPEN_TO_ALL = ['errors', 'log', 'memo', 'steps'];

const MAY_IMPORT = Object.fromEntries(
  Object.entries(LAYERS).map(([folder, below]) => [folder, [...below, ...OPEN_TO_ALL]]),
);

describe('src/', () => {
  const imports = importsBelow(`${ROOT}/src`);

  it('imports downwards only', () => assert.deepEqual(forbidden(imports, MAY_IMPORT), []));

  it('uses every import that is allowed', () => assert.deepEqual(unused(imports, LAYERS), []));

  it('has no circle of imports', () => assert.deepEqual(circles(imports), []));

  it('is made of known folders', () => {
    const folders = new Set(imports.flatMap(({ from, to }) => [folderOf(from), folderOf(to)]));
    assert.deepEqual(
      [...folders].filter((folder) => !(folder in LAYERS)),
      [],
    );
    assert.ok(folders.size >= 8, 'the imports were not found');
  });
});

describe('the check itself', () => {
  const refused: [title: string, from: string, text: string][] = [
    ['format that imports plan', 'format/key.ts', "import { a } from '../plan/plan.js';"],
    ['a type-only import', 'plan/plan.ts', "import type { A } from '../cli/command.js';"],
    [
      'an import over several lines',
      'expose/text.ts',
      "import {\n  a,\n  b,\n} from '../files/a.js';",
    ],
    ['a re-export', 'plan/plan.ts', "export { a } from '../scrape/scraper.js';"],
    ['an import for its effects', 'format/key.ts', "import '../native.js';"],
    ['a dynamic import', 'expose/text.ts', "await import('../serve/server.js');"],
    ['double quotes', 'expose/text.ts', 'import { a } from "../serve/server.js";'],
    [
      'native outside of files, scrape and record',
      'cli/serve.ts',
      "import { FOLD } from '../native.js';",
    ],
    ['main that reaches below cli', 'main.ts', "import { a } from './scrape/scraper.js';"],
    ['errors that imports anything', 'errors.ts', "import { a } from './format/key.js';"],
    ['an unknown folder', 'util/a.ts', "import { a } from '../format/key.js';"],
  ];
  for (const [title, from, text] of refused) {
    it(`refuses ${title}`, () => {
      assert.equal(forbidden(importsIn(from, text), MAY_IMPORT).length, 1);
    });
  }

  const allowed: [title: string, from: string, text: string][] = [
    ['a file of the same folder', 'plan/plan.ts', "import { a } from './series.js';"],
    ['a folder within the same folder', 'serve/server.ts', "import { a } from './page/page.js';"],
    ['errors from anywhere', 'format/key.ts', "import { a } from '../errors.js';"],
    ['a package', 'format/key.ts', "import fastify from 'fastify';"],
    ['native in files', 'files/metric-files.ts', "import { FOLD } from '../native.js';"],
    ['cli in main', 'main.ts', "import { dispatch } from './cli/dispatch.js';"],
  ];
  for (const [title, from, text] of allowed) {
    it(`allows ${title}`, () => {
      assert.deepEqual(forbidden(importsIn(from, text), MAY_IMPORT), []);
    });
  }

  it('finds circles, of types too, and through other files', () => {
    const imports = [
      ...importsIn('plan/a.ts', "import type { B } from './b.js';"),
      ...importsIn('plan/b.ts', "import { c } from '../format/c.js';"),
      ...importsIn('format/c.ts', "import { a } from '../plan/a.js';"),
      ...importsIn('format/d.ts', "import { a } from '../plan/a.js';"),
    ];
    assert.deepEqual(circles(imports), [['format/c.ts', 'plan/a.ts', 'plan/b.ts']]);
    assert.deepEqual(circles(imports.slice(0, 2)), []);
  });

  it('finds what is allowed and not used', () => {
    const imports = importsIn('plan/a.ts', "import { key } from '../format/key.js';");
    assert.deepEqual(unused(imports, { plan: ['format', 'errors'] }), ['plan → errors']);
  });
});
