/** What the entries of a layout say now: the fast clock. Numbers alone are read, and an object is made for each engine. */
import type { Profile } from '../engines/profiles.js';
import type { Labels } from '../format/key.js';
import type {
  AdaptersLayout,
  LoadLayout,
  ModelLayout,
  SaidConfig,
  SeriesEntries,
  UnitLayout,
} from './layout.js';
import { Leftovers } from './leftovers.js';
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
  /** All that is set of it was set by earlier processes with the ids of its writers. */
  readonly isOfEarlierProcess: boolean;
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
  /** As LoadLayout. */
  readonly hasDeadEngine: boolean;
  readonly models: readonly ModelValues[];
  /** The newest series; undefined where there is none. */
  readonly adapters: Adapters | undefined;
}

export function readLoad(layout: LoadLayout, gathered: GatheredValues): LoadValues {
  const leftovers = new Leftovers(layout, gathered.timestampSeconds);
  const reader = new Reader(gathered, leftovers);
  return {
    hasDeadEngine: layout.hasDeadEngine,
    models: leftovers.currentModels().map((model) => reader.model(model)),
    adapters: reader.adapters(layout.adapters),
  };
}

class Reader {
  readonly #value: Float64Array;
  readonly #timestampSeconds: Float64Array;
  readonly #leftovers: Leftovers;

  constructor({ value, timestampSeconds }: GatheredValues, leftovers: Leftovers) {
    this.#value = value;
    this.#timestampSeconds = timestampSeconds;
    this.#leftovers = leftovers;
  }

  model(model: ModelLayout): ModelValues {
    const { profile, modelName, lastFile } = model;
    const gone = this.#leftovers.enginesGone(model);
    return {
      profile,
      modelName,
      lastFile,
      isOfEarlierProcess: this.#leftovers.isEarlierModel(model),
      engines: model.engines.map(({ engine }) => engine).filter((engine) => !gone.has(engine)),
      families: model.families.map(({ family, type, units }) => ({
        family,
        type,
        units: this.#units(
          family,
          units.filter(
            // What an engine counted stays counted.
            ({ engine = '' }) => type === 'counter' || !gone.has(engine),
          ),
        ),
      })),
      configs: model.configs.flatMap(({ engine, said }) => {
        const current = said.filter(({ at }) => !this.#leftovers.isEarlier(at));
        return current.length === 0 ? [] : [{ engine, ...this.#newestOf(current) }];
      }),
    };
  }

  adapters(layouts: readonly AdaptersLayout[]): Adapters | undefined {
    let found: Adapters | undefined;
    for (const { family, labels, at } of layouts) {
      for (const i of at) {
        const setSeconds = this.#value[i]!;
        if (setSeconds < this.#leftovers.bornSeconds(i)) continue;
        if (setSeconds > (found?.setSeconds ?? 0)) found = { family, labels, setSeconds };
      }
    }
    return found;
  }

  /** Of an added family the label sets of one engine are parts of a whole, such as reasons. */
  #units({ use, profile }: WantedFamily, units: readonly UnitLayout[]): readonly UnitValue[] {
    const values = units.map((unit) => this.#unit(unit));
    return use === 'other' && profile !== undefined ? addedUp(values) : values;
  }

  #unit({ engine, series }: UnitLayout): UnitValue {
    let value = Number.NEGATIVE_INFINITY;
    let seconds = 0;
    for (const entries of series) {
      const read = this.#series(entries);
      value = Math.max(value, read.value);
      seconds = Math.max(seconds, read.seconds);
    }
    return { engine, value, seconds };
  }

  #newestOf(said: readonly SaidConfig[]): Pick<EngineConfig, 'same' | 'blocks'> {
    const { same, blocks } = newest(
      said.map((each) => ({ ...each, seconds: this.#timestampSeconds[each.at]! })),
    );
    return { same, blocks };
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
      if (this.#leftovers.isEarlier(i)) continue;
      if (value !== undefined && setSeconds <= seconds) continue;
      value = this.#value[i]!;
      seconds = setSeconds;
    }
    return { value: value ?? 0, seconds };
  }
}

/** One for each engine. */
function addedUp(units: readonly UnitValue[]): UnitValue[] {
  const byEngine = new Map<string | undefined, UnitValue>();
  for (const { engine, value, seconds } of units) {
    const before = byEngine.get(engine) ?? { value: 0, seconds: 0 };
    byEngine.set(engine, {
      engine,
      value: before.value + value,
      seconds: Math.max(before.seconds, seconds),
    });
  }
  return [...byEngine.values()];
}
