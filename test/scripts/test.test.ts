/** scripts/test with arguments: which it takes, which it refuses, and that it runs what it was asked for. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from '../support/paths.js';
import { tempDirectory } from '../support/temp.js';

const SCRIPT = `${ROOT}/scripts/test`;

// Inside of a test, `node --test` would take itself for a part of it.
const { NODE_TEST_CONTEXT: _, ...env } = process.env;

function run(args: readonly string[], cwd = ROOT): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(SCRIPT, args, { cwd, env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('scripts/test with arguments', () => {
  const refused: [title: string, args: string[], message: RegExp][] = [
    ['an unknown flag', ['--quick'], /^scripts\/test: unknown flag --quick$/m],
    ['an unknown flag after a test', ['test/steps.test.ts', '-x'], /unknown flag -x$/m],
    ['a file that is not there', ['test/gone.test.ts'], /test\/gone\.test\.ts: no such file$/m],
    ['a folder', ['test/plan'], /^scripts\/test: test\/plan is not a file$/m],
    ['a file that is not a test', ['README.md'], /README\.md is not a test: expected test\//],
    ['a helper of tests', ['test/support/paths.ts'], /paths\.ts is not a test: expected/],
    ['a native source', ['native/core/fold.cc'], /is not a test: native tests are run by `make/],
  ];
  for (const [title, args, message] of refused) {
    it(`refuses ${title}`, () => {
      const { status, output } = run(args);
      assert.match(output, message);
      assert.equal(status, 2);
      assert.doesNotMatch(output, /^# tests/m, 'tests were run');
    });
  }

  it('refuses a file outside of the tree', () => {
    const file = join(tempDirectory(), 'a.test.ts');
    writeFileSync(file, '');
    const { status, output } = run([file]);
    assert.match(output, /a\.test\.ts is not a test: expected/);
    assert.equal(status, 2);
  });

  it('says how it is used', () => {
    const { status, output } = run(['--help']);
    assert.match(output, /^scripts\/test \[--fast\] \[--watch\] \[FILE\.\.\.\]$/m);
    assert.equal(status, 0);
  });

  it('runs one test, by a path from where it is called', () => {
    const { status, output } = run(['code-point.test.ts'], `${ROOT}/test/format`);
    assert.equal(status, 0, output);
    assert.match(output, /^# Subtest: .*order/m);
    assert.match(output, /^# fail 0$/m);
  });

  it('runs the test of a source', () => {
    const { status, output } = run(['src/format/code-point.ts']);
    assert.equal(status, 0, output);
    assert.match(output, /^# fail 0$/m);
  });

  it('watches until it is interrupted, and leaves no process', async () => {
    const child = spawn(SCRIPT, ['--watch', 'test/format/code-point.test.ts'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const ready = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          // The compiler has looked at all, and the tests have run.
          if (/Watching for file changes/.test(output) && /ok 1/.test(output)) resolve();
        });
      }
    });
    // Only when nobody holds its output any more.
    const closed = once(child, 'close');
    try {
      await Promise.race([ready, closed]);
      // As a terminal does: to the whole group.
      process.kill(-child.pid!, 'SIGINT');
      const [code] = await closed;
      assert.equal(code, 130, output);
      assert.throws(() => process.kill(-child.pid!, 0), { code: 'ESRCH' });
    } finally {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  });
});

describe('a stack trace of a test', () => {
  it('names the lines of TypeScript', () => {
    const folder = join(tempDirectory(), 'dist');
    mkdirSync(folder);
    // What the compiler makes of a test that throws, with a map of its second line to the seventh of the source.
    writeFileSync(
      join(folder, 'a.test.js'),
      "import { it } from 'node:test';\nit('a', () => { throw new Error('b'); });\n//# sourceMappingURL=a.test.js.map\n",
    );
    writeFileSync(
      join(folder, 'a.test.js.map'),
      JSON.stringify({ version: 3, sources: ['../a.test.ts'], names: [], mappings: ';AAMA' }),
    );
    const options = ['--enable-source-maps', '--test', join(folder, 'a.test.js')];
    const { stdout } = spawnSync(process.execPath, options, { env, encoding: 'utf8' });
    assert.match(stdout, /a\.test\.ts:7/);
  });

  it('can do so here: each compiled file has its map', () => {
    assert.ok(existsSync(`${ROOT}/dist/src/main.js.map`));
    assert.ok(existsSync(`${ROOT}/dist/test/scripts/test.test.js.map`));
  });
});
