/**
 * The version of promfold, from package.json, read once.
 */
import { readFileSync } from 'node:fs';
import { PACKAGE } from '../program.js';

export const VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;

/** The commit it was built from, if set when it was packed; else empty. */
export const REVISION = process.env.PROMFOLD_REVISION ?? '';

export const VERSION_LINE = `promfold ${VERSION} (node ${process.version}, ${process.platform} ${process.arch})`;
