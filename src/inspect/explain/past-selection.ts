/**
 * What a selector selects of a recording, kept for those that ask again and again, such as an open page: its keys, of which
 * a recorder only gets more, and the plan of a moment with these keys.
 */
import { keepLast, Memo } from '../../memo.js';
import type { Layout } from '../../plan/layout.js';
import type { Steps } from '../../steps.js';
import { LastPlan } from '../last-plan.js';
import { narrowedKeys, selectedKeys } from '../past-values.js';
import type { RecordedKeys } from '../recorded-keys.js';
import type { Selector } from '../selector.js';
import type { Chosen } from './explain.js';
import { type ChosenHistogram, type ChosenSeries, choose } from './selection.js';

/** Windows that are open at once. */
const KEPT_SELECTIONS = 4;

export class PastSelection {
  readonly #keys: RecordedKeys;
  readonly #selector: Selector;
  /** Of the moments that were read with these keys. */
  readonly plan = new LastPlan();
  readonly #chosen = new Memo<Layout, Chosen>();
  /** Keys that were looked at. */
  #size = 0;
  #keyId: Uint32Array = new Uint32Array();
  #narrowed: Uint32Array = new Uint32Array();

  constructor(keys: RecordedKeys, selector: Selector) {
    this.#keys = keys;
    this.#selector = selector;
  }

  /** Of all families that have a series which may be selected, as of the last findKeys(). */
  get keyId(): Uint32Array {
    return this.#keyId;
  }

  /** Of these, the keys of series that may be selected by their labels, too. */
  get narrowed(): Uint32Array {
    return this.#narrowed;
  }

  /** Looks at the keys that are new. */
  *findKeys(): Steps<void> {
    const from = this.#size;
    const { size } = this.#keys;
    if (from === size) return;
    const added = yield* selectedKeys(this.#keys, this.#selector, from);
    const narrowed = yield* narrowedKeys(this.#keys, added, this.#selector);
    // Another one may have found them meanwhile.
    if (this.#size !== from) return yield* this.findKeys();
    this.#size = size;
    this.#keyId = joined(this.#keyId, added);
    this.#narrowed = joined(this.#narrowed, narrowed);
  }

  /** What is selected of a layout; of each once. */
  chosenOf(layout: Layout): Steps<Chosen> {
    return this.#chosen.getInSteps(layout, () => chooseAll(layout, this.#selector));
  }
}

const selections = new Memo<RecordedKeys, Map<string, PastSelection>>();

/** The same one for the same matchers, if it is not long ago. */
export function selectionOf(keys: RecordedKeys, selector: Selector): PastSelection {
  const kept = selections.get(keys, () => new Map());
  const matchers = JSON.stringify(selector.matchers);
  const selection = kept.get(matchers) ?? new PastSelection(keys, selector);
  keepLast(kept, matchers, selection, KEPT_SELECTIONS);
  return selection;
}

function* chooseAll({ families }: Layout, selector: Selector): Steps<Chosen> {
  const series: ChosenSeries[] = [];
  const histograms: ChosenHistogram[] = [];
  for (const family of families) {
    for (const chosen of choose(family, selector)) {
      if ('series' in chosen) series.push(chosen);
      else histograms.push(chosen);
      yield;
    }
  }
  return { series, histograms };
}

function joined(known: Uint32Array, added: Uint32Array): Uint32Array {
  const all = new Uint32Array(known.length + added.length);
  all.set(known);
  all.set(added, known.length);
  return all;
}
