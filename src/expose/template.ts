/**
 * Every byte of an exposition but the numbers, family by family, in any dialect. Runs when a family
 * changes, not per scrape. src/scrape/ joins text and slots.
 *
 * What follows the families (`# EOF`) is not printed here.
 */

import { compareCodePoints } from '../format/code-point.js';
import { Memo } from '../memo.js';
import { namesToForce } from './collision.js';
import type { Dialect } from './dialect.js';
import { escapeMetricName, forceMetricName } from './escaping.js';
import type { ExposedFamily, FamilyBlock, FamilyHead } from './family.js';
import { FORMAT } from './formats.js';

type NamedFamily = Pick<ExposedFamily, 'name' | 'type' | 'keepsRawName'>;

/**
 * Prints one family: a block, and in the text formats one more for each kind of sample that they do not
 * know. The first block is printed even without series, as in the reference.
 *
 * @param renamed whether collidingFamilies() found it: all names of the family are printed in forced `values`
 */
export function familyBlocks(
  dialect: Dialect,
  family: ExposedFamily,
  renamed: boolean,
): FamilyBlock[] {
  return FORMAT[dialect.format].blocks(dialect, family, renamed);
}

/** The header of a block that familyBlocks() makes. */
export function blockHeader(
  dialect: Dialect,
  family: FamilyHead,
  renamed: boolean,
  suffix: string,
): string {
  return FORMAT[dialect.format].header(dialect, family, renamed, suffix);
}

/** The suffixes that the blocks of a family can have, in their order. */
export function blockSuffixes({ format }: Dialect): readonly string[] {
  return FORMAT[format].blockSuffixes;
}

/**
 * Finds the families whose HELP and TYPE would repeat those of another one in this dialect.
 *
 * Not compared: sample names with those of other families (`h_bucket` of a histogram `h` with a gauge of
 * that name). Escaping does not cause such a conflict, and the reference prints both.
 *
 * @param existing families that are printed already: these keep their names
 * @returns indexes of the families that must be renamed; the first by code point of the name is not
 */
export function collidingFamilies(
  dialect: Dialect,
  families: readonly NamedFamily[],
  existing: readonly NamedFamily[] = [],
): Set<number> {
  const taken = existing.length === 0 ? undefined : printedNames(dialect, existing);
  if (areAllApart(dialect, families, taken)) return new Set();
  const order = families.map((_, i) => i);
  order.sort((a, b) => compareCodePoints(families[a]!.name, families[b]!.name));
  const name = order.map((i) => FORMAT[dialect.format].familyName(families[i]!));
  const spelling = name.map((plain) => escapeMetricName(plain, dialect.escaping));
  const renamed = namesToForce(
    spelling,
    name.map(forceMetricName),
    (printed) => taken?.has(printed) ?? false,
  );
  return new Set([...renamed].map((at) => order[at]!));
}

/** A quick check, for pages of ten thousand families: legal names are printed as they are. */
function areAllApart(
  { format, escaping }: Dialect,
  families: readonly NamedFamily[],
  taken: ReadonlySet<string> | undefined,
): boolean {
  if (escaping === 'dots') return false;
  const names = new Set<string>();
  for (const family of families) {
    const name = FORMAT[format].familyName(family);
    if (taken?.has(name) || escapeMetricName(name, 'underscores') !== name) return false;
    names.add(name);
  }
  return names.size === families.length;
}

/** By format and escaping. */
const printedByFormat = new Memo<readonly NamedFamily[], Map<string, ReadonlySet<string>>>();

/** The names in HELP and TYPE as they are printed. */
function printedNames(dialect: Dialect, families: readonly NamedFamily[]): ReadonlySet<string> {
  const { format, escaping } = dialect;
  const known = printedByFormat.get(families, () => new Map());
  const key = `${format} ${escaping}`;
  let printed = known.get(key);
  if (printed === undefined) {
    const renamed = collidingFamilies(dialect, families);
    printed = new Set(
      families.map((family, i) => {
        const name = FORMAT[format].familyName(family);
        return renamed.has(i) ? forceMetricName(name) : escapeMetricName(name, escaping);
      }),
    );
    known.set(key, printed);
  }
  return printed;
}
