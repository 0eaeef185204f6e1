/**
 * Byte strings, each kept once and numbered as they come: the series and label sets of an external page.
 *
 * A page can have half a million. As strings in a Map they would be hundreds of megabytes of JavaScript heap, and a
 * Map that grows at the heap's limit ends the whole process, not only its thread. Here they are ranges of a buffer,
 * held in typed arrays: when one of those cannot be allocated, that is an ordinary error.
 *
 * All bytes here are in Buffers, never in plain Uint8Arrays: code that sees both is slower.
 */

export class ByteStrings {
  #count = 0;
  /** Strings from here are not copied. */
  readonly #home: Buffer;
  #own: Buffer = Buffer.alloc(0);
  #ownBytes = 0;
  /** Offset into #home; from its length on, that length plus an offset into #own. */
  #from: Uint32Array;
  #length: Uint32Array;
  #hash: Int32Array;
  /** Hash table: the number of a string + 1, or 0 for a free slot. Its length is a power of two. */
  #table = new Int32Array(32);

  /**
   * @param home the buffer that most strings are in; it is kept, and must not change
   * @param strings how many are expected; there may be more
   */
  constructor(home: Buffer = Buffer.alloc(0), strings = 16) {
    this.#home = home;
    this.#from = new Uint32Array(strings);
    this.#length = new Uint32Array(strings);
    this.#hash = new Int32Array(strings);
  }

  get count(): number {
    return this.#count;
  }

  /** The buffer that from() and to() are offsets in. Strings may be in different ones, and add() may replace it. */
  bytesOf(number: number): Buffer {
    return this.#from[number]! < this.#home.length ? this.#home : this.#own;
  }

  from(number: number): number {
    const from = this.#from[number]!;
    return from < this.#home.length ? from : from - this.#home.length;
  }

  to(number: number): number {
    return this.from(number) + this.#length[number]!;
  }

  /** The number of source[from..to), which is `count` from before where it is new. */
  add(source: Buffer, from: number, to: number): number {
    const hash = hashOf(source, from, to);
    const slot = this.#slotOf(hash, source, from, to);
    const there = this.#table[slot]!;
    if (there !== 0) return there - 1;

    const number = this.#count++;
    this.#table[slot] = this.#count;
    if (number === this.#from.length) this.#growColumns();
    this.#from[number] = source === this.#home ? from : this.#copy(source, from, to);
    this.#length[number] = to - from;
    this.#hash[number] = hash;
    if (2 * this.#count > this.#table.length) this.#rehash();
    return number;
  }

  has(source: Buffer, from: number, to: number): boolean {
    return this.#table[this.#slotOf(hashOf(source, from, to), source, from, to)] !== 0;
  }

  /** Whether string `number` is source[from..to). */
  isAt(number: number, source: Buffer, from: number, to: number): boolean {
    if (this.#length[number] !== to - from) return false;
    const bytes = this.bytesOf(number);
    for (let i = from, at = this.from(number); i < to; i++, at++) {
      if (bytes[at] !== source[i]) return false;
    }
    return true;
  }

  /** The slot in #table that the string has, or would get. */
  #slotOf(hash: number, source: Buffer, from: number, to: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = table[slot]! - 1;
      if (number < 0) return slot;
      if (this.#hash[number] === hash && this.isAt(number, source, from, to)) return slot;
    }
  }

  #copy(source: Buffer, from: number, to: number): number {
    const begin = this.#ownBytes;
    const end = begin + to - from;
    if (end > this.#own.length) {
      // Where some strings are copied, most may be. Memory that is not used is not touched.
      const bytes = Math.max(2 * end, this.#home.length, 1024);
      this.#own = longer(this.#own, Buffer.allocUnsafeSlow(bytes));
    }
    const own = this.#own;
    for (let i = from, at = begin; i < to; i++, at++) own[at] = source[i]!;
    this.#ownBytes = end;
    return this.#home.length + begin;
  }

  #growColumns(): void {
    const strings = 2 * this.#from.length;
    this.#from = longer(this.#from, new Uint32Array(strings));
    this.#length = longer(this.#length, new Uint32Array(strings));
    this.#hash = longer(this.#hash, new Int32Array(strings));
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let number = 0; number < this.#count; number++) {
      let slot = this.#hash[number]! & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = number + 1;
    }
    this.#table = table;
  }
}

function longer<T extends Buffer | Uint32Array | Int32Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}

/** FNV-1a, four bytes at a time, and its bits mixed once more: the table uses the low ones. */
function hashOf(source: Buffer, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const four =
      source[i]! | (source[i + 1]! << 8) | (source[i + 2]! << 16) | (source[i + 3]! << 24);
    hash = Math.imul(hash ^ four, 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; i < to; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
