/**
 * `prepack`: what is packed is built of what lies here, or nothing is packed. The addon of this system is built; those
 * of others (native/prebuilds/) come from there, and must be of the same sources.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BuildError, hasMark, main, markOf, ROOT } from '../../native/build-addon.js';
import { bundle } from './bundle.js';
import { makePackedParts } from './packed-parts.js';

const PREBUILDS = join(ROOT, 'native/prebuilds');

await main(async () => {
  await bundle();
  await makePackedParts();
  const mark = markOf();
  for (const folder of readdirSync(PREBUILDS)) {
    const file = join(PREBUILDS, folder, 'promfold.node');
    if (hasMark(file, mark)) continue;
    throw new BuildError(
      `${relative(ROOT, file)} is missing or of other sources: copy it from a clone of this commit where npm run prepare was run on ${folder}, or remove its folder`,
    );
  }
});
