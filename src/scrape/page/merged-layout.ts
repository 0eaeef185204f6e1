/**
 * The families of several layouts as those of one exposition: each family once, in the order in which
 * the sources show them first.
 *
 * Type and help are those of the first source that has the family. The lines of each source stay its
 * own: they differ in the source's label, and their numbers are folded apart.
 */
import { MetricFileError } from '../../errors.js';
import type { ExposedFamily } from '../../expose/family.js';
import { dialectFor } from '../../expose/formats.js';
import { collidingFamilies } from '../../expose/template.js';
import type { LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Layout } from '../../plan/layout.js';
import type { Source } from '../directory/source.js';

export interface MergedFamily extends ExposedFamily {
  /** Its share of each layout that has it, in the order of the layouts. */
  readonly parts: readonly { readonly at: number; readonly family: LaidOutFamily }[];
}

export interface Merged {
  readonly layouts: readonly Layout[];
  readonly families: readonly MergedFamily[];
}

export function mergeLayouts(layouts: readonly Layout[]): Merged {
  const parts = new Map<string, { at: number; family: LaidOutFamily }[]>();
  for (const [at, { families }] of layouts.entries()) {
    for (const family of families) {
      const known = parts.get(family.name);
      if (known === undefined) parts.set(family.name, [{ at, family }]);
      else known.push({ at, family });
    }
  }
  const families = [...parts.values()].map((of): MergedFamily => {
    const { name, type, help, keepsRawName, series } = of[0]!.family;
    return { name, type, help, keepsRawName, series, parts: of };
  });
  return { layouts, families };
}

/** What sources disagree about, though each is sound alone. */
export function* disagreements(
  { families }: Merged,
  sources: readonly Source[],
): IterableIterator<MetricFileError> {
  const pathOf = (at: number) => sources[at]!.live.files.directory.path;
  for (const { name, type, parts } of families) {
    for (const { at, family } of parts) {
      if (family.type === type) continue;
      const found = `${name} is a ${family.type}, and a ${type} in source ${sources[parts[0]!.at]!.name}; served as ${type}`;
      yield new MetricFileError('FAMILY_CONFLICT', pathOf(at), found);
    }
  }
  for (const i of collidingFamilies(dialectFor('text'), families)) {
    const { name, parts } = families[i]!;
    const { at, family } = parts[0]!;
    const own = sources[at]!.live.layout.families;
    // Those that collide inside one source are reported by it.
    if (collidingFamilies(dialectFor('text'), own).has(own.indexOf(family))) continue;
    const found = `${name} is escaped to a name that another family has`;
    yield new MetricFileError('NAMES_COLLIDE', pathOf(at), found);
  }
}
