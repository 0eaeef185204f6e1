/**
 * What is told of no more because a process started anew: a restarted container gives its processes the same ids, and they
 * continue the old files, with models and engines that are gone. Age alone says nothing, since an idle engine sets no gauge:
 * what is left out is what the new process contradicts.
 */
import type { LoadLayout, ModelLayout } from './layout.js';

export class Leftovers {
  readonly #layout: LoadLayout;
  readonly #timestampSeconds: Float64Array;

  /** @param timestampSeconds of the entries of the layout; 0 where none was set, or no time is known */
  constructor(layout: LoadLayout, timestampSeconds: Float64Array) {
    this.#layout = layout;
    this.#timestampSeconds = timestampSeconds;
  }

  /** What was set before is that of an earlier process with the same id; 0 where that is not known. */
  bornSeconds(at: number): number {
    return this.#layout.bornSeconds[at]!;
  }

  isEarlier(at: number): boolean {
    const setSeconds = this.#timestampSeconds[at]!;
    return setSeconds > 0 && setSeconds < this.bornSeconds(at);
  }

  /** Without the models of earlier processes, where each of their processes has another model now. */
  currentModels(): readonly ModelLayout[] {
    const { models } = this.#layout;
    const earlier = new Set(models.filter((model) => this.isEarlierModel(model)));
    if (earlier.size === 0) return models;
    const processes = new Set(
      models
        .filter(({ writers }) => writers.some(({ at }) => this.#hasCurrent(at)))
        .flatMap(({ writers }) => writers.map(({ processId }) => processId)),
    );
    return models.filter(
      (model) =>
        !earlier.has(model) || !model.writers.every(({ processId }) => processes.has(processId)),
    );
  }

  isEarlierModel({ writers }: ModelLayout): boolean {
    return this.#areEarlier(writers);
  }

  /**
   * A server says the configuration of each of its engines when it starts. One of which only an earlier server said it is gone,
   * if it has set no gauge since. One of which none ever did is not: vLLM adds such engines as it scales up.
   */
  enginesGone({ engines, namedEngine }: ModelLayout): ReadonlySet<string> {
    if (!this.#hasCurrent(namedEngine)) return new Set();
    return new Set(
      engines.filter((engine) => this.#areEarlier([engine])).map(({ engine }) => engine),
    );
  }

  #hasCurrent(at: readonly number[]): boolean {
    return at.some((i) => {
      const bornSeconds = this.bornSeconds(i);
      return bornSeconds > 0 && this.#timestampSeconds[i]! >= bornSeconds;
    });
  }

  /** All that were set, and one was. Nearly always the first one that was set is current, and tells. */
  #areEarlier(parts: readonly { readonly at: readonly number[] }[]): boolean {
    let isSet = false;
    for (const { at } of parts) {
      for (const i of at) {
        if (!(this.#timestampSeconds[i]! > 0)) continue;
        if (!this.isEarlier(i)) return false;
        isSet = true;
      }
    }
    return isSet;
  }
}
