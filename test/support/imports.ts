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
    .filter((path) => /\.tsx?$/.test(path))
    .flatMap((path) => importsIn(path, readFileSync(join(src, path), 'utf8')));
}

/** `plan` for `plan/plan.ts`, `errors` for `errors.ts`. */
export const folderOf = (path: string): string => path.split('/')[0]!.replace(/\.[jt]sx?$/, '');

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

/** Files that import each other in a circle, by types or by values: each circle as its files. */
export function circles(imports: readonly Import[]): string[][] {
  const imported = new Map<string, string[]>();
  const components = new Set(imports.map(({ from }) => from).filter((path) => /x$/.test(path)));
  for (const { from, to } of imports) {
    const component = to.replace(/\.js$/, '.tsx');
    const file = components.has(component) ? component : to.replace(/\.js$/, '.ts');
    imported.set(from, [...(imported.get(from) ?? []), file]);
  }
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>();
    const next = [...(imported.get(from) ?? [])];
    for (let file = next.pop(); file !== undefined; file = next.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      next.push(...(imported.get(file) ?? []));
    }
    return seen;
  };
  const reach = new Map([...imported.keys()].map((file) => [file, reached(file)]));
  const inCircle = [...imported.keys()].filter((file) => reach.get(file)!.has(file));
  const found = new Map<string, string[]>();
  for (const file of inCircle) {
    const circle = inCircle.filter(
      (other) => reach.get(file)!.has(other) && reach.get(other)!.has(file),
    );
    found.set(circle.sort().join(' '), circle);
  }
  return [...found.values()];
}

/** Edges that `mayImport` allows and no file uses. */
export function unused(
  imports: readonly Import[],
  mayImport: Readonly<Record<string, readonly string[]>>,
): string[] {
  const used = new Set(imports.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`));
  return Object.entries(mayImport)
    .flatMap(([folder, below]) => below.map((other) => `${folder} → ${other}`))
    .filter((edge) => !used.has(edge));
}
