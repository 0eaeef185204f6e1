/** Reads a page as the thread of an endpoint does, and prints all of it. */
import type { Dialect } from '../../src/expose/dialect.js';
import type { PageFormat } from '../../src/expose/external-families.js';
import {
  type ExternalPage,
  PAGE_BUDGET,
  type PageBudget,
  readExternalPage,
} from '../../src/expose/external-page.js';
import { printExternalPage } from '../../src/expose/external-print.js';
import { EVERYTHING, type Prefixes } from '../../src/plan/selection.js';
import { TEXT } from './dialect.js';

export function readPage(
  text: string | Buffer,
  format: PageFormat = 'text',
  { prefixes = EVERYTHING, ...budget }: Partial<PageBudget> & { prefixes?: Prefixes } = {},
): ExternalPage {
  return readExternalPage(Buffer.from(text as string), format, prefixes, {
    ...PAGE_BUDGET,
    ...budget,
  });
}

export function printPage(
  page: ExternalPage,
  dialect: Dialect = TEXT,
  { wanted, renamed = [] }: { wanted?: readonly string[]; renamed?: readonly number[] } = {},
): string {
  const { bytes } = printExternalPage(page, {
    dialect,
    wanted: wanted && new Set(wanted),
    apart: [],
    together: page.families.map((_, i) => i),
    renamed: new Set(renamed),
    isLeftOut: undefined,
  });
  return bytes.toString();
}

/** The page in a dialect. */
export function translated(text: string, format: PageFormat, dialect: Dialect): string {
  return printPage(readPage(text, format), dialect);
}
