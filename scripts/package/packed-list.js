/**
 * Refuses an npm package that has a file no rule of package.json allows (`files`), or lacks what a rule names:
 *
 *     node scripts/package/packed-list.js TARBALL
 *
 * npm packs by the same rules. This finds what a change of theirs, or of npm, would bring into a release.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, main, ROOT } from '../../native/build-addon.js';

/** npm adds these. */
const ALWAYS = ['package.json', 'LICENSE', 'README.md'];

/** What may be below a folder that is a rule. */
const KIND = /\.(?:js|map|json|txt|cc|h|node|md|css|html|svg|woff2?|gz)$|^LICENSE$/;

await main(async () => {
  const [tarball] = process.argv.slice(2);
  const names = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .filter((name) => !name.endsWith('/'))
    .map((name) => name.replace(/^package\//, ''));
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const rules = [...ALWAYS, ...files].map((rule) => {
    const pattern = rule.replaceAll('.', '\\.').replaceAll('*', '[^/]+');
    return { rule, pattern: new RegExp(`^${pattern}${rule.endsWith('/') ? '' : '$'}`) };
  });
  const odd = names.filter(
    (name) => !KIND.test(name) || !rules.some(({ pattern }) => pattern.test(name)),
  );
  const missing = rules.filter(({ pattern }) => !names.some((name) => pattern.test(name)));
  if (odd.length > 0) throw new BuildError(`${tarball} has files of no rule: ${odd.join(', ')}`);
  if (missing.length > 0) {
    throw new BuildError(`${tarball} has nothing of ${missing.map(({ rule }) => rule).join(', ')}`);
  }
});
