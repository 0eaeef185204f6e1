/**
 * What --recorder.exclude leaves out: entries whose series a selector selects. Decided when keys appear; their texts never
 * reach the store. A tick then copies the values of the other entries.
 *
 * A key that cannot be read may have anything in it: it is left out, too.
 */
import { isUnusable } from '../format/key.js';
import type { Selector } from '../inspect/selector.js';
import { LiveKeys } from '../live/live-keys.js';
import type { EntryRows, ValueColumns } from '../native.js';
import type { KeyTexts, PlanState } from '../scrape/directory/plan-state.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';

/** The entries of a structure that are recorded. */
export interface KeptEntries {
  /** But for slots, which are not recorded. */
  readonly rows: Omit<EntryRows, 'slot'>;
  /** Their places among all entries. */
  readonly entry: Uint32Array;
}

export class Exclusion {
  readonly #selectors: readonly Selector[];
  /** What was decided for the keys of these texts, by id. */
  #keyTexts: readonly KeyTexts[] = [];
  #isExcluded = new Uint8Array(0);

  constructor(selectors: readonly Selector[]) {
    this.#selectors = selectors;
  }

  *keptOf({ keyTexts, rows }: Pick<PlanState, 'keyTexts' | 'rows'>): Steps<KeptEntries> {
    yield* this.#decide(keyTexts);
    const { fileId, generation, entryEnd, keyId } = rows;
    const kept: number[] = [];
    const keptEnd = new Uint32Array(entryEnd.length);
    let entry = 0;
    for (const [file, end] of entryEnd.entries()) {
      if (file % ITEMS_PER_STEP === 0) yield;
      for (; entry < end; entry++) if (this.#isExcluded[keyId[entry]!] === 0) kept.push(entry);
      keptEnd[file] = kept.length;
    }
    return {
      entry: Uint32Array.from(kept),
      rows: {
        fileId,
        generation,
        entryEnd: keptEnd,
        keyId: Uint32Array.from(kept, (each) => keyId[each]!),
      },
    };
  }

  /** Keys that were decided before are not read again, as long as they have the same ids. */
  *#decide(keyTexts: readonly KeyTexts[]): Steps<void> {
    const keys = new LiveKeys(keyTexts);
    const isExcluded = new Uint8Array(keys.size);
    let id = 0;
    for (let i = 0; i < keyTexts.length && areSame(keyTexts[i]!, this.#keyTexts[i]); i++) {
      id += keyTexts[i]!.end.length;
    }
    isExcluded.set(this.#isExcluded.subarray(0, id));
    for (; id < keys.size; id++) {
      if (id % ITEMS_PER_STEP === 0) yield;
      const key = keys.read(id);
      const isLeftOut =
        isUnusable(key) || this.#selectors.some((selector) => selector.selects(key));
      isExcluded[id] = isLeftOut ? 1 : 0;
    }
    this.#keyTexts = keyTexts;
    this.#isExcluded = isExcluded;
  }
}

/** The columns of those entries. */
export function keptColumns(
  { entry, rows: { fileId, generation, entryEnd } }: KeptEntries,
  { value, timestampSeconds }: Pick<ValueColumns, 'value' | 'timestampSeconds'>,
): Omit<ValueColumns, 'slot'> {
  const hasTimes = timestampSeconds.length > 0;
  return {
    fileId,
    generation,
    entryEnd,
    value: picked(value, entry),
    timestampSeconds: hasTimes ? picked(timestampSeconds, entry) : new Float64Array(0),
  };
}

/** As words: a copy of a number may lose the bits of a NaN. */
function picked(column: Float64Array, entry: Uint32Array): Float64Array {
  const from = new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
  const to = new Uint32Array(2 * entry.length);
  for (let i = 0; i < entry.length; i++) {
    to[2 * i] = from[2 * entry[i]!]!;
    to[2 * i + 1] = from[2 * entry[i]! + 1]!;
  }
  return new Float64Array(to.buffer);
}

function areSame(a: KeyTexts, b: KeyTexts | undefined): boolean {
  if (b === undefined || a.end.length !== b.end.length) return false;
  return Buffer.compare(a.text, b.text) === 0 && a.end.every((end, i) => end === b.end[i]);
}
