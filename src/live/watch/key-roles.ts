/**
 * What a key means to the watchdog, by its names alone: which counts it adds to, whether it is a bucket of a histogram of times, and
 * what it says of an engine. Once for each key.
 */
import {
  type ArrivalCounter,
  type Profile,
  type ProfileChoice,
  profilesOf,
} from '../../engines/profiles.js';
import { INCREASE_CLASS } from '../../files/column-changes.js';
import type { MetricType } from '../../format/filename.js';
import { familyOf, type Key, type Labels } from '../../format/key.js';

/** Columns of a WatchedEngine. */
export const ENGINE_COLUMNS = [
  'progress',
  'finished',
  'running',
  'waiting',
  'waitingForRoom',
  'awake',
  'paused',
  'step',
] as const;
export type EngineColumn = (typeof ENGINE_COLUMNS)[number];

export interface EngineRole {
  readonly column: EngineColumn;
  /** Undefined where the key does not name an engine: it is of the only one of its model. */
  readonly engine: string | undefined;
  readonly modelName: string | undefined;
}

export interface KeyRole {
  readonly family: string;
  /** How an increase of its value counts: one of INCREASE_CLASS. */
  readonly increaseClass: number;
  /** Of a histogram of times: the same for its whole label set. */
  readonly latency?: string;
  /** Of a bucket. */
  readonly bound?: number;
  /** Title of the profile. */
  readonly profile?: string;
  readonly engines?: readonly EngineRole[];
  /** It counts requests to the front ends of engines. */
  readonly isArrival?: true;
}

/** Of histograms of times: the unit ends the name. */
const TIMES = /_(?:seconds|milliseconds|ms)$/;

export class KeyRoles {
  readonly #profiles: readonly Profile[];
  /** Most keys mean the same as others: a million of them share a few objects. */
  readonly #same = new Map<string, KeyRole>();
  readonly #latencies = new Map<string, string>();

  constructor(choice: ProfileChoice) {
    this.#profiles = profilesOf(choice);
  }

  of(key: Key, type: MetricType): KeyRole {
    const family = familyOf(key, type);
    const { sampleName, labels } = key;
    const name = sampleName.replace(/_(?:bucket|sum|count)$/, '');
    const isBucket = type === 'histogram' && sampleName.endsWith('_bucket');
    const bound = isBucket ? boundOf(labels) : undefined;
    const isTime = type === 'histogram' && TIMES.test(family);
    const isPart = isBucket || sampleName.endsWith('_sum');
    const increaseClass = increaseClassOf(type, sampleName);
    const parts = this.#engineParts(type === 'histogram' ? name : sampleName, isBucket, labels);
    if (!(isTime && isPart) && parts === undefined) return this.#sharedRole(family, increaseClass);
    return {
      family,
      increaseClass,
      ...(isTime && isPart && { latency: this.#latencyName(family, labels) }),
      ...(bound !== undefined && { bound }),
      ...parts,
    };
  }

  #sharedRole(family: string, increaseClass: number): KeyRole {
    const id = `${increaseClass}${family}`;
    const role = this.#same.get(id) ?? { family, increaseClass };
    this.#same.set(id, role);
    return role;
  }

  #latencyName(family: string, labels: Labels): string {
    const name = latencyName(family, labels);
    const known = this.#latencies.get(name) ?? name;
    this.#latencies.set(known, known);
    return known;
  }

  #engineParts(
    name: string,
    isBucket: boolean,
    labels: Labels,
  ): Pick<KeyRole, 'profile' | 'engines' | 'isArrival'> | undefined {
    for (const profile of this.#profiles) {
      const { title } = profile;
      if (profile.arrivals.some((counter) => isArrival(counter, name, labels))) {
        return { profile: title, isArrival: true };
      }
      const columns = columnsOf(profile, name, isBucket, labels);
      if (columns.length === 0) continue;
      const named = profile.engineLabels.map((label) => labelValue(labels, label));
      const engine = named.includes(undefined) ? undefined : named.join('/');
      const modelName = labelValue(labels, profile.modelLabel);
      return {
        profile: title,
        engines: columns.map((column) => ({
          column,
          engine: profile.engineLabels.length === 0 ? undefined : engine,
          modelName,
        })),
      };
    }
    return undefined;
  }
}

function increaseClassOf(type: MetricType, sampleName: string): number {
  switch (type) {
    case 'gauge':
      return INCREASE_CLASS.none;
    case 'histogram':
      return sampleName.endsWith('_bucket') ? INCREASE_CLASS.observations : INCREASE_CLASS.none;
    case 'summary':
      return sampleName.endsWith('_count') ? INCREASE_CLASS.observations : INCREASE_CLASS.none;
    default:
      return INCREASE_CLASS.increments;
  }
}

/** A bucket of one histogram counts as a step, and no other; its sum moves whenever something is observed. */
function columnsOf(
  profile: Profile,
  name: string,
  isBucket: boolean,
  labels: Labels,
): EngineColumn[] {
  if (isBucket) return profile.longestStep.includes(name) ? ['step'] : [];
  const columns: EngineColumn[] = [];
  for (const column of ['progress', 'finished', 'running', 'waiting', 'paused'] as const) {
    if (profile[column].includes(name)) columns.push(column);
  }
  for (const column of ['waitingForRoom', 'awake'] as const) {
    const isOne = profile[column].some(
      (gauge) => gauge.name === name && labelValue(labels, gauge.label) === gauge.value,
    );
    if (isOne) columns.push(column);
  }
  return columns;
}

/** Requests that were refused as wrong reached no engine. */
function isArrival(counter: ArrivalCounter, name: string, labels: Labels): boolean {
  if (name !== counter.name) return false;
  const path = labelValue(labels, counter.pathLabel);
  if (path === undefined || !counter.paths.includes(path)) return false;
  const { statusLabel } = counter;
  return statusLabel === undefined || !labelValue(labels, statusLabel)?.startsWith('4');
}

function labelValue(labels: Labels, wanted: string): string | undefined {
  return labels.find(([name]) => name === wanted)?.[1];
}

function boundOf(labels: Labels): number | undefined {
  const le = labelValue(labels, 'le');
  if (le === undefined) return undefined;
  const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
  return Number.isNaN(bound) ? undefined : bound;
}

function latencyName(family: string, labels: Labels): string {
  const others = labels.filter(([name]) => name !== 'le');
  if (others.length === 0) return family;
  return `${family}{${others.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
}
