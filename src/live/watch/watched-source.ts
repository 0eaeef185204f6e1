/**
 * What is watched of a source: processes, histograms and engines, and the rows of their entries in the columns of an instant. Made when
 * files or keys come or go, or when roles of processes are known; a tick reads only numbers.
 */
import type { ProfileChoice } from '../../engines/profiles.js';
import {
  type ColumnChanges,
  INCREASE_CLASS,
  INCREASE_CLASSES,
} from '../../files/column-changes.js';
import { type FileName, isArchiveId, type MetricType } from '../../format/filename.js';
import { isUnusable } from '../../format/key.js';
import type { Keys } from '../../inspect/entry-columns.js';
import type { PlanState } from '../../scrape/directory/plan-state.js';
import type { Steps } from '../../steps.js';
import type {
  Watched,
  WatchedEngine,
  WatchedLatency,
  WatchedProcess,
  WatchTick,
} from '../../watchdog/watched.js';
import { LiveKeys } from '../live-keys.js';
import { FileRows } from './file-rows.js';
import { ENGINE_COLUMNS, type EngineColumn, type KeyRole, KeyRoles } from './key-roles.js';

/** Entries of histograms of times that are watched: more would take too long. */
const MAX_LATENCY_ROWS = 200_000;

/** Of the families of both, for two processes to be of one kind. */
const MIN_COMMON = 0.5;

/** Some tens of microseconds. */
const ENTRIES_PER_STEP = 16_384;

/** Entries of files, and what their keys are: of a plan, or of a recording. */
export interface WatchedEntries {
  readonly rows: PlanState['rows'];
  /** Slots are less than this. */
  readonly slotCount: number;
  readonly keys: Keys;
  /** By id of the file. */
  readonly fileNames: ReadonlyMap<number, FileName>;
  /** Files that are of no process. */
  readonly retained: ReadonlySet<number>;
}

export function entriesOf({
  rows,
  layout,
  keyTexts,
  fileNames,
  retained,
}: PlanState): WatchedEntries {
  const { slotCount } = layout;
  // Each key is read once: parsed, 60,000 of them would take 20 MB.
  return { rows, slotCount, keys: new LiveKeys(keyTexts, 0), fileNames, retained };
}

export interface SourceRows {
  readonly watched: Watched;
  /** As compareColumns takes them. */
  readonly classOfSlot: Uint8Array;
  /** By rank of a file: index of its process, or -1 for one whose changes do not count. */
  readonly processOfFile: Int32Array;
}

/** By process: entries that moved, and what was observed. */
export function movementOf(
  { watched, processOfFile }: SourceRows,
  { fileMoved, fileIncrease }: Pick<ColumnChanges, 'fileMoved' | 'fileIncrease'>,
): Pick<WatchTick, 'moved' | 'observed'> {
  const moved = new Float64Array(watched.processes.length);
  const observed = new Float64Array(watched.processes.length);
  for (let rank = 0; rank < processOfFile.length; rank++) {
    const process = processOfFile[rank]!;
    if (process < 0) continue;
    moved[process]! += fileMoved[rank]!;
    observed[process]! += fileIncrease[rank * INCREASE_CLASSES + INCREASE_CLASS.observations]!;
  }
  return { moved, observed };
}

/** The files of a process, by rank. */
interface OwnFiles {
  readonly processId: string;
  readonly ranks: number[];
  readonly families: Set<string>;
  life: string;
}

export class WatchedSource {
  readonly #roles: KeyRoles;
  #keys: (KeyRole | undefined)[] = [];
  #types: MetricType[] = [];
  #files = new Map<number, FileRows>();
  #latencyRows = 0;

  constructor(profile: ProfileChoice) {
    this.#roles = new KeyRoles(profile);
  }

  /** @param roleOf of a process id, where it is known */
  *rowsOf(
    { rows, slotCount, keys, fileNames, retained }: WatchedEntries,
    roleOf: (processId: string) => string | undefined,
  ): Steps<SourceRows> {
    const { fileId, generation, entryEnd, keyId, slot } = rows;
    // The keys were numbered anew.
    if (keys.size < this.#keys.length) this.#forget();
    const classOfSlot = new Uint8Array(slotCount);
    const processOfFile = new Int32Array(fileId.length).fill(-1);
    const files = new Map<number, FileRows>();
    const owners = new Map<string, OwnFiles>();
    for (let rank = 0; rank < fileId.length; rank++) {
      yield;
      const id = fileId[rank]!;
      const name = fileNames.get(id);
      if (name === undefined || retained.has(id) || isArchiveId(name.processId)) continue;
      const from = rank === 0 ? 0 : entryEnd[rank - 1]!;
      const to = entryEnd[rank]!;
      let file = this.#files.get(id);
      if (file?.generation !== generation[rank] || file!.entries > to - from) {
        file = new FileRows(generation[rank]!);
      }
      const own = file!;
      files.set(id, own);
      while (own.entries < to - from) {
        if (own.entries % ENTRIES_PER_STEP === 0) yield;
        const role = this.#roleOf(keys, keyId[from + own.entries]!, name.type);
        if (own.add(role, this.#latencyRows < MAX_LATENCY_ROWS)) this.#latencyRows++;
      }
      if (name.type !== 'gauge') {
        for (let row = from; row < to; row++) {
          classOfSlot[slot[row]!] = this.#keys[keyId[row]!]?.increaseClass ?? 0;
        }
      }
      const owner = ownerOf(owners, name.processId);
      owner.ranks.push(rank);
      if (name.type === 'gauge') continue;
      for (const family of own.families) owner.families.add(family);
      // The file that has been there for longest: further ones come when something is first counted.
      if (owner.life === '' || id < Number(owner.life.split(':')[0])) {
        owner.life = `${id}:${generation[rank]}`;
      }
    }
    this.#files = files;
    this.#latencyRows = latencyRowsOf(files.values());
    // A process that counts nothing, and only has gauges, cannot be watched.
    const counting = [...owners.values()].filter(({ life }) => life !== '');
    const groups = groupsOf(counting, roleOf);
    const processes = counting.map(
      ({ processId, life }, i): WatchedProcess => ({ processId, life, group: groups[i]! }),
    );
    const indexOf = new Map(counting.map(({ processId }, i) => [processId, i]));
    for (const { processId, ranks } of owners.values()) {
      const index = indexOf.get(processId);
      if (index === undefined) continue;
      for (const rank of ranks) {
        if (fileNames.get(fileId[rank]!)!.type !== 'gauge') processOfFile[rank] = index;
      }
    }
    yield;
    const fromOf = (rank: number) => (rank === 0 ? 0 : entryEnd[rank - 1]!);
    const latencies = [...this.#latencies(counting, fileId, fromOf)];
    yield;
    const engines = enginesOf(owners.values(), indexOf, (rank) => ({
      file: files.get(fileId[rank]!)!,
      from: fromOf(rank),
    }));
    return { watched: { processes, latencies, engines }, classOfSlot, processOfFile };
  }

  /** The name of a series, for one whose count went back. */
  seriesOf({ keys, rows }: WatchedEntries, row: number): string {
    const key = keys.read(rows.keyId[row]!);
    return isUnusable(key) ? 'a count' : key.sampleName;
  }

  #forget(): void {
    this.#keys = [];
    this.#types = [];
    this.#files = new Map();
    this.#latencyRows = 0;
  }

  #roleOf(keys: Keys, id: number, type: MetricType): KeyRole | undefined {
    // The same key in files of different types is rare, and a mistake of the application.
    if (this.#types[id] === type) return this.#keys[id];
    const key = keys.read(id);
    this.#types[id] = type;
    this.#keys[id] = isUnusable(key) ? undefined : this.#roles.of(key, type);
    return this.#keys[id];
  }

  *#latencies(
    owners: readonly OwnFiles[],
    fileId: Uint32Array,
    fromOf: (rank: number) => number,
  ): Generator<WatchedLatency> {
    for (const [process, { ranks }] of owners.entries()) {
      for (const rank of ranks) {
        const from = fromOf(rank);
        for (const [name, { entry, sum }] of this.#files.get(fileId[rank]!)!.latencies) {
          if (sum < 0 || entry.length < 2) continue;
          const bucket = Uint32Array.from(entry, (index) => from + index);
          yield { process, name, bucket, sum: from + sum };
        }
      }
    }
  }
}

function latencyRowsOf(files: Iterable<FileRows>): number {
  let rows = 0;
  for (const { latencies } of files)
    for (const { entry } of latencies.values()) rows += entry.length + 1;
  return rows;
}

function ownerOf(owners: Map<string, OwnFiles>, processId: string): OwnFiles {
  let owner = owners.get(processId);
  if (owner === undefined) {
    owner = { processId, ranks: [], families: new Set(), life: '' };
    owners.set(processId, owner);
  }
  return owner;
}

/** By process: those of one role, whose families are mostly the same. */
function groupsOf(
  owners: readonly OwnFiles[],
  roleOf: (processId: string) => string | undefined,
): string[] {
  const kinds = new Map<string, { readonly name: string; readonly families: Set<string> }[]>();
  return owners.map(({ processId, families }) => {
    // `VLLM::APIServer_0` and `VLLM::APIServer_1` are of one kind.
    const role = (roleOf(processId) ?? '').replace(/\W?_?\d+(?=\]?$)/, '');
    const known = kinds.get(role) ?? [];
    kinds.set(role, known);
    let kind = known.find((each) => common(each.families, families) >= MIN_COMMON);
    if (kind === undefined) {
      kind = { name: `${role}#${known.length}`, families };
      known.push(kind);
    }
    return kind.name;
  });
}

function common(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a === b) return 1;
  let both = 0;
  for (const family of a) if (b.has(family)) both++;
  return both / Math.max(1, Math.min(a.size, b.size));
}

interface EngineParts {
  readonly engine: string;
  readonly modelName: string | undefined;
  readonly processes: Set<number>;
  readonly columns: Readonly<Record<EngineColumn, number[]>>;
  readonly stepBound: number[];
}

function enginesOf(
  owners: Iterable<OwnFiles>,
  indexOf: ReadonlyMap<string, number>,
  fileOf: (rank: number) => { readonly file: FileRows; readonly from: number },
): WatchedEngine[] {
  const arrivals = new Map<string, number[]>();
  const models = new Map<string, Map<string | undefined, EngineParts>>();
  const profileOf = new Map<string, string>();
  for (const { processId, ranks } of owners) {
    const process = indexOf.get(processId);
    for (const rank of ranks) {
      const { file, from } = fileOf(rank);
      for (const { role, entry } of file.engines) {
        const profile = role.profile!;
        if (role.isArrival) {
          const rows = arrivals.get(profile) ?? [];
          arrivals.set(profile, rows);
          rows.push(from + entry);
        }
        for (const { column, engine, modelName } of role.engines ?? []) {
          const model = JSON.stringify([profile, modelName ?? null]);
          profileOf.set(model, profile);
          const engines = models.get(model) ?? new Map<string | undefined, EngineParts>();
          models.set(model, engines);
          const parts = engines.get(engine) ?? newParts(engine ?? '0', modelName);
          engines.set(engine, parts);
          if (process !== undefined) parts.processes.add(process);
          parts.columns[column].push(from + entry);
          if (column === 'step') parts.stepBound.push(role.bound ?? Number.POSITIVE_INFINITY);
        }
      }
    }
  }
  return [...models].flatMap(([model, engines]) => {
    const profile = profileOf.get(model)!;
    return withoutShared(engines)
      .filter(isWatchable)
      .map(
        ({ engine, modelName, processes, columns, stepBound }): WatchedEngine => ({
          ...(Object.fromEntries(
            ENGINE_COLUMNS.map((column) => [column, Uint32Array.from(columns[column])]),
          ) as Record<EngineColumn, Uint32Array>),
          key: `${model}${engine}`,
          engine,
          modelName,
          front: profile,
          process: Uint32Array.from(processes),
          // What is above all bounds has no length.
          stepBound: Float64Array.from(stepBound, (bound) => (bound === Infinity ? 0 : bound)),
          arrivals: Uint32Array.from(arrivals.get(profile) ?? []),
        }),
      );
  });
}

function newParts(engine: string, modelName: string | undefined): EngineParts {
  return {
    engine,
    modelName,
    processes: new Set(),
    columns: Object.fromEntries(
      ENGINE_COLUMNS.map((column) => [column, [] as number[]]),
    ) as unknown as EngineParts['columns'],
    stepBound: [],
  };
}

/** What names no engine is of the only one; of several, it cannot be told which. */
function withoutShared(engines: ReadonlyMap<string | undefined, EngineParts>): EngineParts[] {
  const shared = engines.get(undefined);
  const named = [...engines].flatMap(([engine, parts]) => (engine === undefined ? [] : [parts]));
  if (shared === undefined || named.length > 1) return named;
  const [only] = named;
  if (only === undefined) return [shared];
  for (const column of ENGINE_COLUMNS) {
    for (const row of shared.columns[column]) only.columns[column].push(row);
  }
  for (const bound of shared.stepBound) only.stepBound.push(bound);
  for (const process of shared.processes) only.processes.add(process);
  return [only];
}

function isWatchable({ columns }: EngineParts): boolean {
  return columns.progress.length > 0 && columns.running.length + columns.waiting.length > 0;
}
