/**
 * Prints an external page in any dialect, as bytes.
 *
 * A line is the prefix of its series and the value as the endpoint wrote it. Where names are spelled as in allow-utf-8,
 * the prefix is copied; otherwise it is made anew for each page. Families that are joined with others of the same name
 * come first, in pieces that can be inserted anywhere. The others follow, all together.
 *
 *   ┌ piece: header, lines ┬ piece: header, lines ┬ all other families ─────┐
 */
import { formatNumber } from '../format/number.js';
import type { Dialect } from './dialect.js';
import type { ExternalFamily, ExternalPage } from './external-page.js';
import type { ExposedSeries } from './family.js';
import { familyLines } from './family-lines.js';
import { FORMAT } from './formats.js';
import { numberOf, SampleScanner } from './sample-scanner.js';
import { selectSeries } from './select.js';
import { seriesLines } from './series-line.js';
import { blockHeader, blockSuffixes } from './template.js';

export interface PrintOptions {
  readonly dialect: Dialect;
  /** `name[]`; undefined for all. */
  readonly wanted: ReadonlySet<string> | undefined;
  /** Families of the page that are printed in pieces, and those that follow. */
  readonly apart: readonly number[];
  readonly together: readonly number[];
  /** Those whose names are printed in forced `values`. */
  readonly renamed: ReadonlySet<number>;
  /** By index into `order` of the page: 1 for a series that is not printed. Undefined where all are. */
  readonly isLeftOut: Uint8Array | undefined;
}

export interface PrintedPage {
  readonly bytes: Buffer;
  /**
   * Pieces in the order of `apart`, PIECE_COLUMNS numbers each: the family, the block (index into blockSuffixes()),
   * where it begins, where its header ends, where it ends. The families of `together` follow the last piece.
   */
  readonly pieces: Uint32Array;
}

export const PIECE_COLUMNS = 5;

/** Escaping names can make a page several times as large as it was. */
export const MAX_PRINTED_BYTES = 64 * 1024 * 1024;

/** Limits of one family whose names must be escaped: its lines are compared with each other as strings. */
export const MAX_ODD_SERIES = 50_000;
export const MAX_ODD_BYTES = 8 * 1024 * 1024;

const SPACE = 0x20;
const NEWLINE = 0x0a;
/** Of a timestamp with its blank, and of a number that is formatted anew. */
const MAX_NUMBER_BYTES = 32;

/** @throws Error for a page that is too large in this dialect */
export function printExternalPage(page: ExternalPage, options: PrintOptions): PrintedPage {
  return new Printer(page, options).print();
}

class Printer {
  readonly #page: ExternalPage;
  readonly #options: PrintOptions;
  readonly #suffixes: readonly string[];
  readonly #pieces: number[] = [];
  readonly #scanner = new SampleScanner();
  #out: Buffer;
  #length = 0;

  constructor(page: ExternalPage, options: PrintOptions) {
    this.#page = page;
    this.#options = options;
    this.#suffixes = blockSuffixes(options.dialect);
    // About as much as was read, and headers that the page did not have.
    this.#out = Buffer.allocUnsafeSlow(page.bytes.length + 65_536);
  }

  print(): PrintedPage {
    for (const family of this.#options.apart) this.#printFamily(family, true);
    for (const family of this.#options.together) this.#printFamily(family, false);
    return { bytes: this.#out.subarray(0, this.#length), pieces: Uint32Array.from(this.#pieces) };
  }

  #printFamily(index: number, isApart: boolean): void {
    const family = this.#page.families[index]!;
    const isPrinted = this.#isPrinted(family);
    if (isPrinted === undefined) return;
    const renamed = this.#options.renamed.has(index);
    const before = this.#prefixesOf(family, renamed, isPrinted);
    const { ownBlock } = this.#page;
    for (const [block, suffix] of this.#suffixes.entries()) {
      if (block > 0 && !family.names.some((name) => ownBlock[name] === block)) continue;
      const from = this.#length;
      this.#write(blockHeader(this.#options.dialect, family, renamed, suffix));
      const linesFrom = this.#length;
      this.#printBlock(family, block, isPrinted, before);
      const isEmpty = this.#length === linesFrom;
      if (isEmpty && (isApart || suffix !== '')) this.#length = from;
      else if (isApart) this.#pieces.push(index, block, from, linesFrom, this.#length);
    }
  }

  /** By sample name, whether it is printed; undefined where the family is not. */
  #isPrinted(family: ExternalFamily): Uint8Array | undefined {
    const { sampleNames } = this.#page;
    const isPrinted = new Uint8Array(sampleNames.length);
    const { wanted, dialect } = this.#options;
    if (wanted === undefined) {
      for (const name of family.names) isPrinted[name] = 1;
      return isPrinted;
    }
    const series = family.names.map((name) => ({ sampleName: sampleNames[name]!, labels: [] }));
    const selected = selectSeries(dialect, { ...family, series }, wanted);
    for (const i of selected ?? []) isPrinted[family.names[i]!] = 1;
    return selected && isPrinted;
  }

  /**
   * @returns what writes the prefix of a row, and the blank after it
   *
   * @throws Error for too many series whose names must be escaped
   */
  #prefixesOf(
    family: ExternalFamily,
    renamed: boolean,
    isPrinted: Uint8Array,
  ): (place: number) => void {
    const { escaping } = this.#options.dialect;
    const isCopied =
      !renamed && (escaping === 'allow-utf-8' || (!family.hasOddName && escaping !== 'dots'));
    if (isCopied) return (place) => this.#copyPrefix(this.#page.order[place]!);

    if (!family.hasOddName) {
      let lines = seriesLines(escaping, renamed);
      let made = 0;
      return (place) => {
        // seriesLines() keeps every label name that it has seen.
        if (++made % 4_096 === 0) lines = seriesLines(escaping, renamed);
        this.#write(lines(this.#seriesAt(place)));
      };
    }

    const { prefixes, order } = this.#page;
    const places: number[] = [];
    let bytes = 0;
    for (let place = family.from; place < family.to; place++) {
      if (!this.#isIn(place, isPrinted)) continue;
      places.push(place);
      bytes += prefixes.to(order[place]!) - prefixes.from(order[place]!);
      if (places.length > MAX_ODD_SERIES || bytes > MAX_ODD_BYTES) {
        const limit = `${MAX_ODD_SERIES} series or ${MAX_ODD_BYTES} bytes`;
        throw new Error(`more than ${limit} of ${family.name} with names to be escaped`);
      }
    }
    const lineOf = familyLines(
      escaping,
      renamed,
      places.map((place) => this.#seriesAt(place)),
    );
    const indexOf = new Map(places.map((place, i) => [place, i]));
    return (place) => this.#write(lineOf(indexOf.get(place)!));
  }

  /** The lines of one block: those whose samples belong there. */
  #printBlock(
    family: ExternalFamily,
    block: number,
    isPrinted: Uint8Array,
    printPrefix: (place: number) => void,
  ): void {
    const { order, nameOf, ownBlock } = this.#page;
    const isOnlyBlock = this.#suffixes.length === 1;
    for (let place = family.from; place < family.to; place++) {
      if (!this.#isIn(place, isPrinted)) continue;
      if (!isOnlyBlock && ownBlock[nameOf[order[place]!]!] !== block) continue;
      printPrefix(place);
      this.#printValue(this.#page.sampleOf[order[place]!]!);
    }
  }

  #isIn(place: number, isPrinted: Uint8Array): boolean {
    const { order, nameOf } = this.#page;
    const { isLeftOut } = this.#options;
    if (isLeftOut !== undefined && isLeftOut[place] === 1) return false;
    return isPrinted[nameOf[order[place]!]!] === 1;
  }

  #copyPrefix(row: number): void {
    const { prefixes } = this.#page;
    const source = prefixes.bytesOf(row);
    const to = prefixes.to(row);
    let from = prefixes.from(row);
    const out = this.#makeRoom(to - from + 1);
    let at = this.#length;
    while (from < to) out[at++] = source[from++]!;
    out[at++] = SPACE;
    this.#length = at;
  }

  /** Prints a value as the endpoint wrote it if every parser reads that, else formatted anew. */
  #printValue(sample: number): void {
    const { bytes, samples } = this.#page;
    let from = samples.valueFrom[sample]!;
    const to = samples.valueTo[sample]!;
    const out = this.#makeRoom(to - from + 2 * MAX_NUMBER_BYTES + 1);
    const digit = bytes[from]! === 0x2d ? bytes[from + 1]! : bytes[from]!;
    if (digit >= 0x30 && digit <= 0x39) {
      let at = this.#length;
      while (from < to) out[at++] = bytes[from++]!;
      this.#length = at;
    } else {
      this.#writeNumber(formatNumber(numberOf(bytes.toString('latin1', from, to))));
    }
    const timestamp = samples.timestamp?.[sample] ?? Number.NaN;
    if (!Number.isNaN(timestamp)) this.#writeNumber(` ${this.#timestamp(timestamp)}`);
    out[this.#length++] = NEWLINE;
  }

  /** Converts a timestamp from the unit of the page's format to that of the dialect. */
  #timestamp(timestamp: number): number {
    const from = FORMAT[this.#page.format].unitsPerSecond;
    const to = FORMAT[this.#options.dialect.format].unitsPerSecond;
    if (from === to) return timestamp;
    return from > to ? timestamp / from : Math.round(timestamp * to);
  }

  #seriesAt(place: number): ExposedSeries {
    const { prefixes, order } = this.#page;
    const row = order[place]!;
    const scanner = this.#scanner;
    scanner.scanPrefix(prefixes.bytesOf(row), prefixes.from(row), prefixes.to(row));
    return { sampleName: scanner.sampleName(), labels: scanner.labels() };
  }

  #write(text: string): void {
    // What is not ASCII takes up to three bytes.
    const out = this.#makeRoom(text.length < 1_024 ? 3 * text.length : Buffer.byteLength(text));
    this.#length += out.write(text, this.#length);
  }

  /** REQUIRES: room for it. */
  #writeNumber(text: string): void {
    this.#length += this.#out.write(text, this.#length, 'latin1');
  }

  #makeRoom(bytes: number): Buffer {
    const needed = this.#length + bytes;
    if (needed > this.#out.length) {
      if (needed > MAX_PRINTED_BYTES) {
        throw new Error(`more than ${MAX_PRINTED_BYTES} bytes in this format`);
      }
      const longer = Buffer.allocUnsafeSlow(Math.min(2 * needed, MAX_PRINTED_BYTES));
      this.#out.copy(longer, 0, 0, this.#length);
      this.#out = longer;
    }
    return this.#out;
  }
}
