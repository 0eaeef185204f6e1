/** Which tests scripts/test runs where it does not run all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { ROOT } from '../support/paths.js';
import { fastTests, readSources, testsOf } from '../support/select-tests.js';

const SPAWN = "import { spawn } from 'node:child_process';";
const tree = (files: Readonly<Record<string, string>>) => new Map(Object.entries(files));

describe('fast tests', () => {
  const cases: [title: string, files: Record<string, string>, fast: string[]][] = [
    ['have a test without imports', { 'test/a.test.ts': '' }, ['test/a.test.ts']],
    ['have no test that starts programs', { 'test/a.test.ts': SPAWN }, []],
    [
      'have none whose helper does, or a helper of that',
      {
        'test/plan/a.test.ts': "import { b } from '../support/b.js';",
        'test/support/b.ts': "import { c } from './c.js';",
        'test/support/c.ts': SPAWN,
      },
      [],
    ],
    [
      'have one whose source does',
      { 'test/a.test.ts': "import { b } from '../src/b.js';", 'src/b.ts': SPAWN },
      ['test/a.test.ts'],
    ],
    [
      'have none of the slow folders',
      { 'test/e2e/a.test.ts': '', 'test/property/a.test.ts': '', 'test/sizes/a.test.ts': '' },
      [],
    ],
    [
      'survive a circle of helpers',
      {
        'test/a.test.ts': "import './b.js';",
        'test/b.ts': "import './c.js';",
        'test/c.ts': "import './b.js';",
      },
      ['test/a.test.ts'],
    ],
  ];
  for (const [title, files, fast] of cases) {
    it(title, () => assert.deepEqual(fastTests(tree(files)), fast));
  }

  it('are many of this tree, and not all', () => {
    const fast = fastTests(readSources(ROOT));
    assert.ok(fast.length > 40);
    assert.ok(fast.includes('test/plan/plan.test.ts'));
    assert.ok(!fast.includes('test/scripts/test.test.ts'));
  });
});

describe('the tests of a source', () => {
  const files = tree({
    'src/a.ts': '',
    'src/b.ts': "import './a.js';",
    'src/c.ts': "import './b.js';",
    'src/alone.ts': '',
    'test/a.test.ts': "import '../src/a.js';",
    'test/whole.test.ts': "import '../src/a.js';\nimport '../src/c.js';",
    'src/d.ts': '',
    'src/e.ts': "import './d.js';",
    'test/e.test.ts': '',
    'src/thread.ts': '',
    'src/h.ts': "new Worker(new URL('./thread.js', import.meta.url));",
    'test/h.test.ts': '',
    'src/f.ts': "import './g.js';",
    'src/g.ts': "import './f.js';",
  });
  const cases: [title: string, source: string, tests: string[]][] = [
    ['are the one at its path, where there is one', 'src/a.ts', ['test/a.test.ts']],
    ['are else those that import it', 'src/c.ts', ['test/whole.test.ts']],
    ['are else those of what imports it', 'src/b.ts', ['test/whole.test.ts']],
    ['are else those at the path of what imports it', 'src/d.ts', ['test/e.test.ts']],
    ['are else those of what starts it as a thread', 'src/thread.ts', ['test/h.test.ts']],
    ['are none where no test reaches it', 'src/alone.ts', []],
    ['are none in a circle', 'src/f.ts', []],
  ];
  for (const [title, source, tests] of cases) {
    it(title, () => assert.deepEqual(testsOf(source, files), tests));
  }

  it('are found for every source of this tree', () => {
    const sources = readSources(ROOT);
    const without = [...sources.keys()].filter(
      (path) => path.startsWith('src/') && testsOf(path, sources).length === 0,
    );
    assert.deepEqual(without, []);
  });
});

describe('select-tests.js', () => {
  const select = (...files: string[]) =>
    spawnSync(process.execPath, [`${ROOT}/dist/scripts/select-tests.js`, ...files], {
      encoding: 'utf8',
    });

  it('prints compiled tests, each once', () => {
    const { status, stdout } = select('src/format/number.ts', 'test/format/number.test.ts');
    assert.equal(stdout, 'dist/test/format/number.test.js\n');
    assert.equal(status, 0);
  });

  it('fails for a source that no test reaches', () => {
    const { status, stderr } = select('src/gone.ts');
    assert.equal(stderr, 'scripts/test: no test reaches src/gone.ts\n');
    assert.equal(status, 2);
  });
});
