/**
 * Which file imports what, by the text of the import lines: no resolution, no type checker. A file's
 * folder is the first one below src/; a file that lies in src/ itself is a folder of its own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Import {
  /** Relative to src/: `plan/plan.ts`. */
  readonly from: string;
  /** Relative to src/, as written: `format/key.js`. */
  readonly to: string;
}

// `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`.
const SPECIFIER = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"]*)\1/g;

export function importsIn(from: string, text: string): Import[] {
  return [...text.matchAll(SPECIFIER)].map((match) => ({
    from,
    to: normalize(join(dirname(from), match[2]!)),
  }));
}

export function importsBelow(src: string): Import[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => importsIn(path, readFileSync(join(src, path), 'utf8')));
}

/** `plan` for `plan/plan.ts`, `errors` for `errors.ts`. */
export const folderOf = (path: string): string => path.split('/')[0]!.replace(/\.[jt]s$/, '');

/** @param mayImport folder → folders it may import besides itself */
export function forbidden(
  imports: readonly Import[],
  mayImport: Readonly<Record<string, readonly string[]>>,
): string[] {
  return imports
    .filter(({ from, to }) => {
      const [importer, imported] = [folderOf(from), folderOf(to)];
      return importer !== imported && !mayImport[importer]?.includes(imported);
    })
    .map(({ from, to }) => `src/${from} imports ${to}`);
}
