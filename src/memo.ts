/**
 * Values that are made once for each object, and go with it.
 *
 * Layouts, families and readings never change, and a family that did not change is the same object in the next layout. So
 * what is made of one is kept by the object: nothing has to say when it is out of date.
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

  /** As get, of what takes long to make. */
  *getInSteps(key: K, make: (key: K) => Steps<V>): Steps<V> {
    let made = this.#values.get(key);
    if (made === undefined) {
      made = { value: yield* make(key) };
      this.#values.set(key, made);
    }
    return made.value;
  }
}
