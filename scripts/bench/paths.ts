/** Where the benchmark finds what it runs. All of it is made by scripts/bench/run. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../src/errors.js';

// From dist/scripts/bench/ to the root of the tree.
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
/** What people run. */
export const MAIN = `${ROOT}/dist/bundle/promfold.js`;
export const REFERENCE = `${ROOT}/scripts/bench/reference.py`;
export const PYTHON = process.env.PROMFOLD_PYTHON ?? `${ROOT}/.venv/bin/python`;

/** A compiled file of this folder. */
export const compiled = (name: string): string =>
  fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** @throws UsageError when something is missing: what, and how to get it */
export function checkParts(): void {
  for (const [path, part, remedy] of [
    [MAIN, 'the built promfold', 'npm run build'],
    [`${ROOT}/native/build/Release/promfold.node`, 'the native addon', 'npm run build:native'],
    [
      PYTHON,
      'Python with prometheus-client 0.26.0',
      'python3 -m venv .venv && .venv/bin/pip install prometheus-client==0.26.0',
    ],
  ] as const) {
    if (!existsSync(path)) throw new UsageError(`${part} is missing at ${path}: ${remedy}`);
  }
}
