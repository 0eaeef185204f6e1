/**
 * Writes one metric file the way prometheus_client does: tests and benchmarks through a shared writable map
 * (test/support/mapped.ts), so that the numbers change without any call that a reader could notice; the demo by
 * pwrite, which needs no package.
 *
 *   file  := used:int32 pad:int32 entry*
 *   entry := keyLength:int32 key pad value:float64 timestamp:float64
 *
 * The pad is 1 to 8 blanks and brings the value to a multiple of 8. A file is born with 64 KiB and
 * doubles when an entry does not fit. Source: prometheus_client mmap_dict.py, MmapedDict (0.18.0 and
 * later); `src/reference.md` B1 to B5.
 *
 * promfold itself never writes.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

/** All of a file as memory that it shares. */
export type MapFile = (fd: number, sizeBytes: number) => Buffer;

const BIRTH_BYTES = 65_536;
const HEADER_BYTES = 8;
const SLOT_BYTES = 16;

/** What `createEntry` needs to know of a series. */
export interface EntryKey {
  /** Without `_total`. */
  readonly family: string;
  readonly sampleName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly help: string;
}

/** Byte of the file at which an entry's value lies. */
export type ValueOffset = number;

export class MetricFileWriter {
  readonly #fd: number;
  readonly #mapFile: MapFile | undefined;
  #sizeBytes: number;
  #usedBytes: number;
  #bytes!: Buffer;
  // The same pages as 8-byte words: one store a value, which no reader can see half done.
  #value!: Float64Array;

  /**
   * Opens the file, made when it does not exist; entries of an earlier life stay.
   *
   * @param mapFile without it the file is written by pwrite
   */
  constructor(path: string, mapFile?: MapFile) {
    // Not for appending, where pwrite pays no heed to its offset.
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT);
    this.#mapFile = mapFile;
    this.#sizeBytes = fstatSync(this.#fd).size;
    if (this.#sizeBytes === 0) {
      this.#sizeBytes = BIRTH_BYTES;
      ftruncateSync(this.#fd, this.#sizeBytes);
    }
    this.#map();
    this.#usedBytes = this.#bytes.readInt32LE(0);
    if (this.#usedBytes === 0) this.#setUsed(HEADER_BYTES);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends an entry; the bytes come first and `used` last, as a reader may look in between. */
  createEntry(key: EntryKey, value = 0, timestampSeconds = 0): ValueOffset {
    const text = Buffer.from(keyText(key), 'latin1');
    const keyEnd = 4 + text.length;
    const padded = keyEnd + 8 - (keyEnd % 8);
    const start = this.#usedBytes;
    this.#growTo(start + padded + SLOT_BYTES);

    this.#bytes.writeInt32LE(text.length, start);
    text.copy(this.#bytes, start + 4);
    this.#bytes.fill(' ', start + keyEnd, start + padded);
    this.#store(start, padded);
    this.set(start + padded, value, timestampSeconds);
    this.#setUsed(start + padded + SLOT_BYTES);
    return start + padded;
  }

  /** Stores a value and its time. Only `mostrecent` gauges have a time; everything else has 0. */
  set(offset: ValueOffset, value: number, timestampSeconds = 0): void {
    this.#value[offset / 8] = value;
    this.#value[offset / 8 + 1] = timestampSeconds;
    this.#store(offset, SLOT_BYTES);
  }

  /** @returns the new value */
  add(offset: ValueOffset, amount: number): number {
    const value = this.#value[offset / 8]! + amount;
    this.#value[offset / 8] = value;
    this.#store(offset, 8);
    return value;
  }

  get(offset: ValueOffset): number {
    return this.#value[offset / 8]!;
  }

  /** The map stays until it is collected; nothing may be written any more. */
  close(): void {
    closeSync(this.#fd);
    this.#bytes = Buffer.alloc(0);
    this.#value = new Float64Array(0);
  }

  #growTo(neededBytes: number): void {
    if (neededBytes <= this.#sizeBytes) return;
    while (this.#sizeBytes < neededBytes) this.#sizeBytes *= 2;
    ftruncateSync(this.#fd, this.#sizeBytes);
    this.#map();
  }

  #map(): void {
    if (this.#mapFile === undefined) {
      this.#bytes = Buffer.from(new ArrayBuffer(this.#sizeBytes));
      readSync(this.#fd, this.#bytes, 0, this.#sizeBytes, 0);
    } else {
      this.#bytes = this.#mapFile(this.#fd, this.#sizeBytes);
    }
    const { buffer, byteOffset } = this.#bytes;
    this.#value = new Float64Array(buffer, byteOffset, this.#sizeBytes / 8);
  }

  #setUsed(usedBytes: number): void {
    this.#usedBytes = usedBytes;
    this.#bytes.writeInt32LE(usedBytes, 0);
    this.#store(0, 4);
  }

  /** What was changed in memory is in the file afterwards. */
  #store(offset: number, length: number): void {
    if (this.#mapFile === undefined) writeSync(this.#fd, this.#bytes, offset, length, offset);
  }
}

/** The key as json.dumps(sort_keys=True) writes it: blanks after `,` and `:`, nothing but ASCII. */
export function keyText({ family, sampleName, labels, help }: EntryKey): string {
  const pairs = Object.keys(labels)
    .sort(byCodePoint)
    .map((name) => `${pythonText(name)}: ${pythonText(labels[name]!)}`);
  const texts = [pythonText(family), pythonText(sampleName), `{${pairs.join(', ')}}`];
  return `[${[...texts, pythonText(help)].join(', ')}]`;
}

function pythonText(text: string): string {
  // JSON.stringify leaves DEL and everything beyond ASCII as it is.
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
