/**
 * The templates of a page: which families and series it prints in which dialect. Made when the layout
 * changes or a dialect is first asked for; kept by the layout, and by each family that did not change.
 */
import type { Dialect } from '../expose/dialect.js';
import type { ExposedFamily, FamilyBlock } from '../expose/family.js';
import { selectSeries } from '../expose/select.js';
import { collidingFamilies, familyBlocks } from '../expose/template.js';
import { createPage, createTemplate, type Page, type Template } from '../native.js';
import type { LaidOutFamily } from '../plan/layout.js';
import type { Layout } from '../plan/plan.js';
import type { Merged, MergedFamily } from './merged.js';

/** What one client asked for. */
export interface PageRequest {
  readonly dialect: Dialect;
  /** `name[]`: families or samples; absent for all. */
  readonly names?: readonly string[] | undefined;
  /** `source`: the name of one; absent for all. */
  readonly source?: string | undefined;
}

/** A page of several layouts: what each has to print, and whose turn it is. */
export interface MergedPage {
  /** By layout. */
  readonly pages: readonly Page[];
  /** The layouts' indexes, one for each template, in the order of the page. */
  readonly turn: readonly number[];
}

/** Selections kept for one layout; clients that ask for ever new ones do not fill the memory. */
const MOST_SELECTIONS = 64;

const pagesOfLayout = new WeakMap<Layout, Map<string, Page>>();
const pagesOfMerged = new WeakMap<Merged, Map<string, MergedPage>>();
const blocksOfFamily = new WeakMap<LaidOutFamily, Map<string, readonly PrintedBlock[]>>();

/** Two requests with the same key get the same bytes. */
export function pageKey({ dialect, names, source }: PageRequest): string {
  const selection = names === undefined ? '' : JSON.stringify([...new Set(names)].sort());
  const from = source === undefined ? '' : JSON.stringify(source);
  return `${dialect.format} ${dialect.escaping} ${selection} ${from}`;
}

export function pageOf(layout: Layout, request: PageRequest): Page {
  return kept(pagesOfLayout, layout, request, () => makePage(layout, request));
}

export function mergedPageOf(merged: Merged, request: PageRequest): MergedPage {
  return kept(pagesOfMerged, merged, request, () => makeMergedPage(merged, request));
}

function makePage({ families }: Layout, { dialect, names }: PageRequest): Page {
  const renamed = collidingFamilies(dialect, families);
  const wanted = names && new Set(names);
  const templates = families.flatMap((family, i) => {
    const blocks = blocksOf(
      { dialect, family, as: family, renamed: renamed.has(i), omit: [] },
      wanted,
    );
    return blocks.map(({ template }) => template);
  });
  return createPage(templates);
}

function makeMergedPage(
  { families, layouts }: Merged,
  { dialect, names }: PageRequest,
): MergedPage {
  const renamed = collidingFamilies(dialect, families);
  const wanted = names && new Set(names);
  const templates: Template[][] = layouts.map(() => []);
  const turn: number[] = [];
  for (const [i, family] of families.entries()) {
    for (const printed of blocksOfAll(dialect, family, renamed.has(i), wanted)) {
      for (const { at, template } of printed) {
        templates[at]!.push(template);
        turn.push(at);
      }
    }
  }
  return { pages: templates.map((of) => createPage(of)), turn };
}

/** The blocks of a family, each as the templates of those who have it; only the first has the header. */
function blocksOfAll(
  dialect: Dialect,
  as: MergedFamily,
  renamed: boolean,
  wanted: ReadonlySet<string> | undefined,
): Iterable<readonly { at: number; template: Template }[]> {
  const byHeader = new Map<string, { at: number; template: Template }[]>();
  for (const { at, family } of as.parts) {
    const omit = [...byHeader.keys()];
    for (const { header, template } of blocksOf({ dialect, family, as, renamed, omit }, wanted)) {
      const printed = byHeader.get(header);
      if (printed === undefined) byHeader.set(header, [{ at, template }]);
      else printed.push({ at, template });
    }
  }
  return byHeader.values();
}

interface PrintedBlock {
  readonly header: string;
  readonly template: Template;
}

interface Printing {
  readonly dialect: Dialect;
  readonly family: LaidOutFamily;
  /** What the page says of the family, which may be another source's word. */
  readonly as: Pick<ExposedFamily, 'type' | 'help' | 'bare'>;
  readonly renamed: boolean;
  /** Headers that are printed already. */
  readonly omit: readonly string[];
}

function blocksOf(
  printing: Printing,
  wanted: ReadonlySet<string> | undefined,
): readonly PrintedBlock[] {
  const { dialect, family } = printing;
  if (wanted === undefined) return wholeFamily(printing);
  const selected = selectSeries(dialect, family, wanted);
  if (selected === undefined) return [];
  const series = selected.map((at) => family.series[at]!);
  return makeBlocks({ ...printing, family: { ...family, series } });
}

function wholeFamily(printing: Printing): readonly PrintedBlock[] {
  const { dialect, family, as, renamed, omit } = printing;
  const { type, help, bare } = as;
  const word = omit.length === 0 ? '' : JSON.stringify([type, help, bare, omit]);
  const made = mapOf(blocksOfFamily, family);
  const key = `${dialect.format} ${dialect.escaping} ${renamed} ${word}`;
  let blocks = made.get(key);
  if (blocks === undefined) {
    blocks = makeBlocks(printing);
    made.set(key, blocks);
  }
  return blocks;
}

function makeBlocks({ dialect, family, as, renamed, omit }: Printing): PrintedBlock[] {
  const { type, help, bare } = as;
  return familyBlocks(dialect, { ...family, type, help, bare }, renamed).map((block) => {
    const { header } = block;
    const slot = Uint32Array.from(block.seriesIndex, (i) => family.series[i]!.slot);
    return {
      header,
      template: templateOf(omit.includes(header) ? { ...block, header: '' } : block, slot),
    };
  });
}

function templateOf({ header, line }: FamilyBlock, slot: Uint32Array): Template {
  const text = Buffer.from(header + line.join(''));
  // As many bytes as characters: all ASCII, and lengths need no second look at the text.
  const isAscii = text.length === header.length + line.reduce((sum, one) => sum + one.length, 0);
  const bytes = isAscii ? (one: string) => one.length : Buffer.byteLength;
  const headerEnd = bytes(header);
  let end = headerEnd;
  const lineEnd = Uint32Array.from(line, (one) => {
    end += bytes(one);
    return end;
  });
  return createTemplate(text, headerEnd, lineEnd, slot);
}

function kept<K extends object, V>(
  pages: WeakMap<K, Map<string, V>>,
  of: K,
  request: PageRequest,
  make: () => V,
): V {
  const made = mapOf(pages, of);
  const key = pageKey({ ...request, source: undefined });
  const known = made.get(key);
  if (known !== undefined) return known;
  if (made.size >= MOST_SELECTIONS) made.delete(made.keys().next().value!);
  const page = make();
  made.set(key, page);
  return page;
}

function mapOf<K extends object, V>(maps: WeakMap<K, Map<string, V>>, key: K): Map<string, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
