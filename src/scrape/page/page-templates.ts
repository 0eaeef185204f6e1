/**
 * The templates of a page: which families and series it prints in which dialect. Made when the layout changes or a
 * dialect is first asked for, and cached by the layout and by each family.
 */

import type { Dialect } from '../../expose/dialect.js';
import type { ExposedFamily, FamilyBlock } from '../../expose/family.js';
import { selectSeries } from '../../expose/select.js';
import { collidingFamilies, familyBlocks } from '../../expose/template.js';
import { Memo } from '../../memo.js';
import { createPage, createTemplate, type Page, type Template } from '../../native.js';
import type { LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Layout } from '../../plan/layout.js';
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';
import type { MergedFamily, MergedLayout } from './merged-layout.js';

/** What one client asked for. */
export interface PageRequest {
  readonly dialect: Dialect;
  /** `name[]`: families or samples; absent for all. */
  readonly names?: readonly string[] | undefined;
  /** `source`: the name of one; absent for all. */
  readonly source?: string | undefined;
}

/** A block of a family on a page. */
export interface PageBlock {
  readonly family: string;
  /** FamilyBlock.suffix. */
  readonly suffix: string;
  /** How many templates of the page end with this block. */
  readonly end: number;
}

export interface LayoutPage {
  readonly page: Page;
  /** In the order of the page. */
  readonly blocks: readonly PageBlock[];
}

/** A page of several layouts: what each prints, and in which order the parts are joined. */
export interface MergedPage {
  /** By layout. */
  readonly pages: readonly Page[];
  /** The layouts' indexes, one for each template, in the order of the page. */
  readonly turn: readonly number[];
  readonly blocks: readonly PageBlock[];
}

/** Limits of a template: a family may have a million lines, and the addon copies a template at once. */
const MAX_LINES = 4096;
const MAX_TEXT_BYTES = 1024 * 1024;

/** Characters of text that are encoded at once. */
const TEXT_PIECE = 65_536;

/** Selections that are cached for a layout, so that clients that ask for ever new ones do not fill the memory. */
const MAX_SELECTIONS = 64;

const pagesOfLayout = new Memo<Layout, Map<string, LayoutPage>>();
const pagesOfMerged = new Memo<MergedLayout, Map<string, MergedPage>>();
const blocksOfFamily = new Memo<LaidOutFamily, Map<string, readonly PrintedBlock[]>>();

/** Two requests with the same key get the same bytes. */
export function pageKey({ dialect, names, source }: PageRequest): string {
  const selection = names === undefined ? '' : JSON.stringify([...new Set(names)].sort());
  const from = source === undefined ? '' : JSON.stringify(source);
  return `${dialect.format} ${dialect.escaping} ${selection} ${from}`;
}

export function pageOf(layout: Layout, request: PageRequest): Steps<LayoutPage> {
  return kept(pagesOfLayout, layout, request, () => makePage(layout, request));
}

export function mergedPageOf(merged: MergedLayout, request: PageRequest): Steps<MergedPage> {
  return kept(pagesOfMerged, merged, request, () => makeMergedPage(merged, request));
}

function* makePage({ families }: Layout, { dialect, names }: PageRequest): Steps<LayoutPage> {
  const renamed = collidingFamilies(dialect, families);
  const wanted = names && new Set(names);
  const templates: Template[] = [];
  const blocks: PageBlock[] = [];
  for (const [i, family] of families.entries()) {
    const options = { dialect, family, as: family, renamed: renamed.has(i), omit: [] };
    for (const block of yield* blocksOf(options, wanted)) {
      for (const template of block.templates) templates.push(template);
      blocks.push({ family: family.name, suffix: block.suffix, end: templates.length });
    }
  }
  return { page: createPage(templates), blocks };
}

function* makeMergedPage(
  { families, layouts }: MergedLayout,
  { dialect, names }: PageRequest,
): Steps<MergedPage> {
  const renamed = collidingFamilies(dialect, families);
  const wanted = names && new Set(names);
  const templates: Template[][] = layouts.map(() => []);
  const turn: number[] = [];
  const blocks: PageBlock[] = [];
  for (const [i, family] of families.entries()) {
    for (const { suffix, parts } of yield* blocksOfAll(dialect, family, renamed.has(i), wanted)) {
      for (const { at, template } of parts) {
        templates[at]!.push(template);
        turn.push(at);
      }
      blocks.push({ family: family.name, suffix, end: turn.length });
    }
  }
  return { pages: templates.map((of) => createPage(of)), turn, blocks };
}

interface MergedBlock {
  readonly suffix: string;
  /** Templates of the layouts that have it. */
  readonly parts: { readonly at: number; readonly template: Template }[];
}

/** The blocks of a family; only the first of its layouts has the header. */
function* blocksOfAll(
  dialect: Dialect,
  as: MergedFamily,
  renamed: boolean,
  wanted: ReadonlySet<string> | undefined,
): Steps<Iterable<MergedBlock>> {
  const byHeader = new Map<string, MergedBlock>();
  for (const { at, family } of as.parts) {
    const omit = [...byHeader.keys()];
    for (const block of yield* blocksOf({ dialect, family, as, renamed, omit }, wanted)) {
      let merged = byHeader.get(block.header);
      if (merged === undefined) {
        merged = { suffix: block.suffix, parts: [] };
        byHeader.set(block.header, merged);
      }
      for (const template of block.templates) merged.parts.push({ at, template });
    }
  }
  return byHeader.values();
}

interface PrintedBlock {
  readonly suffix: string;
  readonly header: string;
  /** In order; the first has the header. */
  readonly templates: readonly Template[];
}

interface FamilyPrintOptions {
  readonly dialect: Dialect;
  readonly family: LaidOutFamily;
  /** What the page says of the family; it may come from another source. */
  readonly as: Pick<ExposedFamily, 'type' | 'help' | 'keepsRawName'>;
  readonly renamed: boolean;
  /** Headers that are printed already. */
  readonly omit: readonly string[];
}

function* blocksOf(
  options: FamilyPrintOptions,
  wanted: ReadonlySet<string> | undefined,
): Steps<readonly PrintedBlock[]> {
  const { dialect, family } = options;
  if (wanted === undefined) return yield* wholeFamily(options);
  const selected = selectSeries(dialect, family, wanted);
  if (selected === undefined) return [];
  const series = selected.map((at) => family.series[at]!);
  return yield* makeBlocks({ ...options, family: { ...family, series } });
}

function* wholeFamily(options: FamilyPrintOptions): Steps<readonly PrintedBlock[]> {
  const { dialect, family, as, renamed, omit } = options;
  const { type, help, keepsRawName } = as;
  const head = omit.length === 0 ? '' : JSON.stringify([type, help, keepsRawName, omit]);
  const made = blocksOfFamily.get(family, () => new Map());
  const key = `${dialect.format} ${dialect.escaping} ${renamed} ${head}`;
  let blocks = made.get(key);
  if (blocks === undefined) {
    blocks = yield* makeBlocks(options);
    made.set(key, blocks);
  }
  return blocks;
}

function* makeBlocks({
  dialect,
  family,
  as,
  renamed,
  omit,
}: FamilyPrintOptions): Steps<PrintedBlock[]> {
  yield;
  const { type, help, keepsRawName } = as;
  const blocks: PrintedBlock[] = [];
  for (const block of familyBlocks(dialect, { ...family, type, help, keepsRawName }, renamed)) {
    const { suffix, header } = block;
    const shown = omit.includes(header) ? '' : header;
    blocks.push({ suffix, header, templates: yield* templatesOf(shown, block, family.series) });
  }
  return blocks;
}

/** The lines of a block, in templates of bounded size. */
function* templatesOf(
  header: string,
  { seriesIndex, lineOf }: FamilyBlock,
  series: LaidOutFamily['series'],
): Steps<Template[]> {
  const templates: Template[] = [];
  let text = new TemplateText(header);
  for (const [i, index] of seriesIndex.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    if (text.isFull) {
      templates.push(text.template());
      yield;
      text = new TemplateText('');
    }
    text.add(lineOf(index), series[index]!.slot);
  }
  templates.push(text.template());
  return templates;
}

/** The bytes of a template, where its lines end, and their slots. */
class TemplateText {
  readonly #headerEnd: number;
  readonly #lineEnd: number[] = [];
  readonly #slot: number[] = [];
  readonly #encoded: Buffer[] = [];
  /** Not encoded yet. */
  #text: string;
  #end: number;

  constructor(header: string) {
    this.#text = header;
    this.#headerEnd = Buffer.byteLength(header);
    this.#end = this.#headerEnd;
  }

  get isFull(): boolean {
    return this.#slot.length >= MAX_LINES || this.#end >= MAX_TEXT_BYTES;
  }

  add(line: string, slot: number): void {
    this.#text += line;
    this.#end += Buffer.byteLength(line);
    this.#lineEnd.push(this.#end);
    this.#slot.push(slot);
    if (this.#text.length >= TEXT_PIECE) this.#encode();
  }

  template(): Template {
    this.#encode();
    const text = Buffer.concat(this.#encoded, this.#end);
    const [lineEnd, slot] = [Uint32Array.from(this.#lineEnd), Uint32Array.from(this.#slot)];
    return createTemplate(text, this.#headerEnd, lineEnd, slot);
  }

  #encode(): void {
    this.#encoded.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

function* kept<K extends object, V>(
  pages: Memo<K, Map<string, V>>,
  of: K,
  request: PageRequest,
  make: () => Steps<V>,
): Steps<V> {
  const made = pages.get(of, () => new Map());
  const key = pageKey({ ...request, source: undefined });
  const known = made.get(key);
  if (known !== undefined) return known;
  const page = yield* make();
  if (made.size >= MAX_SELECTIONS) made.delete(made.keys().next().value!);
  made.set(key, page);
  return page;
}
