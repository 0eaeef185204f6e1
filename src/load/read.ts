/** What the entries of a layout say now: the fast clock. Numbers alone are read, and an object is made for each engine. */
import type { Profile } from '../engines/profiles.js';
import type { Labels } from '../format/key.js';
import type { LoadLayout, SaidConfig, SeriesEntries, UnitLayout } from './layout.js';
import { newest, type TimedValue } from './operation.js';
import type { WantedFamily } from './wanted.js';

/** As many as LoadLayout.entry. */
export interface GatheredValues {
  readonly value: Float64Array;
  /** 0 where none was set, or no time is known. */
  readonly timestampSeconds: Float64Array;
}

export interface UnitValue extends TimedValue {
  readonly engine: string | undefined;
}

export interface FamilyValues {
  readonly family: WantedFamily;
  readonly type: 'gauge' | 'counter';
  readonly units: readonly UnitValue[];
}

export interface EngineConfig {
  readonly engine: string;
  readonly same: readonly (string | undefined)[];
  readonly blocks: number;
}

export interface ModelValues {
  readonly profile: Profile | undefined;
  readonly modelName: string | undefined;
  readonly lastFile: number;
  readonly engines: readonly string[];
  readonly families: readonly FamilyValues[];
  readonly configs: readonly EngineConfig[];
}

export interface Adapters {
  readonly family: WantedFamily;
  readonly labels: Labels;
  /** Its time: the value of the series. */
  readonly setSeconds: number;
}

export interface LoadValues {
  readonly models: readonly ModelValues[];
  /** The newest series; undefined where there is none. */
  readonly adapters: Adapters | undefined;
}

export function readLoad(layout: LoadLayout, gathered: GatheredValues): LoadValues {
  const reader = new Reader(layout, gathered);
  return {
    models: layout.models.map(({ families, configs, ...model }) => ({
      ...model,
      families: families.map(({ family, type, units }) => ({
        family,
        type,
        units: units.map((unit) => reader.unit(unit)),
      })),
      configs: configs.map(({ engine, said }) => ({ engine, ...reader.newestOf(said) })),
    })),
    adapters: reader.adapters(),
  };
}

class Reader {
  readonly #layout: LoadLayout;
  readonly #value: Float64Array;
  readonly #timestampSeconds: Float64Array;

  constructor(layout: LoadLayout, { value, timestampSeconds }: GatheredValues) {
    this.#layout = layout;
    this.#value = value;
    this.#timestampSeconds = timestampSeconds;
  }

  unit({ engine, series }: UnitLayout): UnitValue {
    let value = Number.NEGATIVE_INFINITY;
    let seconds = 0;
    for (const entries of series) {
      const read = this.#series(entries);
      value = Math.max(value, read.value);
      seconds = Math.max(seconds, read.seconds);
    }
    return { engine, value, seconds };
  }

  newestOf(said: readonly SaidConfig[]): Pick<EngineConfig, 'same' | 'blocks'> {
    const { same, blocks } = newest(
      said.map((each) => ({ ...each, seconds: this.#timestampSeconds[each.at]! })),
    );
    return { same, blocks };
  }

  adapters(): Adapters | undefined {
    let found: Adapters | undefined;
    for (const { family, labels, at } of this.#layout.adapters) {
      for (const i of at) {
        const setSeconds = this.#value[i]!;
        if (setSeconds > (found?.setSeconds ?? 0)) found = { family, labels, setSeconds };
      }
    }
    return found;
  }

  #series({ fold, at }: SeriesEntries): TimedValue {
    if (fold === 'newest') return this.#newest(at);
    let value = this.#value[at[0]!]!;
    for (let i = 1; i < at.length; i++) {
      const next = this.#value[at[i]!]!;
      value =
        fold === 'sum'
          ? value + next
          : fold === 'min'
            ? Math.min(value, next)
            : Math.max(value, next);
    }
    return { value, seconds: 0 };
  }

  /**
   * The first of those that were set at the same time, as prometheus_client. A gauge that was never set says what is in its file,
   * which is 0; so does one that only an earlier process with the same id has set: a fresh engine has no queue.
   */
  #newest(at: readonly number[]): TimedValue {
    let value: number | undefined;
    let seconds = 0;
    for (const i of at) {
      const setSeconds = this.#timestampSeconds[i]!;
      if (setSeconds > 0 && setSeconds < this.#layout.bornSeconds[i]!) continue;
      if (value !== undefined && setSeconds <= seconds) continue;
      value = this.#value[i]!;
      seconds = setSeconds;
    }
    return { value: value ?? 0, seconds };
  }
}
