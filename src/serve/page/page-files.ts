/**
 * The script and the style of the page, as the bundle has them (scripts/package/bundle.js): their names have a hash of what
 * is in them, so a browser keeps them and asks for others after an upgrade.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE_DIRECTORY } from '../../program.js';

export interface PageFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  /** Of both. */
  readonly tag: string;
}

export interface PageFiles {
  readonly script: string;
  readonly style: string;
  readonly byName: ReadonlyMap<string, PageFile>;
}

let files: Promise<PageFiles | undefined> | undefined;

/** Read once. Undefined where the bundle was not made: a clone in which only TypeScript was compiled. */
export function pageFiles(): Promise<PageFiles | undefined> {
  files ??= readPageFiles(PAGE_DIRECTORY);
  return files;
}

async function readPageFiles(directory: string): Promise<PageFiles | undefined> {
  const index = await readFile(join(directory, 'index.json'), 'utf8').catch(() => undefined);
  if (index === undefined) return undefined;
  const { script, style } = JSON.parse(index) as Pick<PageFiles, 'script' | 'style'>;
  const read = async (name: string, contentType: string): Promise<[string, PageFile]> => {
    const path = join(directory, name);
    const [bytes, gzip] = await Promise.all([readFile(path), readFile(`${path}.gz`)]);
    return [name, { contentType, bytes, gzip, tag: `"${name}"` }];
  };
  const both = [
    read(script, 'text/javascript; charset=utf-8'),
    read(style, 'text/css; charset=utf-8'),
  ];
  return { script, style, byName: new Map(await Promise.all(both)) };
}
