/**
 * The parts of the manual that are made of the program: each stands between `<!-- NAME -->` and `<!-- /NAME -->`.
 *
 * PROMFOLD_TEST_WRITE=1 writes what belongs there, in place of comparing.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** @returns what stands between the markers, once it may have been written; undefined where they are not there */
export function generatedBlock(path: string, name: string, expected: string): string | undefined {
  const text = readFileSync(path, 'utf8');
  const pattern = new RegExp(`(<!-- ${name} -->\n)(.*?)(<!-- /${name} -->)`, 's');
  const [, , found] = pattern.exec(text) ?? [];
  if (found === undefined) return undefined;
  if (process.env.PROMFOLD_TEST_WRITE !== '1') return found.trim();
  writeFileSync(
    path,
    text.replace(pattern, (_, start, _between, end) => `${start}${expected}\n${end}`),
  );
  return expected;
}
