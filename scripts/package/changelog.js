/**
 * The section of a version in .github/CHANGELOG.md, which it must have before it is released:
 *
 *     node scripts/package/changelog.js VERSION
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, main, ROOT } from '../../native/build-addon.js';

const CHANGELOG = '.github/CHANGELOG.md';

await main(async () => {
  const [version] = process.argv.slice(2);
  const sections = readFileSync(join(ROOT, CHANGELOG), 'utf8').split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## [${version}] - `));
  if (section === undefined || !/^- /m.test(section)) {
    throw new BuildError(
      `${CHANGELOG} has no changes under "## [${version}] - DATE"; move those of Unreleased there`,
    );
  }
  process.stdout.write(`${section.trim()}\n`);
});
