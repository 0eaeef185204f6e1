/**
 * Which entries say what of the load of which model: the slow clock. Made when files or keys come or go, or when it is known
 * that writers ended; in between only numbers are read (read.ts).
 *
 * A gauge of a process that is certainly dead says nothing, and a model of which no living process writes is left out. Counters
 * count whatever became of their process.
 */
import type { Profile } from '../engines/profiles.js';
import { compareCodePoints } from '../format/code-point.js';
import type { FileName } from '../format/filename.js';
import type { Labels } from '../format/key.js';
import { madeOnce } from '../memo.js';
import { type LoadRole, LoadRoles, ONLY_ENGINE } from './key-role.js';
import type { WantedFamilies, WantedFamily } from './wanted.js';

/** Entries of files, file after file, and what their keys are. */
export interface PlannedEntries {
  readonly fileId: Uint32Array;
  readonly generation: Uint32Array;
  /** The entries of file i are [entryEnd[i-1], entryEnd[i]). */
  readonly entryEnd: Uint32Array;
  readonly keyId: Uint32Array;
  /** Ids of keys are less than this. */
  readonly keyCount: number;
  readonly textOf: (keyId: number) => Uint8Array;
  readonly fileNames: ReadonlyMap<number, FileName>;
}

/** What is known of the writer of a file. */
export interface FileWriter {
  /** For certain. */
  readonly isDead: boolean;
  /** Of a gauge, a value that was set before is that of an earlier process with the same id; 0 where that is not known. */
  readonly bornSeconds: number;
}

/** How the entries of one series join. */
export type Fold = 'sum' | 'min' | 'max' | 'newest';

/** Numbers of entries, as `LoadLayout.entry` counts them. */
export interface SeriesEntries {
  readonly fold: Fold;
  readonly at: readonly number[];
}

/** What one engine says, as each of its ranks knows it: the largest counts. */
export interface UnitLayout {
  readonly engine: string | undefined;
  readonly series: readonly SeriesEntries[];
}

export interface FamilyLayout {
  readonly family: WantedFamily;
  readonly type: 'gauge' | 'counter';
  readonly units: readonly UnitLayout[];
}

/** The configuration that one entry says. */
export interface SaidConfig {
  readonly at: number;
  /** As in the profile; undefined for a label that is not there. */
  readonly same: readonly (string | undefined)[];
  readonly blocks: number;
}

export interface ConfigLayout {
  readonly engine: string;
  /** The newest one counts. */
  readonly said: readonly SaidConfig[];
}

export interface EngineLayout {
  readonly engine: string;
  /** Its gauges, and the configurations that name it. */
  readonly at: readonly number[];
}

/** A living process that writes of a model, and the gauges it has of it. */
export interface ModelWriter {
  readonly processId: string;
  readonly at: readonly number[];
}

export interface AdaptersLayout {
  readonly family: WantedFamily;
  readonly labels: Labels;
  readonly at: readonly number[];
}

export interface ModelLayout {
  readonly profile: Profile | undefined;
  readonly modelName: string | undefined;
  /** Ids ascend: of two models of which no time is known, that with the newer file is the newer one. */
  readonly lastFile: number;
  /** In order; none of families that belong to no profile. */
  readonly engines: readonly EngineLayout[];
  readonly writers: readonly ModelWriter[];
  readonly families: readonly FamilyLayout[];
  readonly configs: readonly ConfigLayout[];
  /** Configurations that name an engine, whether its cache is there yet or not. */
  readonly namedEngine: readonly number[];
}

export interface LoadLayout {
  /** What is to be gathered; as SomeEntries of src/native.ts. */
  readonly fileId: Uint32Array;
  readonly generation: Uint32Array;
  readonly entryEnd: Uint32Array;
  readonly entry: Uint32Array;
  /** Of each of these entries: where it is among all. */
  readonly row: Uint32Array;
  /** FileWriter.bornSeconds of its file. */
  readonly bornSeconds: Float64Array;
  /** A writer that is dead has families of a profile. False where `--load` adds no family. */
  readonly hasDeadEngine: boolean;
  readonly models: readonly ModelLayout[];
  readonly adapters: readonly AdaptersLayout[];
}

/** Some tens of microseconds. */
const ENTRIES_PER_STEP = 4_096;

const FOLD: Readonly<Record<string, Fold>> = {
  sum: 'sum',
  min: 'min',
  max: 'max',
  mostrecent: 'newest',
};

export function* layOutLoad(
  { fileId, generation, entryEnd, keyId, keyCount, textOf, fileNames }: PlannedEntries,
  wanted: WantedFamilies,
  writerOf: (fileId: number) => FileWriter,
): Generator<void, LoadLayout, void> {
  const roles = new LoadRoles(wanted);
  const known: LoadRole[] = [];
  // Of each key: 0 where it was not read yet, 1 where it says nothing, else 2 more than its index in `known`.
  const roleOfKey = new Uint32Array(keyCount);
  const hasAdded = [...wanted.values()].some(({ use }) => use === 'other');
  const found: FoundEntry[] = [];
  let hasDeadEngine = false;
  const files: { readonly rank: number; readonly born: number; readonly end: number }[] = [];
  for (let rank = 0; rank < fileId.length; rank++) {
    yield;
    const id = fileId[rank]!;
    const name = fileNames.get(id);
    if (name === undefined) continue;
    const isGauge = name.type === 'gauge';
    if (!isGauge && !(hasAdded && name.type === 'counter')) continue;
    const { isDead, bornSeconds } = writerOf(id);
    // Whether there was an engine matters only where something else is told of.
    if (isGauge && isDead && (hasDeadEngine || !hasAdded)) continue;
    const from = rank === 0 ? 0 : entryEnd[rank - 1]!;
    const before = found.length;
    for (let row = from; row < entryEnd[rank]!; row++) {
      if ((row - from) % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
      const key = keyId[row]!;
      if (roleOfKey[key] === 0) {
        const read = roles.of(textOf(key));
        roleOfKey[key] = read === undefined ? 1 : known.push(read) + 1;
      }
      if (roleOfKey[key] === 1) continue;
      const role = known[roleOfKey[key]! - 2]!;
      if (isDead && role.family.profile !== undefined) hasDeadEngine = true;
      if (isGauge && isDead) continue;
      if (!isGauge && role.family.use !== 'other') continue;
      found.push({ at: found.length, row, entry: row - from, key, role, name, file: id, isDead });
    }
    if (found.length > before) files.push({ rank, born: bornSeconds, end: found.length });
  }
  yield;
  const bornSeconds = new Float64Array(found.length);
  let from = 0;
  for (const { born, end } of files) {
    bornSeconds.fill(born, from, end);
    from = end;
  }
  return {
    fileId: Uint32Array.from(files, ({ rank }) => fileId[rank]!),
    generation: Uint32Array.from(files, ({ rank }) => generation[rank]!),
    entryEnd: Uint32Array.from(files, ({ end }) => end),
    entry: Uint32Array.from(found, ({ entry }) => entry),
    row: Uint32Array.from(found, ({ row }) => row),
    bornSeconds,
    hasDeadEngine,
    models: modelsOf(found),
    adapters: adaptersOf(found),
  };
}

interface FoundEntry {
  readonly at: number;
  readonly row: number;
  /** Its number in the file. */
  readonly entry: number;
  readonly key: number;
  readonly role: LoadRole;
  readonly name: FileName;
  readonly file: number;
  /** Its writer, for certain. */
  readonly isDead: boolean;
}

/** A model while its entries are put together. */
interface ModelParts {
  readonly profile: Profile | undefined;
  readonly modelName: string | undefined;
  lastFile: number;
  hasWriter: boolean;
  readonly engines: Map<string, number[]>;
  /** By process id. */
  readonly writers: Map<string, { readonly engines: Set<string>; readonly at: number[] }>;
  readonly families: Map<string, FamilyParts>;
  readonly configs: Map<string, SaidConfig[]>;
  readonly namedEngine: number[];
}

interface FamilyParts {
  readonly family: WantedFamily;
  readonly type: 'gauge' | 'counter';
  readonly units: Map<string, UnitParts>;
}

interface UnitParts {
  readonly engine: string | undefined;
  readonly series: Map<string, { readonly fold: Fold; readonly at: number[] }>;
}

function modelsOf(found: readonly FoundEntry[]): ModelLayout[] {
  const models = new Map<string, ModelParts>();
  for (const entry of found) {
    const { use } = entry.role.family;
    if (use === 'cacheInfo' || use === 'adapters') continue;
    const model = modelFor(models, entry);
    addToFamily(model, entry);
    if (use === 'other') continue;
    const engine = entry.role.engine ?? ONLY_ENGINE;
    madeOnce(model.engines, engine, () => []).push(entry.at);
    const writer = madeOnce(model.writers, entry.name.processId, () => ({
      engines: new Set<string>(),
      at: [] as number[],
    }));
    writer.engines.add(engine);
    writer.at.push(entry.at);
  }
  for (const entry of found) {
    if (entry.role.family.use === 'cacheInfo') addConfig([...models.values()], entry);
  }
  // What other processes than engines counted stays, as on any page.
  const told = [...models.values()].filter((model) => model.hasWriter || !model.profile);
  return told.map(({ profile, modelName, lastFile, namedEngine, ...parts }) => ({
    profile,
    modelName,
    lastFile,
    namedEngine,
    engines: Array.from(parts.engines, ([engine, at]) => ({ engine, at })).sort(byEngine),
    writers: Array.from(parts.writers, ([processId, { at }]) => ({ processId, at })),
    families: Array.from(parts.families.values(), ({ family, type, units }) => ({
      family,
      type,
      units: Array.from(units.values(), ({ engine, series }) => ({
        engine,
        series: [...series.values()],
      })),
    })).sort((a, b) => a.family.place - b.family.place),
    configs: Array.from(parts.configs, ([engine, said]) => ({ engine, said })).sort(byEngine),
  }));
}

function modelFor(models: Map<string, ModelParts>, { role, file, isDead }: FoundEntry): ModelParts {
  const { family, modelName } = role;
  const { profile } = family;
  const model = madeOnce(models, modelKey(profile, modelName), () => ({
    profile,
    modelName,
    lastFile: file,
    hasWriter: false,
    engines: new Map(),
    writers: new Map(),
    families: new Map(),
    configs: new Map(),
    namedEngine: [],
  }));
  model.lastFile = Math.max(model.lastFile, file);
  model.hasWriter ||= !isDead;
  return model;
}

export function modelKey(profile: Profile | undefined, modelName: string | undefined): string {
  return JSON.stringify([profile?.title ?? null, modelName ?? null]);
}

function addToFamily(model: ModelParts, { at, key, role, name }: FoundEntry): void {
  const { family, engine, unit } = role;
  const type = name.type === 'counter' ? 'counter' : 'gauge';
  const parts = madeOnce(model.families, family.name, () => ({
    family,
    type,
    units: new Map<string, UnitParts>(),
  }));
  const fold = type === 'counter' ? 'sum' : FOLD[(name.mode ?? '').replace(/^live/, '')];
  // A gauge of mode `all` has a series for each process.
  const pid = fold === undefined ? name.processId : '';
  const isRank = saysWhatOthersSay(family);
  const { series } = madeOnce(parts.units, `${unit}${isRank ? '' : pid}`, () => ({
    engine: engine ?? (family.profile === undefined ? undefined : ONLY_ENGINE),
    series: new Map<string, { readonly fold: Fold; readonly at: number[] }>(),
  }));
  const entries = madeOnce(series, `${key} ${pid}`, () => ({
    fold: fold ?? 'newest',
    at: [] as number[],
  }));
  entries.at.push(at);
}

/**
 * What each process says of a queue or a cache is of the same one, and one that was not told of it for long says less, so the
 * largest counts: vllm#28792. An added gauge may be of the process itself.
 */
function saysWhatOthersSay({ profile, use }: WantedFamily): boolean {
  if (profile === undefined) return false;
  return use !== 'other' || profile.rankLabels.includes('pid');
}

/**
 * A configuration does not name its model: it is of each one that the process writes, of which an earlier one may be gone
 * (leftovers.ts). Which engine it is of is said by a label, or by the process, if that writes of one engine alone.
 */
function addConfig(models: readonly ModelParts[], { at, role, name }: FoundEntry): void {
  const { profile } = role.family;
  const { info } = profile!.cacheConfig;
  const labelValue = (wanted: string) => role.labels.find(([label]) => label === wanted)?.[1];
  const blocks = wholeNumber(labelValue(info!.blocks));
  const same = info!.same.map(labelValue).map((text) => (wholeNumber(text) ? text : undefined));
  const ofProfile = models.filter((model) => model.profile === profile);
  const written = ofProfile.filter(({ writers }) => writers.has(name.processId));
  const said = written.length === 0 && ofProfile.length === 1 ? ofProfile : written;
  for (const { engines, writers, configs, namedEngine } of said) {
    if (role.engine !== undefined) {
      namedEngine.push(at);
      engines.get(role.engine)?.push(at);
    }
    // vLLM's are `None` before the cache is there.
    if (blocks === undefined || same[0] === undefined) continue;
    const [only, ...others] = writers.get(name.processId)?.engines ?? [];
    const engine = role.engine ?? (others.length === 0 ? only : undefined) ?? ONLY_ENGINE;
    madeOnce(configs, engine, () => []).push({ at, same, blocks });
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

function adaptersOf(found: readonly FoundEntry[]): AdaptersLayout[] {
  const byKey = new Map<number, { family: WantedFamily; labels: Labels; at: number[] }>();
  for (const { key, role, at } of found) {
    const { family, labels } = role;
    if (family.use !== 'adapters') continue;
    madeOnce(byKey, key, () => ({ family, labels, at: [] as number[] })).at.push(at);
  }
  return [...byKey.values()];
}

function byEngine(a: { readonly engine: string }, b: { readonly engine: string }): number {
  return compareEngines(a.engine, b.engine);
}

/** `2` before `10`. */
export function compareEngines(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return x - y || compareCodePoints(a, b);
}
