/**
 * What `top` counts as one: a counter; a histogram, whatever buckets it has; a summary. And which of their entries count:
 * an observation is in one bucket, and in the count of a summary, but also in a sum.
 *
 * Made once for each structure (the slow clock). Gauges are in no group: of them the merged values are compared.
 */
import { INCREASE_CLASS } from '../files/column-changes.js';
import type { Key } from '../format/key.js';
import { Memo } from '../memo.js';
import type { LaidOutFamily } from '../plan/laid-out-family.js';
import type { Series } from '../plan/series.js';
import { seriesName } from './series-name.js';
import type { SeriesStructure } from './series-structure.js';

/** Texts that are kept: most refreshes show the same series, but a million of them take too much memory. */
const MAX_TEXTS = 20_000;

export class TopGroups {
  /** By slot, as compareColumns takes them. */
  readonly classOfSlot: Uint8Array;
  readonly groupOfSlot: Uint32Array;
  /** By group: the series that names it. Undefined for the rest. */
  readonly seriesOf: readonly (Series | undefined)[];
  /** Those that are printed, in output order. */
  readonly gauges: readonly Series[];
  readonly #structure: SeriesStructure;
  /** By slot: the family of a gauge, or of the series that names a group. */
  readonly #familyOfSlot: Uint32Array;
  readonly #families: readonly LaidOutFamily[];
  readonly #texts = new Map<number, string>();
  #keyOfSlot: Uint32Array | undefined;
  #entriesOfSlot: Uint32Array | undefined;
  #gaugeSlots: ReadonlyMap<string, number> | undefined;
  #gaugeOfSlot: readonly (Series | undefined)[] | undefined;

  constructor(structure: SeriesStructure) {
    const { families, slotCount } = structure.parts.layout;
    this.#structure = structure;
    this.#families = families;
    this.#familyOfSlot = new Uint32Array(slotCount);
    this.classOfSlot = new Uint8Array(slotCount);
    this.groupOfSlot = new Uint32Array(slotCount);
    // The first group is of the slots that are in no other one, and increases by nothing.
    const groups: (Series | undefined)[] = [undefined];
    const gauges: Series[] = [];
    for (const [at, family] of families.entries()) {
      if (family.type === 'gauge') {
        for (const series of family.series) {
          gauges.push(series);
          this.#familyOfSlot[series.slot] = at;
        }
        continue;
      }
      for (const { name, counted, others, as } of groupsIn(family)) {
        const group = groups.push(name) - 1;
        this.#familyOfSlot[name.slot] = at;
        for (const { slot } of others) this.groupOfSlot[slot] = group;
        for (const { slot } of counted) {
          this.groupOfSlot[slot] = group;
          this.classOfSlot[slot] = INCREASE_CLASS[as];
        }
      }
    }
    this.seriesOf = groups;
    this.gauges = gauges;
  }

  /** How a person types a gauge, or the series that names a group. */
  textOf({ slot, sampleName, labels }: Series): string {
    let text = this.#texts.get(slot);
    if (text === undefined) {
      text = seriesName(sampleName, labels);
      if (this.#texts.size < MAX_TEXTS) this.#texts.set(slot, text);
    }
    return text;
  }

  /** As named in the keys. */
  familyOf({ slot }: Series): string {
    const { keys } = this.#structure.parts;
    const { seenSlot } = this.#families[this.#familyOfSlot[slot]!]!;
    this.#keyOfSlot ??= keyOfSlot(this.#structure);
    return (keys.read(this.#keyOfSlot[seenSlot[0]!]!) as Key).family;
  }

  /** Of a gauge. */
  modeOf(series: Series): string | undefined {
    return this.#structure.modes.get(this.familyOf(series));
  }

  /** How many values are merged in it. */
  entriesOf({ slot }: Series): number {
    this.#entriesOfSlot ??= entriesOfSlot(this.#structure);
    return this.#entriesOfSlot[slot]!;
  }

  /** Where a gauge of a later structure is in this one; undefined if it is not. A plan gives a series one slot for good. */
  slotOfLater(later: TopGroups, series: Series): number | undefined {
    this.#gaugeOfSlot ??= bySlot(this.gauges);
    const same = this.#gaugeOfSlot[series.slot];
    if (same === series) return series.slot;
    this.#gaugeSlots ??= new Map(this.gauges.map((gauge) => [this.textOf(gauge), gauge.slot]));
    return this.#gaugeSlots.get(later.textOf(series));
  }
}

const groupsOf = new Memo<SeriesStructure, TopGroups>();

export function topGroups(structure: SeriesStructure): TopGroups {
  return groupsOf.get(structure, () => new TopGroups(structure));
}

interface Group {
  readonly name: Series;
  readonly as: keyof typeof INCREASE_CLASS;
  /** Series whose entries count. */
  readonly counted: readonly Series[];
  /** Series that move with them. */
  readonly others: readonly Series[];
}

/** @param family of no gauge */
function* groupsIn(family: LaidOutFamily): IterableIterator<Group> {
  const { type, series, identical, histograms } = family;
  if (type === 'histogram') {
    for (const { buckets, count, plain } of histograms) {
      yield { name: count, as: 'observations', counted: buckets, others: [count, ...plain] };
    }
  } else if (type === 'summary') {
    yield* summariesIn([...series, ...identical]);
  } else {
    for (const one of [...series, ...identical]) {
      yield { name: one, as: 'increments', counted: [one], others: [] };
    }
  }
}

/** The series of a label set follow each other. */
function* summariesIn(series: readonly Series[]): IterableIterator<Group> {
  for (let from = 0; from < series.length; ) {
    const first = series[from]!;
    let to = from + 1;
    while (to < series.length && hasSameLabels(first, series[to]!)) to++;
    const own = series.slice(from, to);
    from = to;
    const counts = own.filter(({ sampleName }) => sampleName.endsWith('_count'));
    if (counts.length === 0) continue;
    yield { name: counts[0]!, as: 'observations', counted: counts, others: own };
  }
}

function hasSameLabels(a: Series, b: Series): boolean {
  return (
    a.values === b.values &&
    a.processId === b.processId &&
    a.kind.keyNames.length === b.kind.keyNames.length &&
    a.kind.keyNames.every((name, i) => name === b.kind.keyNames[i])
  );
}

/** The key of the first entry of each slot. */
function keyOfSlot({ parts: { slot, keyIds, layout } }: SeriesStructure): Uint32Array {
  const keyOf = new Uint32Array(layout.slotCount);
  let at = slot.length;
  for (let rank = keyIds.length - 1; rank >= 0; rank--) {
    const ids = keyIds[rank]!;
    for (let i = ids.length - 1; i >= 0; i--) keyOf[slot[--at]!] = ids[i]!;
  }
  return keyOf;
}

function entriesOfSlot({ parts: { slot, layout } }: SeriesStructure): Uint32Array {
  const count = new Uint32Array(layout.slotCount);
  for (let i = 0; i < slot.length; i++) count[slot[i]!]! += 1;
  return count;
}

function bySlot(series: readonly Series[]): readonly (Series | undefined)[] {
  const at: (Series | undefined)[] = [];
  for (const one of series) at[one.slot] = one;
  return at;
}
