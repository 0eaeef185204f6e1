/**
 * Where the values of a page are, in the order of its text, and the timestamps that follow them: the fast clock of an
 * external page (external-page.ts).
 */
import type { PageFormat } from './external-families.js';
import { isBlank, numberEnd, type SampleScanner, skipBlanks } from './sample-scanner.js';

const NEWLINE = 0x0a;
const HASH = 0x23;
const OPEN = 0x7b;

/** Of milliseconds as well as seconds; a larger one could not be printed without an exponent. */
const MAX_TIMESTAMP = Number.MAX_SAFE_INTEGER;

export class Samples {
  readonly format: PageFormat;
  count = 0;
  valueFrom: Uint32Array;
  valueTo: Uint32Array;
  /** Where the line ends: at its newline, or at the end of the page. */
  end: Uint32Array;
  /** As in the page, milliseconds or seconds; NaN for none. Undefined while no sample has one. */
  timestamp: Float64Array | undefined;

  constructor(format: PageFormat, capacity: number) {
    this.format = format;
    this.valueFrom = new Uint32Array(capacity);
    this.valueTo = new Uint32Array(capacity);
    this.end = new Uint32Array(capacity);
  }

  /** @returns what is wrong with what follows the value */
  add(scanner: SampleScanner, end: number): string | undefined {
    const at = this.count++;
    this.valueFrom[at] = scanner.valueFrom;
    this.valueTo[at] = scanner.valueTo;
    this.end[at] = end;
    return this.#addRest(at, scanner.bytes, scanner.restFrom, scanner.restTo);
  }

  update(old: Buffer, bytes: Buffer): boolean {
    const next = new Samples(this.format, this.valueFrom.length);
    const { count, valueFrom, end } = this;
    next.count = count;
    let at = 0;
    let fixedFrom = 0;
    for (let i = 0; i < count; i++) {
      const fixedTo = valueFrom[i]!;
      if (at + fixedTo - fixedFrom > bytes.length) return false;
      for (let j = fixedFrom; j < fixedTo; j++) if (bytes[at++] !== old[j]) return false;
      next.valueFrom[i] = at;
      at = numberEnd(bytes, at, bytes.length);
      if (at < 0) return false;
      next.valueTo[i] = at;
      if (bytes[at] !== NEWLINE && at < bytes.length) {
        const newline = bytes.indexOf(NEWLINE, at);
        const lineEnd = newline < 0 ? bytes.length : newline;
        let restTo = lineEnd;
        while (isBlank(bytes[restTo - 1]!)) restTo--;
        if (next.#addRest(i, bytes, skipBlanks(bytes, at, restTo), restTo) !== undefined)
          return false;
        at = lineEnd;
      }
      next.end[i] = at;
      fixedFrom = end[i]!;
    }
    if (bytes.length - at !== old.length - fixedFrom) return false;
    if (bytes.compare(old, fixedFrom, old.length, at, bytes.length) !== 0) return false;
    Object.assign(this, next);
    return true;
  }

  /** A timestamp; and in OpenMetrics an exemplar, which is left out: the text formats have none. */
  #addRest(sample: number, bytes: Buffer, from: number, to: number): string | undefined {
    if (from >= to) return undefined;
    let at = from;
    if (bytes[at] !== HASH) {
      const timestampTo = numberEnd(bytes, at, to);
      const timestamp =
        timestampTo < 0 ? Number.NaN : Number(bytes.toString('latin1', at, timestampTo));
      const isText = this.format === 'text';
      if (!(Math.abs(timestamp) <= MAX_TIMESTAMP) || (isText && !Number.isInteger(timestamp))) {
        return 'not a timestamp after the value';
      }
      this.timestamp ??= new Float64Array(this.valueFrom.length).fill(Number.NaN);
      this.timestamp[sample] = timestamp;
      at = skipBlanks(bytes, timestampTo, to);
      if (at === to) return undefined;
    }
    const isExemplar =
      this.format === 'openmetrics' &&
      bytes[at] === HASH &&
      bytes[skipBlanks(bytes, at + 1, to)] === OPEN;
    return isExemplar ? undefined : 'not a timestamp after the value';
  }
}
