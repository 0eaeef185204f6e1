/**
 * A list whose elements may be created on demand: objects for a million entries or series would take too much memory.
 * An array is such a list.
 */
export interface List<T> extends Iterable<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/** @param make creates the element at an index, each time it is read */
export function listOf<T>(length: number, make: (index: number) => T): List<T> {
  return {
    length,
    at: (index) => (index >= 0 && index < length ? make(index) : undefined),
    *[Symbol.iterator]() {
      for (let i = 0; i < length; i++) yield make(i);
    },
  };
}

/** A list of what `map` of an array would return. */
export function mapList<T, U>(list: List<T>, map: (element: T, index: number) => U): List<U> {
  return listOf(list.length, (i) => map(list.at(i)!, i));
}

/** As `some` of an array. */
export function isAny<T>(list: Iterable<T>, test: (element: T) => boolean): boolean {
  for (const element of list) if (test(element)) return true;
  return false;
}

/** The elements from `from` to before `to`. */
export function sliceList<T>(list: List<T>, from: number, to: number): List<T> {
  const end = Math.min(to, list.length);
  return listOf(Math.max(0, end - from), (i) => list.at(from + i)!);
}
