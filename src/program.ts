/**
 * Where the program is: compiled in dist/src/, one file for each source, or bundled in dist/bundle/
 * (scripts/package/bundle.js), where the files that are started are in one folder.
 */
import { fileURLToPath } from 'node:url';

const HERE = new URL('.', import.meta.url);

/** The file that is started. */
export const MAIN = fileURLToPath(new URL('main.js', HERE));

/** package.json, with the version. */
export const PACKAGE = new URL('../../package.json', HERE);

/** Where the addon is built. */
export const NATIVE_DIRECTORY = fileURLToPath(new URL('../../native/', HERE));

/** The script and the style of the page, which only the bundle has. */
export const PAGE_DIRECTORY = fileURLToPath(new URL('../bundle/page/', HERE));
