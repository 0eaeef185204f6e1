/**
 * Values that are made once: for each object, and garbage collected with it; or for each key of a map, which may be limited.
 *
 * Layouts, families and readings never change, and an unchanged family is the same object in the next layout. So a value
 * that is made from one is cached by the object, and never has to be invalidated.
 */
import type { Steps } from './steps.js';

export class Memo<K extends object, V> {
  readonly #values = new WeakMap<K, { readonly value: V }>();

  get(key: K, make: (key: K) => V): V {
    let made = this.#values.get(key);
    if (made === undefined) {
      made = { value: make(key) };
      this.#values.set(key, made);
    }
    return made.value;
  }

  /** As get(), for a value that takes long to make. */
  *getInSteps(key: K, make: (key: K) => Steps<V>): Steps<V> {
    let made = this.#values.get(key);
    if (made === undefined) {
      made = { value: yield* make(key) };
      this.#values.set(key, made);
    }
    return made.value;
  }
}

/** The value of a key; made, and kept in the map, where there is none. */
export function madeOnce<K, V>(values: Map<K, V>, key: K, make: () => V): V {
  let value = values.get(key);
  if (value === undefined) {
    value = make();
    values.set(key, value);
  }
  return value;
}

/** Makes the value the last one of the map, and drops the first ones, beyond so many: those that were kept longest ago. */
export function keepLast<K, V>(values: Map<K, V>, key: K, value: V, most: number): void {
  values.delete(key);
  values.set(key, value);
  for (const [first] of values) {
    if (values.size <= most) break;
    values.delete(first);
  }
}
