/**
 * The templates of a page: which families and series it prints in which dialect. Made when the layout
 * changes or a dialect is first asked for; kept by the layout, and by each family that did not change.
 */
import type { Dialect } from '../expose/dialect.js';
import type { ExposedFamily, FamilyBlock } from '../expose/family.js';
import { selectSeries } from '../expose/select.js';
import { collidingFamilies, familyBlocks } from '../expose/template.js';
import { createTemplate, type Template } from '../native.js';
import type { LaidOutFamily } from '../plan/layout.js';
import type { Layout } from '../plan/plan.js';

/** What one client asked for. */
export interface PageRequest {
  readonly dialect: Dialect;
  /** `name[]`: families or samples; absent for all. */
  readonly names?: readonly string[] | undefined;
}

/** Selections kept for one layout; clients that ask for ever new ones do not fill the memory. */
const MOST_SELECTIONS = 64;

const pagesOfLayout = new WeakMap<Layout, Map<string, readonly Template[]>>();
const templatesOfFamily = new WeakMap<LaidOutFamily, Map<string, readonly Template[]>>();

/** Two requests with the same key get the same bytes. */
export function pageKey({ dialect, names }: PageRequest): string {
  const selection = names === undefined ? '' : JSON.stringify([...new Set(names)].sort());
  return `${dialect.format} ${dialect.escaping} ${selection}`;
}

export function templatesOf(layout: Layout, request: PageRequest): readonly Template[] {
  const pages = mapOf(pagesOfLayout, layout);
  const key = pageKey(request);
  const known = pages.get(key);
  if (known !== undefined) return known;
  if (pages.size >= MOST_SELECTIONS) pages.delete(pages.keys().next().value!);
  const made = makePage(layout, request);
  pages.set(key, made);
  return made;
}

function makePage({ families }: Layout, { dialect, names }: PageRequest): Template[] {
  const renamed = collidingFamilies(dialect, families);
  const wanted = names && new Set(names);
  return families.flatMap((family, i) => {
    if (wanted === undefined) return wholeFamily(dialect, family, renamed.has(i));
    const selected = selectSeries(dialect, family, wanted);
    if (selected === undefined) return [];
    const series = selected.map((at) => family.series[at]!);
    return makeTemplates(dialect, { ...family, series }, renamed.has(i));
  });
}

function wholeFamily(
  dialect: Dialect,
  family: LaidOutFamily,
  renamed: boolean,
): readonly Template[] {
  const made = mapOf(templatesOfFamily, family);
  const key = `${dialect.format} ${dialect.escaping} ${renamed}`;
  let templates = made.get(key);
  if (templates === undefined) {
    templates = makeTemplates(dialect, family, renamed);
    made.set(key, templates);
  }
  return templates;
}

function makeTemplates(
  dialect: Dialect,
  family: ExposedFamily & Pick<LaidOutFamily, 'series'>,
  renamed: boolean,
): Template[] {
  return familyBlocks(dialect, family, renamed).map((block) => {
    const slot = Uint32Array.from(block.seriesIndex, (i) => family.series[i]!.slot);
    return templateOf(block, slot);
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

function mapOf<K extends object, V>(maps: WeakMap<K, Map<string, V>>, key: K): Map<string, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
