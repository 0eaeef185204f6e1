/**
 * The pages of one run: what each source must print, and the bytes once all have printed.
 * The page of a single source is used as the addon made it. Those of several are joined piece by piece, and so are the
 * series that other endpoints add to their families.
 */
import { type Collected, type Page, type PrintRequest, releaseBody } from '../../native.js';
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';
import type { Source } from '../directory/source.js';
import type { MergedLayout } from './merged-layout.js';
import { mergedPageOf, type PageBlock, type PageRequest, pageOf } from './page-templates.js';

/** Room after a page for what is appended to it, so that appending copies nothing. */
const TAIL_BYTES = 16_384;

/** What other endpoints add to a page. */
export interface Appendix {
  /** By family, which the page may not have: what is inserted into its blocks. Those of one suffix follow each other. */
  readonly inserted: ReadonlyMap<string, readonly InsertedBlock[]>;
  /** Further families. */
  readonly appended: readonly Piece[];
}

/** bytes[from..to) */
export interface Piece {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Lines of a family; their header, for a page that has no such block, stands before them. */
export interface InsertedBlock extends Piece {
  /** FamilyBlock.suffix. */
  readonly suffix: string;
  /** Where the header ends. */
  readonly linesFrom: number;
}

/** @param appendix absent for nothing */
export type MakePage = (collected: CollectedBySource, appendix?: Appendix) => Steps<Buffer>;

export interface PrintJobOptions {
  /** Fold only what is printed. */
  readonly onlyWhatIsPrinted: boolean;
  /** Other endpoints may add to the pages. */
  readonly isAppendedTo: boolean;
  /** Bytes they are expected to add. */
  readonly appendedBytes: number;
}

export class PrintJob {
  readonly #pages = new Map<Source, Page[]>();
  /** Sources whose columns are wanted, too. */
  readonly #columns = new Set<Source>();
  readonly #options: PrintJobOptions;
  #isAnyJoined = false;

  constructor(options: PrintJobOptions) {
    this.#options = options;
  }

  /**
   * Adds a page.
   *
   * @param merged the layouts of the sources as one; needed where there are several
   * @returns how to get its bytes from what run() returned
   */
  *add(
    sources: readonly Source[],
    merged: MergedLayout | undefined,
    request: PageRequest,
  ): Steps<MakePage> {
    if (merged !== undefined) {
      const { pages, turn, blocks } = yield* mergedPageOf(merged, request);
      const at = sources.map((source, i) => this.#print(source, pages[i]!));
      this.#isAnyJoined = true;
      return function* (collected, appendix) {
        const parts = sources.map((source, i) => partOf(collected.get(source)!, at[i]!));
        const page = yield* join(parts, turn, blocks, appendix);
        for (const { body } of parts) releaseBody(body);
        return page;
      };
    }
    const [source] = sources;
    if (source === undefined) {
      return (_, appendix) => join([], [], [], appendix);
    }
    const { page, blocks } = yield* pageOf(source.live.layout, request);
    const at = this.#print(source, page);
    return function* (collected, appendix) {
      const of = collected.get(source)!;
      if (appendix === undefined) return of.bodies[at]!;
      if (appendix.inserted.size === 0) return yield* append(of.bodies[at]!, appendix.appended);
      const part = partOf(of, at);
      const turn = new Array<number>(part.partEnd.length).fill(0);
      const joined = yield* join([part], turn, blocks, appendix);
      releaseBody(part.body);
      return joined;
    };
  }

  /** Has the values of all entries of a source returned, too: those that its pages show. */
  addColumns(source: Source): void {
    this.#columns.add(source);
  }

  /** What a source must print; undefined for nothing. */
  requestOf(source: Source): PrintRequest | undefined {
    const pages = this.#pages.get(source);
    const columns = this.#columns.has(source);
    if (pages === undefined && !columns) return undefined;
    const { onlyWhatIsPrinted, isAppendedTo, appendedBytes } = this.#options;
    return {
      pages: pages ?? [],
      tail: TAIL_BYTES + appendedBytes,
      onlyWhatIsPrinted: onlyWhatIsPrinted && !columns,
      partEnds: this.#isAnyJoined || isAppendedTo,
      ...(columns && { columns }),
    };
  }

  /**
   * Has all sources print, concurrently.
   *
   * @param follow is called with the work on each source, and returns it
   */
  async run(
    follow: <T>(source: Source, work: Promise<T>) => Promise<T>,
  ): Promise<CollectedBySource> {
    const collected = [...new Set([...this.#pages.keys(), ...this.#columns])].map(
      async (source) =>
        [source, await follow(source, source.collect(this.requestOf(source)!))] as const,
    );
    // When one fails, the others are waited for first.
    await Promise.allSettled(collected);
    return new Map(await Promise.all(collected));
  }

  #print(source: Source, page: Page): number {
    let pages = this.#pages.get(source);
    if (pages === undefined) {
      pages = [];
      this.#pages.set(source, pages);
    }
    return pages.push(page) - 1;
  }
}

export type CollectedBySource = ReadonlyMap<Source, Collected>;

/** A body and the end of each of its templates. */
interface Part {
  readonly body: Buffer;
  readonly partEnd: Uint32Array;
}

function partOf({ bodies, partEnds }: Collected, at: number): Part {
  return { body: bodies[at]!, partEnd: partEnds![at]! };
}

/**
 * @param turn index of the part that each template is taken from; adjacent templates of one part are copied at once
 * @param blocks in the order of the page
 */
function* join(
  parts: readonly Part[],
  turn: readonly number[],
  blocks: readonly PageBlock[],
  appendix: Appendix | undefined,
): Steps<Buffer> {
  const { afterTemplate, appended } = yield* placesOf(appendix, blocks);
  const pieces: Piece[] = [];
  const next = parts.map(() => 0);
  const taken = parts.map(() => 0);
  for (const [i, whose] of turn.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const { body, partEnd } = parts[whose]!;
    const to = partEnd[next[whose]!++]!;
    const inserted = afterTemplate.get(i + 1);
    if (turn[i + 1] === whose && inserted === undefined) continue;
    pieces.push({ bytes: body, from: taken[whose]!, to });
    taken[whose] = to;
    for (const piece of inserted ?? []) pieces.push(piece);
  }
  for (const piece of appended) pieces.push(piece);
  return yield* concat(pieces);
}

interface Places {
  /** By number of templates before it. */
  readonly afterTemplate: ReadonlyMap<number, readonly Piece[]>;
  readonly appended: readonly Piece[];
}

/**
 * Lines are inserted after those of their block. A block that the page does not have is inserted after the family, and
 * a family that it does not have is appended.
 */
function* placesOf(appendix: Appendix | undefined, blocks: readonly PageBlock[]): Steps<Places> {
  const afterTemplate = new Map<number, Piece[]>();
  if (appendix === undefined || appendix.inserted.size === 0) {
    return { afterTemplate, appended: appendix?.appended ?? [] };
  }
  const blocksOf = new Map<string, PageBlock[]>();
  for (const [i, block] of blocks.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    if (!appendix.inserted.has(block.family)) continue;
    const known = blocksOf.get(block.family);
    if (known === undefined) blocksOf.set(block.family, [block]);
    else known.push(block);
  }
  const appended: Piece[] = [];
  const put = (end: number, piece: Piece) => {
    const there = afterTemplate.get(end);
    if (there === undefined) afterTemplate.set(end, [piece]);
    else there.push(piece);
  };
  let step = 0;
  for (const [family, inserted] of appendix.inserted) {
    if (step++ % ITEMS_PER_STEP === 0) yield;
    const own = blocksOf.get(family) ?? [];
    for (const [i, { suffix, bytes, from, linesFrom, to }] of inserted.entries()) {
      const block = own.find((there) => there.suffix === suffix);
      const hasHeader = block !== undefined || suffix === inserted[i - 1]?.suffix;
      const piece = { bytes, from: hasHeader ? linesFrom : from, to };
      const after = block ?? own.at(-1);
      if (after === undefined) appended.push(piece);
      else put(after.end, piece);
    }
  }
  for (const piece of appendix.appended) appended.push(piece);
  return { afterTemplate, appended };
}

/** The pieces as one page, with room after it. */
function* concat(pieces: readonly Piece[]): Steps<Buffer> {
  let bytes = 0;
  for (const { from, to } of pieces) bytes += to - from;
  const page = Buffer.allocUnsafeSlow(bytes + TAIL_BYTES).subarray(0, bytes);
  yield* copyInto(page, 0, pieces);
  return page;
}

/** Copying a megabyte to new memory may take some milliseconds. */
const MAX_COPIED_BYTES = 512 * 1024;

function* copyInto(page: Buffer, begin: number, pieces: readonly Piece[]): Steps<void> {
  let at = begin;
  let last = begin;
  for (const { bytes, from, to } of pieces) {
    for (let next = from; next < to; ) {
      const end = Math.min(to, next + MAX_COPIED_BYTES);
      at += bytes.copy(page, at, next, end);
      next = end;
      // There may be many small pieces, too.
      if (at - last < MAX_COPIED_BYTES / ITEMS_PER_STEP) continue;
      last = at;
      yield;
    }
  }
}

/** Appends to a page, in the room after it if that is enough. */
function* append(page: Buffer, pieces: readonly Piece[]): Steps<Buffer> {
  let bytes = 0;
  for (const { from, to } of pieces) bytes += to - from;
  if (page.buffer.byteLength - page.byteOffset - page.length < bytes) {
    const whole = yield* concat([{ bytes: page, from: 0, to: page.length }, ...pieces]);
    releaseBody(page);
    return whole;
  }
  const whole = Buffer.from(page.buffer, page.byteOffset, page.length + bytes);
  yield* copyInto(whole, page.length, pieces);
  return whole;
}

/** Appends text to a page, in the room after it if that is enough. */
export function appendText(page: Buffer, text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  if (page.buffer.byteLength - page.byteOffset - page.length < bytes) {
    return Buffer.concat([page, Buffer.from(text)]);
  }
  const whole = Buffer.from(page.buffer, page.byteOffset, page.length + bytes);
  whole.write(text, page.length);
  return whole;
}
