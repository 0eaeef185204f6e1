/**
 * Which families of other endpoints are served, and which of them are joined with an existing family.
 *
 * The order of rank: promfold's own families and those it adds, the directory's, then the endpoints' in the order of
 * their flags. A family is joined with one of higher rank that has its name, series by series, if both have the same
 * type; otherwise it is left out.
 * So is one that would print a name of another family (`x_count`, where there is a histogram `x`).
 *
 * Runs when the directory's families or those of an endpoint change, not per scrape.
 */

import { claimedNames } from '../../expose/claimed-name.js';
import type { ExposedFamily, FamilyHead } from '../../expose/family.js';
import { Memo } from '../../memo.js';
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';
import { type EndpointFamily, OUTCOME } from './endpoint-questions.js';

/** Why series of an endpoint are not served. The values of `reason` of promfold_append_dropped_series. */
export const DROP_REASONS = ['duplicate', 'repeated', 'type_conflict', 'name_conflict'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Dropped series by reason; only the reasons that concern whole families. */
export interface DroppedFamilies {
  type_conflict: number;
  name_conflict: number;
}

/** A family of an endpoint's page. */
export interface PagedFamily {
  /** Index of the endpoint, and of the family in its page. */
  readonly endpoint: number;
  readonly family: number;
}

/** A family that several of the directory and the endpoints have. */
export interface JoinedFamily {
  readonly name: string;
  /** The directory's; undefined where it has none. */
  readonly directory: ExposedFamily | undefined;
  /** In the order of rank. */
  readonly parts: PagedFamily[];
}

export interface AppendedFamilies {
  /** By endpoint and family, one of OUTCOME; undefined for an endpoint without a page. */
  readonly outcome: readonly (Uint8Array | undefined)[];
  /** In the order in which they appear. */
  readonly joined: readonly JoinedFamily[];
  /** Families that the directory does not have, each once. */
  readonly appended: readonly (PagedFamily & EndpointFamily)[];
  /** By endpoint. */
  readonly dropped: readonly DroppedFamilies[];
}

type NamedFamily = Pick<FamilyHead, 'name' | 'type' | 'keepsRawName'>;

/**
 * @param directory the directory's families; their names are cached by this array, which must not change
 * @param reserved families of the highest rank: none of their names is served
 * @param pages by endpoint; undefined for one without a page
 */
export function* arrangeFamilies(
  directory: readonly ExposedFamily[],
  reserved: readonly NamedFamily[],
  pages: readonly (readonly EndpointFamily[] | undefined)[],
): Steps<AppendedFamilies> {
  const isReserved = new Set(reserved.flatMap(claimedNames));
  const { byName, ownerOf } = yield* namesOfDirectory.getInSteps(directory, directoryNames);
  const appended = new Map<string, PagedFamily & EndpointFamily>();
  /** By claimed name, the family of an endpoint that has it. */
  const appendedOwnerOf = new Map<string, string>();
  const joined = new Map<string, JoinedFamily>();

  /** Places one family. @returns why it is left out; undefined where it is served */
  const place = (
    endpoint: number,
    family: EndpointFamily,
    i: number,
  ): keyof DroppedFamilies | undefined => {
    const { name, type, keepsRawName } = family;
    const part: PagedFamily = { endpoint, family: i };
    const claimed = claimedNames(family);
    const isAnothers = (claimedName: string) => {
      const owner = ownerOf.get(claimedName) ?? appendedOwnerOf.get(claimedName);
      return isReserved.has(claimedName) || (owner !== undefined && owner !== name);
    };
    if (claimed.some(isAnothers)) return 'name_conflict';

    const inDirectory = byName.get(name);
    const before = appended.get(name);
    const there = inDirectory ?? before;
    if (there === undefined) {
      for (const claimedName of claimed) appendedOwnerOf.set(claimedName, name);
      appended.set(name, { ...family, ...part });
      return undefined;
    }
    if (there.type !== type || there.keepsRawName !== keepsRawName) return 'type_conflict';
    const join = joined.get(name);
    if (join !== undefined) join.parts.push(part);
    else {
      const parts = before === undefined ? [part] : [before, part];
      joined.set(name, { name, directory: inDirectory, parts });
    }
    return undefined;
  };

  const dropped = pages.map((): DroppedFamilies => ({ type_conflict: 0, name_conflict: 0 }));
  const outcome = pages.map((families) => families && new Uint8Array(families.length));
  for (const [endpoint, families] of pages.entries()) {
    for (const [i, family] of families?.entries() ?? []) {
      if (i % ITEMS_PER_STEP === 0) yield;
      const reason = place(endpoint, family, i);
      if (reason === undefined) continue;
      outcome[endpoint]![i] = OUTCOME.none;
      dropped[endpoint]![reason] += family.series;
    }
  }
  for (const { parts } of joined.values()) {
    for (const { endpoint, family } of parts) outcome[endpoint]![family] = OUTCOME.apart;
  }
  return { outcome, joined: [...joined.values()], appended: [...appended.values()], dropped };
}

interface DirectoryNames {
  readonly byName: ReadonlyMap<string, ExposedFamily>;
  /** By claimed name, the family that has it. */
  readonly ownerOf: ReadonlyMap<string, string>;
}

const namesOfDirectory = new Memo<readonly ExposedFamily[], DirectoryNames>();

function* directoryNames(families: readonly ExposedFamily[]): Steps<DirectoryNames> {
  const byName = new Map<string, ExposedFamily>();
  const ownerOf = new Map<string, string>();
  for (const [i, family] of families.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    byName.set(family.name, family);
    for (const name of claimedNames(family)) ownerOf.set(name, family.name);
  }
  return { byName, ownerOf };
}
