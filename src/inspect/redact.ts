/**
 * `--redact LABEL`: values of some labels are replaced by hashes, in what leaves the machine. Label values can be personal:
 * users, teams, keys.
 *
 * The hash has a random salt that is stored nowhere, so that a value cannot be found by hashing guesses. There is one salt
 * for a file: what is equal in it stays equal, so series add up as before. Two files cannot be compared.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { UsageError } from '../errors.js';
import { KeyReader } from '../files/key-reader.js';
import type { KeyTexts, Recording } from '../files/recording.js';
import { isUnusable } from '../format/key.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import type { Keys } from './entry-columns.js';

/** Hexadecimal digits: a million values still have different ones. */
const DIGITS = 16;

/** Bytes before the first entry, and of the length of a key. native/core/file_format.h. */
const HEADER_BYTES = 8;
const LENGTH_BYTES = 4;

export class Redactor {
  readonly #labels: ReadonlySet<string>;
  readonly #salt = randomBytes(32);
  readonly #unused: Set<string>;

  constructor(labels: readonly string[]) {
    this.#labels = new Set(labels);
    this.#unused = new Set(labels);
  }

  /** Keys as they are read, with hashes in place of values. */
  keys(keys: Keys): Keys {
    const read: Keys['read'] = (id) => {
      const key = keys.read(id);
      if (isUnusable(key)) return key;
      const labels = key.labels.map(([name, value]) => [name, this.#hashed(name, value)] as const);
      return { ...key, labels };
    };
    return {
      get size() {
        return keys.size;
      },
      read,
    };
  }

  /**
   * A metric file with hashes. What is not understood may have a value that should not be seen: such entries are left out.
   *
   * @param bytes of an undamaged file, up to the last entry
   * @param valueBytes 8 or 16
   */
  file(bytes: Uint8Array, valueBytes: number): Uint8Array {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const entries: Buffer[] = [];
    let at = HEADER_BYTES;
    while (at + LENGTH_BYTES <= whole.length) {
      const keyEnd = at + LENGTH_BYTES + whole.readInt32LE(at);
      const valueAt = padded(keyEnd);
      const key = this.#key(whole.toString('utf8', at + LENGTH_BYTES, keyEnd));
      const value = whole.subarray(valueAt, valueAt + valueBytes);
      if (key !== undefined) entries.push(entryOf(key, value));
      at = valueAt + valueBytes;
    }
    const header = Buffer.alloc(HEADER_BYTES);
    const redacted = Buffer.concat([header, ...entries]);
    redacted.writeInt32LE(redacted.length, 0);
    return redacted;
  }

  /**
   * The texts of all keys of a recording with hashes, for saving it. A text that is not understood becomes empty, which no
   * reader takes for a key.
   */
  *keyTexts(recording: Pick<Recording, 'keyTexts' | 'keyCount'>): Steps<KeyTexts> {
    const texts = new KeyReader(recording, Infinity);
    const hashed: Buffer[] = [];
    const end = new Uint32Array(recording.keyCount());
    let bytes = 0;
    for (let id = 0; id < end.length; id++) {
      if (id % ITEMS_PER_STEP === 0) yield;
      const text = Buffer.from(this.#key(Buffer.from(texts.text(id)).toString()) ?? '');
      hashed.push(text);
      bytes += text.length;
      end[id] = bytes;
    }
    return { text: Buffer.concat(hashed), end };
  }

  /** A label that no key had; undefined if there is none. */
  get unused(): string | undefined {
    const [unused] = this.#unused;
    return unused;
  }

  /** @throws UsageError if no key had one of the labels: a name that is misspelled hides nothing */
  refuseUnused(): void {
    const { unused } = this;
    if (unused === undefined) return;
    throw new UsageError(`--redact: expected a label that a series has, got '${unused}'`);
  }

  /** Empty stays empty: such a series does not have the label. */
  #hashed(name: string, value: string): string {
    if (!this.#labels.has(name)) return value;
    this.#unused.delete(name);
    if (value === '') return '';
    const hash = createHmac('sha256', this.#salt).update(value).digest('hex');
    return `redacted-${hash.slice(0, DIGITS)}`;
  }

  /** The text of a key: `[metric, sample, {label: value}, help]`, or with names and values in lists. format/key.ts. */
  #key(text: string): string | undefined {
    let key: unknown;
    try {
      key = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!Array.isArray(key)) return undefined;
    const [metric, sample, third, ...rest] = key as unknown[];
    const hashed = (name: string, value: unknown) =>
      typeof value === 'string' ? this.#hashed(name, value) : value;
    if (Array.isArray(third)) {
      const [values] = rest;
      if (!Array.isArray(values)) return undefined;
      const own = values.map((value, i) => hashed(String(third[i]), value));
      return JSON.stringify([metric, sample, third, own]);
    }
    if (typeof third !== 'object' || third === null) return undefined;
    const labels = Object.entries(third).map(([name, value]) => [name, hashed(name, value)]);
    return JSON.stringify([metric, sample, Object.fromEntries(labels), ...rest]);
  }
}

/** A key that ends on a boundary is followed by eight blanks. */
function padded(keyEnd: number): number {
  return keyEnd + 8 - (keyEnd % 8);
}

function entryOf(key: string, value: Uint8Array): Buffer {
  const text = Buffer.from(key);
  const keyEnd = LENGTH_BYTES + text.length;
  const entry = Buffer.alloc(padded(keyEnd) + value.length, ' ');
  entry.writeInt32LE(text.length, 0);
  text.copy(entry, LENGTH_BYTES);
  entry.set(value, padded(keyEnd));
  return entry;
}
