/**
 * What lies in native/ for the package alone: the addon of this system (native/prebuilds/), and the headers with which
 * it is built where that one cannot be loaded (native/headers/).
 */
import { cpSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  buildAddon,
  headerFolders,
  headersIn,
  PACKED_HEADERS,
  PREBUILT,
} from '../../native/build-addon.js';

export async function makePackedParts() {
  rmSync(PACKED_HEADERS, { recursive: true, force: true });
  for (const path of headerFolders().flatMap(headersIn)) {
    cpSync(path, join(PACKED_HEADERS, basename(path)));
  }
  await buildAddon(PREBUILT, { isStripped: true });
}
