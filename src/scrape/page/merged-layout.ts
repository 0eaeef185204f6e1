/**
 * Merges the families of several layouts for one exposition: each family once, in the order in which
 * it is first seen in the sources.
 *
 * Type and help are those of the first source that has the family. Lines of different sources are never joined: they
 * differ in the source label, and their numbers are folded separately.
 */
import { MetricFileError } from '../../errors.js';
import type { ExposedFamily } from '../../expose/family.js';
import { dialectFor } from '../../expose/formats.js';
import { collidingFamilies } from '../../expose/template.js';
import type { LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Layout } from '../../plan/layout.js';
import type { ProblemLog } from '../directory/problem-log.js';
import type { Source } from '../directory/source.js';

export interface MergedFamily extends ExposedFamily {
  /** The family in each layout that has it, in the order of the layouts. */
  readonly parts: readonly { readonly at: number; readonly family: LaidOutFamily }[];
}

export interface MergedLayout {
  readonly layouts: readonly Layout[];
  readonly families: readonly MergedFamily[];
}

/** The layouts of all sources as one, made anew when one of them changes. */
export class MergedLayouts {
  merged: MergedLayout = mergeLayouts([]);
  disagreements: readonly MetricFileError[] = [];
  readonly #log: ProblemLog;

  constructor(log: ProblemLog) {
    this.#log = log;
  }

  /** Logs what is new among the disagreements. */
  update(sources: readonly Source[]): void {
    const layouts = sources.map(({ live }) => live.layout);
    const last = this.merged.layouts;
    if (layouts.length === last.length && layouts.every((layout, i) => layout === last[i])) return;
    this.merged = mergeLayouts(layouts);
    this.disagreements = [...disagreements(this.merged, sources)];
    this.#log.report(this.disagreements);
  }
}

function mergeLayouts(layouts: readonly Layout[]): MergedLayout {
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

/** What sources disagree about, though each of them is consistent. */
function* disagreements(
  { families }: MergedLayout,
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
    // A collision within one source is reported by the source.
    if (collidingFamilies(dialectFor('text'), own).has(own.indexOf(family))) continue;
    const found = `${name} is escaped to a name that another family has`;
    yield new MetricFileError('NAMES_COLLIDE', pathOf(at), found);
  }
}
