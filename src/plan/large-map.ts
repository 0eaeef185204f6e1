/**
 * A map that may hold millions of strings. A single Map holds the event loop for 100 ms and more when it
 * grows beyond a million entries, and cannot grow beyond 16 million; so this one is made of several.
 */

/** A Map of this size grows within 5 ms. */
const MAX_PART_SIZE = 65_536;

export class LargeMap<V> {
  readonly #parts: Map<string, V>[] = [new Map()];

  get(key: string): V | undefined {
    for (const part of this.#parts) {
      const value = part.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** REQUIRES: the key is not in the map. */
  add(key: string, value: V): void {
    let last = this.#parts.at(-1)!;
    if (last.size >= MAX_PART_SIZE) {
      last = new Map();
      this.#parts.push(last);
    }
    last.set(key, value);
  }

  delete(key: string): void {
    for (const part of this.#parts) if (part.delete(key)) return;
  }

  *values(): IterableIterator<V> {
    for (const part of this.#parts) yield* part.values();
  }
}
