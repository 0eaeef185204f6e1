/**
 * The families of a Reading: which files say what of them, their series, and the entries of each series.
 *
 * The merge rules are those of src/plan/; this only keeps the entries beside the series, which the plan,
 * made for speed, does not.
 */
import { compareCodePoints } from '../../format/code-point.js';
import type { MetricType } from '../../format/filename.js';
import { isUnusable, type Key } from '../../format/key.js';
import { joinValues } from '../../plan/join.js';
import { type MergeRule, mergeRule } from '../../plan/operation.js';
import { type SeriesShape, seriesShape } from '../../plan/series.js';
import type { ReadEntry, ReadFile } from '../reading.js';

export interface Part {
  readonly file: ReadFile;
  readonly entry: ReadEntry;
}

export interface SeriesIndex {
  readonly shape: SeriesShape;
  /** Of the file, where it counts. */
  readonly processId: string | undefined;
  /** In the order in which they are merged. */
  readonly parts: Part[];
}

export interface FamilyIndex {
  readonly name: string;
  readonly type: MetricType;
  /** Of the last gauge file that has the family. */
  readonly mode: string | undefined;
  readonly help: string;
  readonly rule: MergeRule;
  /** Everything the files say, and the first file that says it. */
  readonly types: ReadonlyMap<string, ReadFile>;
  readonly modes: ReadonlyMap<string, ReadFile>;
  readonly helps: ReadonlyMap<string, ReadFile>;
  /** By what tells them apart. */
  readonly series: ReadonlyMap<string, SeriesIndex>;
  /** Buckets whose bound is no number; they count for nothing. */
  readonly unusable: readonly Part[];
}

interface Gathered {
  readonly types: Map<string, ReadFile>;
  readonly modes: Map<string, ReadFile>;
  readonly helps: Map<string, ReadFile>;
  lastMode: string | undefined;
  readonly parts: Part[];
}

/**
 * @param flawed gets the entries of undamaged files whose key is unusable or was repaired
 * @returns families by name; damaged and foreign files count for nothing, as in a scrape
 */
export function indexFamilies(
  files: readonly ReadFile[],
  flawed: Part[] = [],
): Map<string, FamilyIndex> {
  const gathered = new Map<string, Gathered>();
  const sorted = [...files].sort((a, b) => compareCodePoints(a.name, b.name));
  for (const file of sorted) {
    const { fileName, fault, entries } = file;
    if (fault !== undefined) continue;
    for (const entry of entries) {
      const { key } = entry;
      if (isUnusable(key) || key.repaired !== undefined) flawed.push({ file, entry });
      if (isUnusable(key) || fileName === undefined) continue;
      let family = gathered.get(key.family);
      if (family === undefined) {
        family = {
          types: new Map(),
          modes: new Map(),
          helps: new Map(),
          lastMode: undefined,
          parts: [],
        };
        gathered.set(key.family, family);
      }
      family.parts.push({ file, entry });
      if (!family.helps.has(key.help)) family.helps.set(key.help, file);
      if (!family.types.has(fileName.type)) family.types.set(fileName.type, file);
      const { mode } = fileName;
      if (mode === undefined) continue;
      family.lastMode = mode;
      if (!family.modes.has(mode)) family.modes.set(mode, file);
    }
  }
  return new Map([...gathered].map(([name, family]) => [name, indexFamily(name, family)]));
}

function indexFamily(name: string, { parts, lastMode, ...said }: Gathered): FamilyIndex {
  const type = parts[0]!.file.fileName!.type;
  const rule = mergeRule(type, lastMode);
  const series = new Map<string, SeriesIndex>();
  const unusable: Part[] = [];
  const shapes = new Map<number, SeriesShape | undefined>();
  for (const part of parts) {
    const { keyId, key } = part.entry;
    const known = shapes.has(keyId);
    const shape = known ? shapes.get(keyId) : seriesShape(name, rule, key as Key);
    if (!known) shapes.set(keyId, shape);
    if (shape === undefined) {
      unusable.push(part);
      continue;
    }
    const { fileName } = part.file;
    const processId =
      fileName!.type === 'gauge' && !rule.dropsPid ? fileName!.processId : undefined;
    const identity = processId === undefined ? shape.identity : `${processId} ${shape.identity}`;
    const found = series.get(identity);
    if (found === undefined) series.set(identity, { shape, processId, parts: [part] });
    else found.parts.push(part);
  }
  const help = (parts[0]!.entry.key as Key).help;
  return { name, type, mode: lastMode, help, rule, ...said, series, unusable };
}

/** The value of a series as a scrape prints it, and the part that decides it; see Joined. */
export function joinParts(
  { operation }: MergeRule,
  parts: readonly Part[],
): { value: number | undefined; winner: Part | undefined } {
  // Only gauge files have a time that counts.
  const values = parts.map(({ file, entry: { value, timestampSeconds } }) => ({
    value,
    timestampSeconds: file.fileName?.type === 'gauge' ? timestampSeconds : 0,
  }));
  const { value, winner } = joinValues(operation, values);
  return { value, winner: winner === undefined ? undefined : parts[winner] };
}

/** `name{label="value"}`, as PromQL writes it. */
export function seriesText({
  shape,
  processId,
}: {
  readonly shape: Pick<SeriesShape, 'sampleName' | 'labels'>;
  readonly processId: string | undefined;
}): string {
  const labels = shape.labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  if (processId !== undefined) labels.push(`pid=${JSON.stringify(processId)}`);
  return labels.length === 0 ? shape.sampleName : `${shape.sampleName}{${labels.join(',')}}`;
}
