/**
 * Which tests to run where not all are: the fast ones, and those of a source. By the text of the import lines, so
 * nothing needs to be listed by hand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importsIn } from './imports.js';

/** Path from the root, such as `src/plan/plan.ts` → text. */
export type Sources = ReadonlyMap<string, string>;

export function readSources(root: string): Sources {
  const sources = new Map<string, string>();
  for (const folder of ['src', 'test', 'scripts']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (/\.tsx?$/.test(name)) {
        sources.set(`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8'));
      }
    }
  }
  return sources;
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** How a thread is started: by the URL of its file. */
const STARTED = /new URL\('(\.\/[^']+)', import\.meta\.url\)/g;

function importsOf(path: string, sources: Sources): string[] {
  const text = (sources.get(path) ?? '').replace(STARTED, "import('$1')");
  return importsIn(path, text).map(({ to }) => to.replace(/\.js$/, '.ts'));
}

/** Folders of tests that take their time: of the whole program, of random input, of data that is large. */
const SLOW = /^test\/(?:e2e|property|sizes)\//;

/**
 * The tests that start no program and are not in a folder of slow ones. A test starts programs when it imports
 * `node:child_process`, itself or by a helper of test/ or scripts/. An import by a source does not count: most of what is
 * in such a source is tested without starting a program.
 */
export function fastTests(sources: Sources): string[] {
  return [...sources.keys()]
    .filter((path) => isTest(path) && !SLOW.test(path) && !startsPrograms(path, sources))
    .toSorted();
}

function startsPrograms(test: string, sources: Sources): boolean {
  const seen = new Set([test]);
  for (const path of seen) {
    if (/\bfrom 'node:child_process'/.test(sources.get(path) ?? '')) return true;
    for (const imported of importsOf(path, sources)) {
      if (!imported.startsWith('src/')) seen.add(imported);
    }
  }
  return false;
}

/**
 * The tests of a source: the one at its path; else all that import it; else those of the sources that import it, and so on.
 *
 * @param source path from the root, such as `src/plan/family.ts`
 * @returns empty where no test reaches it
 */
export function testsOf(source: string, sources: Sources): string[] {
  const paths = [...sources.keys()];
  const own = ownTest(source);
  if (sources.has(own)) return [own];
  const seen = new Set<string>();
  let level = [source];
  while (level.length > 0) {
    for (const path of level) seen.add(path);
    const importers = paths.filter(
      (path) => !seen.has(path) && importsOf(path, sources).some((to) => level.includes(to)),
    );
    const tests = new Set(importers.filter(isTest));
    for (const path of level) if (sources.has(ownTest(path))) tests.add(ownTest(path));
    if (tests.size > 0) return [...tests].toSorted();
    level = importers.filter((path) => path.startsWith('src/'));
  }
  return [];
}

/** What runs in a browser is tested there. */
const PAGE = /^src\/page\//;

/** Only the bundle starts with these. */
const PACKAGED = new Set(['src/promfold.ts', 'src/readable-stacks.ts']);

const ownTest = (source: string): string =>
  PACKAGED.has(source)
    ? 'test/scripts/package.test.ts'
    : PAGE.test(source)
      ? 'test/e2e/page.test.ts'
      : source.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts');
