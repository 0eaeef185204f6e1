/**
 * Reads one line of an exposition: a sample, as other programs print it, in any text format.
 *
 *   http_requests_total{method="GET",code="200"} 1027 1395066363000
 *   └ name ───────────┘ └ labels ─────────────┘  │    └ rest: timestamp, exemplar
 *   └ prefix ──────────────────────────────────┘ └ value
 *
 * The results are offsets into the bytes of the page: a page has up to half a million lines, and making a string
 * of every part would be most of the work. Lenient where it does no harm: any blanks are accepted, and the caller
 * checks what follows the value.
 *
 * Source: Prometheus docs, exposition_formats; OpenMetrics 1.0.0; UTF-8 names in quotes, as Prometheus 3 writes them.
 * Escapes: prometheus_client parser.py, which knows three and leaves every other backslash alone.
 */
import { compareCodePoints } from '../format/code-point.js';
import type { Label, Labels } from '../format/key.js';

export interface ScanLimits {
  readonly labels: number;
  /** Of a metric name or label name, escaped. */
  readonly nameBytes: number;
}

const NO_LIMITS: ScanLimits = { labels: Infinity, nameBytes: Infinity };

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const SMALL_N = 0x6e;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const NAME_START = 1;
const NAME_PART = 2;
const LABEL_START = 4;
const LABEL_PART = 8;
const DIGIT = 16;

/** By byte, bits of the above. */
const CLASS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return (
    (/[a-zA-Z_:]/.test(character) ? NAME_START : 0) |
    (/[a-zA-Z0-9_:]/.test(character) ? NAME_PART : 0) |
    (/[a-zA-Z_]/.test(character) ? LABEL_START : 0) |
    (/[a-zA-Z0-9_]/.test(character) ? LABEL_PART : 0) |
    (/[0-9]/.test(character) ? DIGIT : 0)
  );
});

const NOT_A_SAMPLE = 'not a sample';

export class SampleScanner {
  /** The bytes that the offsets refer to. */
  bytes: Buffer = Buffer.alloc(0);
  /** Of the metric name, without quotes. */
  nameFrom = 0;
  nameTo = 0;
  isNameQuoted = false;
  labelCount = 0;
  /** Of label i at 4 * i: where its name begins and ends, and its value, all without quotes. */
  label = new Uint32Array(4 * 16);
  /** Where name and labels end. */
  prefixTo = 0;
  valueFrom = 0;
  valueTo = 0;
  /** What follows the value, without blanks at either end. */
  restFrom = 0;
  restTo = 0;
  /** The prefix is spelled as promfold prints it in allow-utf-8: labels sorted, no blanks, no needless escapes. */
  isCanonical = false;
  /** A name is in quotes, or begins with `__`: it may have to be escaped. */
  hasOddName = false;
  /** A label value has a backslash that escapes nothing. */
  hasOddEscape = false;
  readonly #limits: ScanLimits;

  constructor(limits: ScanLimits = NO_LIMITS) {
    this.#limits = limits;
  }

  /** @returns what is wrong with the line bytes[from..to), undefined for a sample */
  scan(bytes: Buffer, from: number, lineEnd: number): string | undefined {
    let to = lineEnd;
    while (to > from && isBlank(bytes[to - 1]!)) to--;
    const fault = this.scanPrefix(bytes, from, to);
    if (fault !== undefined) return fault;
    this.valueFrom = skipBlanks(bytes, this.prefixTo, to);
    if (this.valueFrom === this.prefixTo) return NOT_A_SAMPLE;
    this.valueTo = numberEnd(bytes, this.valueFrom, to);
    if (this.valueTo < 0) return NOT_A_SAMPLE;
    this.restFrom = skipBlanks(bytes, this.valueTo, to);
    this.restTo = to;
    return undefined;
  }

  /** Name and labels alone. */
  scanPrefix(bytes: Buffer, from: number, to: number): string | undefined {
    this.bytes = bytes;
    this.labelCount = 0;
    this.hasOddName = false;
    this.hasOddEscape = false;
    this.isNameQuoted = false;

    let at = skipBlanks(bytes, from, to);
    this.isCanonical = at === from;
    this.nameFrom = at;
    if (at < to && (CLASS[bytes[at]!]! & NAME_START) !== 0) {
      while (at < to && (CLASS[bytes[at]!]! & NAME_PART) !== 0) at++;
    }
    this.nameTo = at;
    this.prefixTo = at;
    let fault = this.#checkName(this.nameFrom, at);
    if (fault !== undefined) return fault;

    const brace = skipBlanks(bytes, at, to);
    if (brace < to && bytes[brace] === OPEN) {
      if (brace !== at) this.isCanonical = false;
      this.prefixTo = brace + 1;
      fault = this.#scanLabels(to);
      if (fault !== undefined) return fault;
    }
    return this.nameFrom === this.nameTo && !this.isNameQuoted ? NOT_A_SAMPLE : undefined;
  }

  sampleName(): string {
    return textAt(this.bytes, this.nameFrom, this.nameTo, this.isNameQuoted);
  }

  /** Sorted by name. Repeated names are not removed. */
  labels(): Labels {
    const { bytes, label } = this;
    const labels: Label[] = [];
    for (let i = 0; i < 4 * this.labelCount; i += 4) {
      const isQuoted = bytes[label[i]! - 1] === QUOTE;
      const name = textAt(bytes, label[i]!, label[i + 1]!, isQuoted);
      labels.push([name, textAt(bytes, label[i + 2]!, label[i + 3]!, true)]);
    }
    return labels.sort(([a], [b]) => compareCodePoints(a, b));
  }

  value(): string {
    return this.bytes.toString('latin1', this.valueFrom, this.valueTo);
  }

  /** Begins after the opening brace, at prefixTo, and moves prefixTo past the closing one. */
  #scanLabels(to: number): string | undefined {
    const { bytes } = this;
    let at = this.prefixTo;
    for (;;) {
      const first = skipBlanks(bytes, at, to);
      if (first !== at) this.isCanonical = false;
      at = first;
      if (at >= to) return NOT_A_SAMPLE;
      if (bytes[at] === CLOSE) {
        // No label at all, or a comma after the last one.
        this.isCanonical = false;
        this.prefixTo = at + 1;
        return undefined;
      }

      let from = at;
      const isQuoted = bytes[at] === QUOTE;
      if (isQuoted) {
        from++;
        this.hasOddName = true;
        this.isCanonical = false;
        at = this.#quotedEnd(from, to);
        if (at < 0) return NOT_A_SAMPLE;
      } else {
        if ((CLASS[bytes[at]!]! & LABEL_START) === 0) return NOT_A_SAMPLE;
        while (at < to && (CLASS[bytes[at]!]! & LABEL_PART) !== 0) at++;
        if (bytes[from] === 0x5f && bytes[from + 1] === 0x5f && at - from >= 2) {
          this.hasOddName = true;
          this.isCanonical = false;
        }
      }
      const nameTo = at;
      const fault = this.#checkName(from, nameTo);
      if (fault !== undefined) return fault;
      if (isQuoted) at++;

      const equals = skipBlanks(bytes, at, to);
      if (equals < to && bytes[equals] === EQUALS) {
        const quote = skipBlanks(bytes, equals + 1, to);
        if (quote !== at + 1) this.isCanonical = false;
        if (quote >= to || bytes[quote] !== QUOTE) return NOT_A_SAMPLE;
        const valueTo = this.#quotedEnd(quote + 1, to);
        if (valueTo < 0) return NOT_A_SAMPLE;
        if (this.labelCount >= this.#limits.labels) {
          return `more than ${this.#limits.labels} labels`;
        }
        this.#addLabel(from, nameTo, quote + 1, valueTo);
        at = valueTo + 1;
      } else if (isQuoted && this.nameFrom === this.nameTo && !this.isNameQuoted) {
        this.nameFrom = from;
        this.nameTo = nameTo;
        this.isNameQuoted = true;
      } else {
        return NOT_A_SAMPLE;
      }

      const next = skipBlanks(bytes, at, to);
      if (next !== at) this.isCanonical = false;
      if (next >= to || (bytes[next] !== COMMA && bytes[next] !== CLOSE)) return NOT_A_SAMPLE;
      at = next + 1;
      if (bytes[next] === CLOSE) {
        this.prefixTo = at;
        return undefined;
      }
    }
  }

  #addLabel(nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): void {
    const at = 4 * this.labelCount++;
    if (at === this.label.length) {
      const longer = new Uint32Array(2 * at);
      longer.set(this.label);
      this.label = longer;
    }
    const { label } = this;
    label[at] = nameFrom;
    label[at + 1] = nameTo;
    label[at + 2] = valueFrom;
    label[at + 3] = valueTo;
    if (at > 0 && this.isCanonical && this.compareLabelNames(at - 4, at) >= 0) {
      this.isCanonical = false;
    }
  }

  /** Below 0, 0 or above 0; of UTF-8 the order of bytes is that of code points. */
  compareLabelNames(a: number, b: number): number {
    const { bytes, label } = this;
    const bytesOfA = label[a + 1]! - label[a]!;
    const bytesOfB = label[b + 1]! - label[b]!;
    const shared = Math.min(bytesOfA, bytesOfB);
    for (let i = 0; i < shared; i++) {
      const difference = bytes[label[a]! + i]! - bytes[label[b]! + i]!;
      if (difference !== 0) return difference;
    }
    return bytesOfA - bytesOfB;
  }

  /** The closing quote; -1 where there is none. */
  #quotedEnd(from: number, to: number): number {
    const { bytes } = this;
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return at;
      if (byte !== BACKSLASH) continue;
      at++;
      const escaped = bytes[at];
      if (escaped !== BACKSLASH && escaped !== QUOTE && escaped !== SMALL_N) {
        this.hasOddEscape = true;
        this.isCanonical = false;
      }
    }
    return -1;
  }

  #checkName(from: number, to: number): string | undefined {
    const { nameBytes } = this.#limits;
    return to - from > nameBytes ? `a name of more than ${nameBytes} bytes` : undefined;
  }
}

/** Whether a line is a sample. */
export function isSample(line: string): boolean {
  const bytes = Buffer.from(line);
  return new SampleScanner().scan(bytes, 0, bytes.length) === undefined;
}

export function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= RETURN && byte !== NEWLINE);
}

export function skipBlanks(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(bytes[at]!)) at++;
  return at;
}

/** Where the number that begins here ends: before a blank or at `to`. -1 where there is none. */
export function numberEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
  const digits = digitsEnd(bytes, at, to);
  let isNumber = digits > at;
  at = digits;
  if (at < to && bytes[at] === 0x2e) {
    const fraction = digitsEnd(bytes, at + 1, to);
    isNumber ||= fraction > at + 1;
    at = fraction;
  }
  if (!isNumber) return wordEnd(bytes, from, to);
  if (at < to && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const sign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? 1 : 0;
    const power = digitsEnd(bytes, at + 1 + sign, to);
    if (power === at + 1 + sign) return -1;
    at = power;
  }
  return at === to || isBlank(bytes[at]!) || bytes[at] === NEWLINE ? at : -1;
}

function digitsEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (CLASS[bytes[at]!]! & DIGIT) !== 0) at++;
  return at;
}

/** No longer than `+Infinity`, and a blank. */
const MAX_WORD_BYTES = 10;

function wordEnd(bytes: Buffer, from: number, to: number): number {
  const text = bytes.toString('latin1', from, Math.min(to, from + MAX_WORD_BYTES));
  const found = /^[+-]?(?:inf(?:inity)?|nan)(?=\s|$)/i.exec(text);
  return found === null ? -1 : from + found[0].length;
}

/** The number of a value as written in any exposition; NaN also for what is not a number. */
export function numberOf(text: string): number {
  const infinite = /^([+-]?)inf/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}

/** Decodes the text between quotes. A backslash that escapes nothing stands for itself. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\n"])/g, (_, character: string) =>
    character === 'n' ? '\n' : character,
  );
}

function textAt(bytes: Buffer, from: number, to: number, isQuoted: boolean): string {
  const text = bytes.toString('utf8', from, to);
  return isQuoted ? unescaped(text) : text;
}
