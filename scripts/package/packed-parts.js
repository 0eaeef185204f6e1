/**
 * What lies in native/ for a package alone. Of one that is installed from git: the addon of this machine
 * (native/prebuilds/) and the headers of Node-API (native/headers/). Releases have the same headers, and the addons of
 * portable-addon.js.
 */
import { cpSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  buildAddon,
  headerFolders,
  headersIn,
  PACKED_HEADERS,
  prebuiltFor,
  thisMachine,
} from '../../native/build-addon.js';

/** To build the addon from a package, where it has none that can be loaded. */
export function copyHeaders(folder) {
  for (const path of headerFolders().flatMap(headersIn)) cpSync(path, join(folder, basename(path)));
}

export async function makePackedParts() {
  rmSync(PACKED_HEADERS, { recursive: true, force: true });
  copyHeaders(PACKED_HEADERS);
  const target = thisMachine();
  const linkFlags = [...target.linkFlags, '-s'];
  const file = join(dirname(PACKED_HEADERS), prebuiltFor(process.arch));
  await buildAddon(file, { ...target, linkFlags });
}
