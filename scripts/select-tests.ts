/**
 * select-tests.js [FILE...]: prints compiled tests, one a line, for scripts/some-tests.sh.
 *
 * Without FILE the fast ones; else those that each FILE stands for: a test for itself, a source for its tests.
 */
import { ROOT } from '../test/support/paths.js';
import { fastTests, readSources, testsOf } from '../test/support/select-tests.js';

const sources = readSources(ROOT);
const files = process.argv.slice(2);

const selected = new Set(files.length === 0 ? fastTests(sources) : []);
for (const file of files) {
  const tests = file.endsWith('.test.ts') ? [file] : testsOf(file, sources);
  for (const test of tests) selected.add(test);
  if (tests.length === 0) {
    process.exitCode = 2;
    console.error(`scripts/test: no test reaches ${file}`);
  }
}
for (const test of selected) console.log(`dist/${test.replace(/\.ts$/, '.js')}`);
