/** What a router is told: one number of each family for each model, the most recently active model first. */
import type { Profile } from '../engines/profiles.js';
import { compareCodePoints } from '../format/code-point.js';
import { madeOnce } from '../memo.js';
import { compareEngines, modelKey } from './layout.js';
import { combine } from './operation.js';
import type {
  Adapters,
  EngineConfig,
  FamilyValues,
  LoadValues,
  ModelValues,
  UnitValue,
} from './read.js';
import type { Use, WantedFamily } from './wanted.js';

export interface FamilyView {
  readonly family: WantedFamily;
  readonly type: 'gauge' | 'counter';
  readonly value: number;
}

export interface ConfigView {
  /** As EngineConfig; undefined for a label that is not there. */
  readonly same: readonly (string | undefined)[];
  /** Of all engines. */
  readonly blocks: number;
}

export interface ModelView {
  readonly profile: Profile | undefined;
  readonly modelName: string | undefined;
  readonly engines: readonly string[];
  readonly families: readonly FamilyView[];
  readonly config: ConfigView | undefined;
  /** As ModelValues. */
  readonly isOfEarlierProcess: boolean;
  /** When one of its gauges was last set; 0 where that is not known. */
  readonly newestSeconds: number;
}

export interface LoadView {
  readonly models: readonly ModelView[];
  readonly adapters: Adapters | undefined;
}

/**
 * @param parts of all sources
 * @param engine tell of this engine alone; models that do not have it are left out
 */
export function viewOf(parts: readonly LoadValues[], engine?: string): LoadView {
  const byModel = new Map<string, ModelValues[]>();
  for (const { models } of parts) {
    for (const model of models) {
      const key = modelKey(model.profile, model.modelName);
      madeOnce(byModel, key, () => []).push(model);
    }
  }
  const ordered = Array.from(byModel.values(), (models) => ({
    view: modelView(models, engine),
    lastFile: models.reduce((last, model) => Math.max(last, model.lastFile), 0),
  }))
    .filter(({ view }) => view.families.length > 0)
    .sort(
      (a, b) =>
        Number(b.view.profile !== undefined) - Number(a.view.profile !== undefined) ||
        Number(a.view.isOfEarlierProcess) - Number(b.view.isOfEarlierProcess) ||
        b.view.newestSeconds - a.view.newestSeconds ||
        b.lastFile - a.lastFile ||
        compareCodePoints(a.view.modelName ?? '', b.view.modelName ?? ''),
    );
  return {
    models: ordered.map(({ view }) => view),
    adapters: parts
      .flatMap(({ adapters }) => adapters ?? [])
      .reduce<Adapters | undefined>(
        (last, each) => (last === undefined || each.setSeconds > last.setSeconds ? each : last),
        undefined,
      ),
  };
}

/** Of any model that is told of; each once, in order. */
export function enginesOf(parts: readonly Pick<LoadValues, 'models'>[]): string[] {
  const engines = parts.flatMap(({ models }) => models.flatMap((model) => model.engines));
  return [...new Set(engines)].sort(compareEngines);
}

/** Requests that wait or run, as the engines of a model say. */
export function claimedWork({ families }: ModelView): number {
  return families
    .filter(({ family: { use } }) => use === 'waiting' || use === 'running')
    .reduce((sum, { value }) => sum + value, 0);
}

/**
 * How long ago a gauge of each model was set, by name: of two engines with one name for a model, the first one counts.
 *
 * @param ages of the models, in their order; undefined where it is not known
 */
export function agesByName(
  models: readonly ModelView[],
  ages: readonly (number | undefined)[],
): Map<string | undefined, number> {
  const byName = new Map<string | undefined, number>();
  for (const [i, { modelName }] of models.entries()) {
    const age = ages[i];
    if (age !== undefined && !byName.has(modelName)) byName.set(modelName, age);
  }
  return byName;
}

/** Of a model, the numbers of its gauges of one kind; undefined where it has none. */
export function numberOf({ families }: ModelView, use: Use): number | undefined {
  return families.find(({ family }) => family.use === use)?.value;
}

/** @param models the same one in several sources */
function modelView(all: readonly ModelValues[], engine: string | undefined): ModelView {
  const { profile, modelName } = all[0]!;
  // A counter may be of one that is gone.
  const models = all.filter(({ engines }) => engine === undefined || engines.includes(engine));
  const isAsked = (each: { readonly engine: string | undefined }) =>
    engine === undefined || each.engine === engine;
  const families: FamilyView[] = [];
  let newestSeconds = 0;
  for (const { family, type, units: said } of joinFamilies(models)) {
    const units = said.filter(isAsked);
    if (units.length === 0) continue;
    families.push({ family, type, value: combine(family.operation, units) });
    if (TELLS_ACTIVITY.has(family.use)) {
      for (const { seconds } of units) newestSeconds = Math.max(newestSeconds, seconds);
    }
  }
  const configs = models.flatMap((model) => model.configs).filter(isAsked);
  return {
    profile,
    modelName,
    isOfEarlierProcess: models.every(({ isOfEarlierProcess }) => isOfEarlierProcess),
    engines: engine === undefined ? enginesOf([{ models }]) : [engine],
    families,
    config: ofGauges(families) ?? (configs.length > 0 ? joinConfigs(configs) : undefined),
    newestSeconds,
  };
}

/** The others are set once. */
const TELLS_ACTIVITY: ReadonlySet<Use> = new Set<Use>(['waiting', 'running', 'cacheUsage']);

function joinFamilies(models: readonly ModelValues[]): readonly FamilyValues[] {
  if (models.length === 1) return models[0]!.families;
  const joined = new Map<string, FamilyValues & { readonly units: UnitValue[] }>();
  for (const { families } of models) {
    for (const { family, type, units } of families) {
      const before = joined.get(family.name)?.units ?? [];
      joined.set(family.name, { family, type, units: [...before, ...units] });
    }
  }
  return [...joined.values()].sort((a, b) => a.family.place - b.family.place);
}

function ofGauges(families: readonly FamilyView[]): ConfigView | undefined {
  const same = families.find(({ family: { use } }) => use === 'cacheSame')?.value;
  const blocks = families.find(({ family: { use } }) => use === 'cacheBlocks')?.value;
  // 0 before the cache is there.
  return same && blocks ? { same: [String(same)], blocks } : undefined;
}

function joinConfigs(configs: readonly EngineConfig[]): ConfigView {
  return {
    same: configs[0]!.same,
    blocks: configs.reduce((sum, { blocks }) => sum + blocks, 0),
  };
}
