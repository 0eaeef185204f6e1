/**
 * Spells the prefix of an external sample as promfold prints it in allow-utf-8: labels sorted, no blanks, no needless
 * escapes, bounds formatted as in all of promfold's output. So two spellings of a series become one series.
 */
import { formatNumber } from '../format/number.js';
import { ByteStrings } from './byte-strings.js';
import { prefixText } from './label-set.js';
import { numberOf, type SampleScanner } from './sample-scanner.js';

export class PrefixSpelling {
  /** The spelled prefix is bytes[from..to). */
  bytes: Buffer = Buffer.alloc(0);
  from = 0;
  to = 0;
  /** Bound or quantile; NaN where there is none, or it is not a number. */
  inner = Number.NaN;
  #scratch = Buffer.allocUnsafeSlow(1024);
  readonly #bounds = new Bounds();
  #order: number[] = [];

  /**
   * @param from where the line begins
   * @param inner the inner label. One that is a number, such as `le`, is formatted as OpenMetrics demands: `1.0`, not `1`
   * @returns what is wrong with the labels
   */
  spell(scanner: SampleScanner, from: number, inner: string | undefined): string | undefined {
    this.inner = Number.NaN;
    const isNumber = inner === 'le' || inner === 'quantile';
    const bound = isNumber ? this.#findInner(scanner, inner) : -1;
    if (scanner.isCanonical && (bound < 0 || !this.#bounds.isRespelled)) {
      this.bytes = scanner.bytes;
      this.from = from;
      this.to = scanner.prefixTo;
      return undefined;
    }
    if (scanner.hasOddName || scanner.hasOddEscape) return this.#spellDecoded(scanner, inner);
    return this.#reorder(scanner, bound);
  }

  /** Finds the label and its number, in #bounds. @returns its index; -1 where there is none */
  #findInner({ bytes, label, labelCount }: SampleScanner, inner: string): number {
    for (let i = 0; i < 4 * labelCount; i += 4) {
      const length = label[i + 1]! - label[i]!;
      if (length !== inner.length || bytes[label[i]!] !== inner.charCodeAt(0)) continue;
      if (bytes.toString('latin1', label[i]!, label[i + 1]!) !== inner) continue;
      this.#bounds.find(bytes, label[i + 2]!, label[i + 3]!);
      this.inner = this.#bounds.number;
      return i;
    }
    return -1;
  }

  /** Sorts the labels, and formats the bound anew. */
  #reorder(scanner: SampleScanner, bound: number): string | undefined {
    const { bytes, label, labelCount, nameFrom, nameTo } = scanner;
    const order = this.#order;
    order.length = labelCount;
    for (let i = 0; i < labelCount; i++) order[i] = 4 * i;
    order.sort((a, b) => scanner.compareLabelNames(a, b));
    for (let i = 1; i < labelCount; i++) {
      if (scanner.compareLabelNames(order[i - 1]!, order[i]!) === 0) {
        return `label ${bytes.toString('latin1', label[order[i]!]!, label[order[i]! + 1]!)} is there twice`;
      }
    }

    // The bound is the only text that may get longer: it has less than 32 characters.
    const scratch = this.#makeRoom(scanner.prefixTo - nameFrom + 32);
    let to = copy(bytes, nameFrom, nameTo, scratch, 0);
    for (const [i, at] of order.entries()) {
      scratch[to++] = i === 0 ? 0x7b : 0x2c;
      to = copy(bytes, label[at]!, label[at + 1]!, scratch, to);
      scratch[to++] = 0x3d;
      scratch[to++] = 0x22;
      if (at === bound && this.#bounds.isRespelled) {
        const text = formatNumber(this.inner);
        for (let j = 0; j < text.length; j++) scratch[to++] = text.charCodeAt(j);
      } else {
        to = copy(bytes, label[at + 2]!, label[at + 3]!, scratch, to);
      }
      scratch[to++] = 0x22;
    }
    if (labelCount > 0) scratch[to++] = 0x7d;
    this.bytes = scratch;
    this.from = 0;
    this.to = to;
    return undefined;
  }

  /** Spells names and values that must be decoded first; few pages have them. */
  #spellDecoded(scanner: SampleScanner, inner: string | undefined): string | undefined {
    const labels = scanner.labels().map(([name, value]) => {
      const isRespelled = name === inner && !Number.isNaN(this.inner);
      return [name, isRespelled ? formatNumber(this.inner) : value] as const;
    });
    for (const [i, [name]] of labels.entries()) {
      if (name === labels[i - 1]?.[0]) return `label ${name} is there twice`;
    }
    const bytes = Buffer.from(prefixText(scanner.sampleName(), labels));
    this.bytes = bytes;
    this.from = 0;
    this.to = bytes.length;
    return undefined;
  }

  #makeRoom(bytes: number): Buffer {
    if (this.#scratch.length < bytes) this.#scratch = Buffer.allocUnsafeSlow(2 * bytes);
    return this.#scratch;
  }
}

/** Bounds as numbers. A page repeats the same few again and again. */
class Bounds {
  number = Number.NaN;
  /** The text is not what formatNumber gives. */
  isRespelled = false;
  readonly #texts = new ByteStrings();
  #numbers = new Float64Array(64);
  #respelled = new Uint8Array(64);

  /** Sets number and isRespelled. */
  find(bytes: Buffer, from: number, to: number): void {
    const known = this.#texts.count;
    const index = this.#texts.add(bytes, from, to);
    if (index === known) this.#learn(index, bytes.toString('latin1', from, to));
    this.number = this.#numbers[index]!;
    this.isRespelled = this.#respelled[index] === 1;
  }

  #learn(index: number, text: string): void {
    if (index === this.#numbers.length) {
      const numbers = new Float64Array(2 * index);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
      const respelled = new Uint8Array(2 * index);
      respelled.set(this.#respelled);
      this.#respelled = respelled;
    }
    const number = text === '' ? Number.NaN : numberOf(text);
    this.#numbers[index] = number;
    this.#respelled[index] = Number.isNaN(number) || formatNumber(number) === text ? 0 : 1;
  }
}

function copy(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  let end = at;
  for (let i = from; i < to; i++) target[end++] = source[i]!;
  return end;
}
