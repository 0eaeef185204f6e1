/**
 * A metric file as bytes, made once for all processes that have the same keys: each process gets a
 * copy with numbers of its own. That is what makes a directory of a million entries in seconds.
 *
 * The layout is prometheus_client's (scripts/demo/metric-file-writer.ts says it), and so is the file:
 * 64 KiB or that doubled, with a hole after `used`.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { Random } from '../../test/support/random.js';
import { type EntryKey, keyText } from '../demo/metric-file-writer.js';

const BIRTH_BYTES = 65_536;
const HEADER_BYTES = 8;
const SLOT_BYTES = 16;

/** Unix seconds; the same in every run. */
const EPOCH_SECONDS = 1_750_000_000;

export interface Entry extends EntryKey {
  /** `count` is a whole number below 100,000, `amount` has a fraction; one in twenty is 0. */
  readonly value: 'count' | 'amount';
}

export class FileImage {
  readonly entries: readonly Entry[];
  readonly #bytes: Buffer;
  readonly #valueOffset: Uint32Array;
  readonly #stamped: boolean;

  /** @param stamped values get a time, as those of `mostrecent` gauges have */
  constructor(entries: readonly Entry[], stamped = false) {
    this.entries = entries;
    this.#stamped = stamped;
    const parts: Buffer[] = [Buffer.alloc(HEADER_BYTES)];
    let at = HEADER_BYTES;
    this.#valueOffset = Uint32Array.from(entries, (entry) => {
      const bytes = entryBytes(entry);
      parts.push(bytes);
      at += bytes.length;
      return at - SLOT_BYTES;
    });
    this.#bytes = Buffer.concat(parts);
    this.#bytes.writeInt32LE(at, 0);
  }

  /** All of the file up to `used`, every value new. */
  bytes(random: Random): Buffer {
    const bytes = Buffer.from(this.#bytes);
    for (let i = 0; i < this.entries.length; i++) this.#setValue(bytes, i, random);
    return bytes;
  }

  /** Gives about `share` of the values in such bytes a new one. */
  changeSome(bytes: Buffer, share: number, random: Random): void {
    const step = () => Math.floor(random.next() * (2 / share - 1)) + 1;
    for (let i = step() - 1; i < this.entries.length; i += step()) {
      this.#setValue(bytes, i, random);
    }
  }

  #setValue(bytes: Buffer, i: number, random: Random): void {
    const offset = this.#valueOffset[i]!;
    bytes.writeDoubleLE(someValue(this.entries[i]!.value, random), offset);
    if (this.#stamped) {
      bytes.writeDoubleLE(EPOCH_SECONDS + Math.round(random.next() * 1e6) / 1e3, offset + 8);
    }
  }

  write(path: string, random: Random): void {
    const bytes = this.bytes(random);
    const file = openSync(path, 'w');
    writeSync(file, bytes);
    ftruncateSync(file, sizeFor(bytes.length));
    closeSync(file);
  }
}

/** Appends as a client does: the file grows if it must, then come the bytes, and `used` last. */
export function appendEntry(path: string, entry: Entry, value: number): void {
  const bytes = entryBytes(entry);
  bytes.writeDoubleLE(value, bytes.length - SLOT_BYTES);
  const file = openSync(path, 'r+');
  const word = Buffer.alloc(4);
  readSync(file, word, 0, 4, 0);
  const used = word.readInt32LE(0);
  const size = sizeFor(used + bytes.length);
  if (size > fstatSync(file).size) ftruncateSync(file, size);
  writeSync(file, bytes, 0, bytes.length, used);
  word.writeInt32LE(used + bytes.length, 0);
  writeSync(file, word, 0, 4, 0);
  closeSync(file);
}

function entryBytes(entry: Entry): Buffer {
  const text = Buffer.from(keyText(entry), 'latin1');
  const keyEnd = 4 + text.length;
  const padded = keyEnd + 8 - (keyEnd % 8);
  const bytes = Buffer.alloc(padded + SLOT_BYTES);
  bytes.writeInt32LE(text.length, 0);
  text.copy(bytes, 4);
  bytes.fill(' ', keyEnd, padded);
  return bytes;
}

function someValue(kind: Entry['value'], random: Random): number {
  const chance = random.next();
  if (chance < 0.05) return 0;
  return kind === 'count' ? Math.floor(chance * 100_000) : chance * 100;
}

function sizeFor(usedBytes: number): number {
  let size = BIRTH_BYTES;
  while (size < usedBytes) size *= 2;
  return size;
}
