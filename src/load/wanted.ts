/**
 * Which families a router is told of, in the order of the answer, and how they are joined over the engines of a model. The
 * names are those of the profiles; `--load` changes and adds some.
 */
import { type Profile, ROUTED_PROFILES } from '../engines/profiles.js';
import type { LoadOperation } from './operation.js';

/** What a family is in the answer. */
export type Use =
  | 'waiting'
  | 'running'
  | 'cacheUsage'
  /** One that --load adds. */
  | 'other'
  /** Gauges of the configuration of a cache: the same for all engines, and of each engine its own. */
  | 'cacheSame'
  | 'cacheBlocks'
  /** A gauge that is 1, and has this configuration as labels. */
  | 'cacheInfo'
  | 'adapters';

export interface WantedFamily {
  /** As a sample is printed. */
  readonly name: string;
  readonly use: Use;
  /** Undefined for one that belongs to none. */
  readonly profile: Profile | undefined;
  readonly operation: LoadOperation;
  /** Its place in the answer. */
  readonly place: number;
}

/** By name. */
export type WantedFamilies = ReadonlyMap<string, WantedFamily>;

/** Families that are not joined by an operation, so that `--load` cannot name them. */
export const NOT_JOINED: ReadonlySet<string> = new Set(
  ROUTED_PROFILES.flatMap(({ adapters, cacheConfig: { info } }) => [
    ...adapters,
    ...(info === undefined ? [] : [info.name]),
  ]),
);

/** @param chosen of `--load`, by name */
export function wantedFamilies(chosen: ReadonlyMap<string, LoadOperation>): WantedFamilies {
  const wanted = new Map<string, WantedFamily>();
  const add = (name: string, use: Use, operation: LoadOperation, profile?: Profile) => {
    const place = wanted.size;
    wanted.set(name, { name, use, profile, operation: chosen.get(name) ?? operation, place });
  };
  for (const profile of ROUTED_PROFILES) {
    for (const name of profile.waiting) add(name, 'waiting', 'sum', profile);
    for (const name of profile.running) add(name, 'running', 'sum', profile);
    for (const name of profile.cacheUsage) add(name, 'cacheUsage', 'mean', profile);
    const { info, gauges } = profile.cacheConfig;
    if (gauges !== undefined) {
      add(gauges.same, 'cacheSame', 'max', profile);
      add(gauges.blocks, 'cacheBlocks', 'sum', profile);
    }
    if (info !== undefined) add(info.name, 'cacheInfo', 'last', profile);
    for (const name of profile.adapters) add(name, 'adapters', 'last', profile);
  }
  for (const [name, operation] of chosen) {
    if (wanted.has(name)) continue;
    const profile = ROUTED_PROFILES.find(({ prefix }) => name.startsWith(prefix));
    add(name, 'other', operation, profile);
  }
  return wanted;
}
