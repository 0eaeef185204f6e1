/**
 * The page of another endpoint, read to be printed again: its series as columns, and where their values are.
 *
 *   bytes   # TYPE x gauge⏎x{a="1"} 7⏎x{a="2"} 8⏎        slow clock: the text around the values (fixed) is read once
 *           └ fixed ──────────────┘ ▲└ fixed ┘ ▲└┘        fast clock: the same fixed text again: only values are found
 *
 * From one scrape to the next an endpoint's values change, but its series rarely do. update() compares the text around
 * the values, which takes 20 ms for 32 MB, and locates the new values. Only if the text differs is the page read anew.
 *
 * All that is kept of a sample is numbers in typed arrays and bytes in one buffer. No string or object is made for a
 * series, so the budget bounds the memory, and a page at its limits takes no JavaScript heap.
 *
 * Source: Prometheus docs, exposition_formats; OpenMetrics 1.0.0; prometheus_client parser.py and
 * openmetrics/parser.py.
 */
import { type Prefixes, selectsName } from '../plan/selection.js';
import { ByteStrings } from './byte-strings.js';
import {
  type Draft,
  ExternalFamilies,
  KEYWORDS,
  type Keyword,
  type PageFormat,
} from './external-families.js';
import { orderRows } from './external-order.js';
import { Samples } from './external-samples.js';
import type { FamilyHead } from './family.js';
import { textFamilyName } from './family-name.js';
import { innerLabel } from './label-set.js';
import { PrefixSpelling } from './prefix-spelling.js';
import { isBlank, SampleScanner, skipBlanks, unescaped } from './sample-scanner.js';
import { OWN_BLOCK_SUFFIXES } from './text.js';

/** What a page may have; one that has more is refused as a whole. fetchPage() checks the bytes. */
export interface PageBudget {
  readonly bytes: number;
  readonly families: number;
  /** Of the names of all families. */
  readonly familyNameBytes: number;
  /** Repeated samples of a series are counted, too. */
  readonly samples: number;
  readonly lineBytes: number;
  /** Of one series. */
  readonly labels: number;
  /** Of a metric name or a label name. */
  readonly nameBytes: number;
}

/** More than healthy programs have: ordinary text of 32 MiB has 200,000 to 300,000 samples. */
export const PAGE_BUDGET: PageBudget = {
  bytes: 32 * 1024 * 1024,
  families: 10_000,
  familyNameBytes: 1024 * 1024,
  samples: 500_000,
  lineBytes: 1024 * 1024,
  labels: 1_000,
  nameBytes: 1024,
};

export interface ExternalFamily extends FamilyHead {
  /** Its series: order[from..to) of the page. */
  readonly from: number;
  readonly to: number;
  /** Names that its samples have: indexes into sampleNames of the page. */
  readonly names: readonly number[];
  /** One of its series has a name that is not legal, or is reserved by Prometheus. */
  readonly hasOddName: boolean;
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const HASH = 0x23;

export class ExternalPage {
  readonly families: readonly ExternalFamily[];
  /** Rows, family by family, in the order in which they are printed. */
  readonly order: Uint32Array;
  /** String r is the prefix of row r, as spelled in allow-utf-8. */
  readonly prefixes: ByteStrings;
  /** By row, index into sampleNames. */
  readonly nameOf: Uint32Array;
  readonly sampleNames: readonly string[];
  /** By sample name, the block it is in: index into blockSuffixes() of a text format. */
  readonly ownBlock: Uint8Array;
  /** Samples of series that the page has already. */
  readonly repeated: number;
  readonly format: PageFormat;
  bytes: Buffer;
  /** By sample: where the value is, and where its line ends. */
  readonly samples: Samples;
  /** By row: its sample. */
  readonly sampleOf: Uint32Array;

  constructor(read: PageReader, bytes: Buffer) {
    const { families, order } = read.ordered();
    this.families = families;
    this.order = order;
    this.prefixes = read.prefixes;
    this.nameOf = read.nameOf;
    this.sampleNames = read.sampleNames;
    this.ownBlock = read.ownBlocks();
    this.repeated = read.samples.count - read.prefixes.count;
    this.format = read.samples.format;
    this.samples = read.samples;
    this.sampleOf = read.sampleOf;
    this.bytes = bytes;
  }

  /**
   * Takes the values of a new page if the text around them is the same.
   *
   * @returns false for any other page, and for one with a line that is not a sample; nothing changes then
   */
  update(bytes: Buffer): boolean {
    if (!this.samples.update(this.bytes, bytes)) return false;
    this.bytes = bytes;
    return true;
  }
}

/**
 * @param bytes the page; not changed, and kept
 * @param prefixes which families are read; the others are treated as missing
 * @throws Error `line 7: …` for a line that is neither sample nor comment, and for a page beyond the budget
 */
export function readExternalPage(
  bytes: Buffer,
  format: PageFormat,
  prefixes: Prefixes,
  budget: PageBudget = PAGE_BUDGET,
): ExternalPage {
  const reader = new PageReader(bytes, format, prefixes, budget);
  reader.read();
  return new ExternalPage(reader, bytes);
}

/** `a 1` and its newline. */
const MIN_SAMPLE_BYTES = 4;

class PageReader {
  readonly samples: Samples;
  readonly prefixes: ByteStrings;
  readonly nameOf: Uint32Array;
  readonly sampleOf: Uint32Array;
  readonly sampleNames: string[] = [];
  readonly #bytes: Buffer;
  readonly #selection: Prefixes;
  readonly #budget: PageBudget;
  readonly #families: ExternalFamilies;
  readonly #scanner: SampleScanner;
  readonly #spelling = new PrefixSpelling();
  /** By row: the bound or quantile as a number, where the family has one; else NaN. */
  #inner: Float64Array | undefined;
  /** By sample name: the draft it is of. */
  readonly #draftOfName: Draft[] = [];
  readonly #hasOddName = new Set<Draft>();
  /** By sample name, since the last TYPE. */
  readonly #nameIndex = new Map<string, number>();
  /** Of the last sample. */
  #name = -1;
  #nameFrom = 0;
  #nameBytes = 0;

  constructor(bytes: Buffer, format: PageFormat, prefixes: Prefixes, budget: PageBudget) {
    // As many as there can be: entries that are not used are never touched, and take no memory.
    const capacity = Math.min(Math.ceil(bytes.length / MIN_SAMPLE_BYTES) + 1, budget.samples);
    this.samples = new Samples(format, capacity);
    this.prefixes = new ByteStrings(bytes, capacity);
    this.nameOf = new Uint32Array(capacity);
    this.sampleOf = new Uint32Array(capacity);
    this.#bytes = bytes;
    this.#selection = prefixes;
    this.#budget = budget;
    this.#families = new ExternalFamilies(format, budget);
    this.#scanner = new SampleScanner(budget);
  }

  read(): void {
    const bytes = this.#bytes;
    let line = 0;
    let isOver = false;
    for (let from = 0; from < bytes.length; ) {
      line++;
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline < 0 ? bytes.length : newline;
      const fault = isOver ? 'something after # EOF' : this.#readLine(from, to);
      if (fault === END) isOver = true;
      else if (fault !== undefined) throw new Error(`line ${line}: ${fault}`);
      from = to + 1;
    }
    if (this.samples.format === 'openmetrics' && !isOver) {
      throw new Error('no # EOF at the end of OpenMetrics');
    }
  }

  /** Families that have series and are selected, and the rows of each. */
  ordered(): { families: ExternalFamily[]; order: Uint32Array } {
    const namesOf = new Map<Draft, number[]>();
    for (const [name, draft] of this.#draftOfName.entries()) {
      const target = this.#families.targetOf(draft);
      const names = namesOf.get(target);
      if (names === undefined) namesOf.set(target, [name]);
      else names.push(name);
    }
    const named = this.#families.drafts.flatMap((draft) => {
      const names = namesOf.get(draft);
      const head = this.#families.headOf(draft);
      if (names === undefined) return [];
      return selectsName(this.#selection, textFamilyName(head)) ? [{ head, names }] : [];
    });
    const { prefixes, nameOf, sampleNames } = this;
    const { order, end } = orderRows(named, { prefixes, nameOf, sampleNames, inner: this.#inner });
    const families = named.map(({ head, names }, i) => ({
      ...head,
      from: i === 0 ? 0 : end[i - 1]!,
      to: end[i]!,
      names,
      hasOddName: names.some((name) => this.#hasOddName.has(this.#draftOfName[name]!)),
    }));
    return { families: families.filter(({ from, to }) => from < to), order };
  }

  ownBlocks(): Uint8Array {
    return Uint8Array.from(this.sampleNames, (sampleName, i) => {
      const { name } = this.#families.headOf(this.#families.targetOf(this.#draftOfName[i]!));
      return 1 + OWN_BLOCK_SUFFIXES.findIndex((suffix) => sampleName === name + suffix);
    });
  }

  #readLine(from: number, to: number): string | undefined {
    if (to - from > this.#budget.lineBytes) {
      return `longer than ${this.#budget.lineBytes} bytes`;
    }
    const bytes = this.#bytes;
    const first = skipBlanks(bytes, from, to);
    if (first === to) return undefined;
    if (bytes[first] === HASH) return this.#readComment(first, to);
    return this.#readSample(from, to);
  }

  #readSample(from: number, to: number): string | undefined {
    const scanner = this.#scanner;
    const fault = scanner.scan(this.#bytes, from, to);
    if (fault !== undefined) {
      return fault === 'not a sample' ? `${fault}: ${shown(this.#bytes, from, to)}` : fault;
    }
    if (this.samples.count === this.#budget.samples) {
      return `more than ${this.#budget.samples} samples`;
    }
    if (!this.#isNameAsBefore()) {
      try {
        this.#name = this.#nameOf(scanner.sampleName());
      } catch (error) {
        return (error as Error).message;
      }
    }
    const draft = this.#draftOfName[this.#name]!;
    if (scanner.hasOddName) this.#hasOddName.add(draft);

    const sample = this.samples.count;
    const restFault = this.samples.add(scanner, to);
    if (restFault !== undefined) return restFault;
    const spelling = this.#spelling;
    const inner = draft.type && innerLabel(draft.type, draft.name);
    const spellFault = spelling.spell(scanner, from, inner);
    if (spellFault !== undefined) return spellFault;

    const known = this.prefixes.count;
    const row = this.prefixes.add(spelling.bytes, spelling.from, spelling.to);
    if (row < known) return undefined;
    this.nameOf[row] = this.#name;
    this.sampleOf[row] = sample;
    if (inner !== undefined) {
      this.#inner ??= new Float64Array(this.nameOf.length).fill(Number.NaN);
      this.#inner[row] = spelling.inner;
    }
    return undefined;
  }

  /** Thousands of samples in a row have the same name. */
  #isNameAsBefore(): boolean {
    const { nameFrom, nameTo } = this.#scanner;
    const bytes = this.#bytes;
    const length = nameTo - nameFrom;
    let isSame = this.#name >= 0 && length === this.#nameBytes;
    for (let i = 0; isSame && i < length; i++) {
      isSame = bytes[nameFrom + i] === bytes[this.#nameFrom + i];
    }
    this.#nameFrom = nameFrom;
    this.#nameBytes = length;
    return isSame;
  }

  /** @throws Error as ExternalFamilies.ownerOf */
  #nameOf(sampleName: string): number {
    let index = this.#nameIndex.get(sampleName);
    if (index === undefined) {
      const draft = this.#families.ownerOf(sampleName);
      index = this.sampleNames.length;
      this.sampleNames.push(sampleName);
      this.#draftOfName.push(draft);
      this.#nameIndex.set(sampleName, index);
    }
    return index;
  }

  /** HELP, TYPE, UNIT and EOF; any other comment is ignored. */
  #readComment(from: number, to: number): string | undefined {
    const bytes = this.#bytes;
    const at = skipBlanks(bytes, from + 1, to);
    const isOpenMetrics = this.samples.format === 'openmetrics';
    const word = wordAt(bytes, at, to);
    if (isOpenMetrics && word === 'EOF') return END;
    const keyword = KEYWORDS.find((known) => known === word);
    if (keyword === undefined || (keyword === 'UNIT' && !isOpenMetrics)) return undefined;

    const nameFrom = skipBlanks(bytes, at + keyword.length, to);
    const nameTo = nameEnd(bytes, nameFrom, to);
    if (nameTo === nameFrom) return undefined;
    if (nameTo - nameFrom > this.#budget.nameBytes) {
      return `a name of more than ${this.#budget.nameBytes} bytes`;
    }
    const printed = bytes.toString('utf8', nameFrom, nameTo);
    const name = printed[0] === '"' ? unescaped(printed.slice(1, -1)) : printed;
    const text = bytes.toString('utf8', skipBlanks(bytes, nameTo, to), to);
    try {
      const line = text.endsWith('\r') ? text.slice(0, -1) : text;
      if (this.#families.describe(keyword, name, line)) {
        // Samples may be of another family from here on.
        this.#nameIndex.clear();
        this.#name = -1;
      }
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }
}

/** What #readLine() returns for the line that ends OpenMetrics. */
const END = '# EOF';

/** The keyword that begins here, or EOF. */
function wordAt(bytes: Buffer, from: number, to: number): Keyword | 'EOF' | undefined {
  const first = bytes[from];
  // H, T, U or E. A page may have millions of comments; most begin with another letter.
  if (first !== 0x48 && first !== 0x54 && first !== 0x55 && first !== 0x45) return undefined;
  const word = /^(?:HELP|TYPE|UNIT|EOF)(?=\s|$)/.exec(
    bytes.toString('latin1', from, Math.min(to, from + 5)),
  );
  return word?.[0] as Keyword | 'EOF' | undefined;
}

/** Where a name ends, quoted or not; `from` where there is none. */
function nameEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  if (bytes[at] !== QUOTE) {
    while (at < to && !isBlank(bytes[at]!)) at++;
    return at;
  }
  for (at++; at < to && bytes[at] !== QUOTE; at++) if (bytes[at] === 0x5c) at++;
  return at < to ? at + 1 : from;
}

/** The beginning of a line for a message. */
function shown(bytes: Buffer, from: number, to: number): string {
  return bytes.subarray(from, to).toString('utf8').slice(0, 60);
}
