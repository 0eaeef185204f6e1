/**
 * Which names become equal under the default escaping, to be reported. `a.b` and `a_b` may be two families, two labels
 * of a series, or two series of a family; only `values` and `allow-utf-8` tell them apart (`src/reference.md` N9). Runs
 * when the layout changes.
 */
import { Memo } from '../memo.js';
import { namesToForce } from './collision.js';
import { escapeLabelName, forceLabelName } from './escaping.js';
import type { ExposedFamily, ExposedSeries } from './family.js';
import { haveSameNames, labelNamesOf, renamedSeries } from './family-lines.js';
import { dialectFor } from './formats.js';
import { collidingFamilies } from './template.js';

/** One line for each family that is renamed, in whole or in a label or series. */
export function* nameCollisions(
  families: readonly ExposedFamily[],
): IterableIterator<{ family: string; found: string }> {
  for (const i of collidingFamilies(dialectFor('text'), families)) {
    yield { family: families[i]!.name, found: 'is escaped to a name that another family has' };
  }
  for (const family of families) {
    for (const found of collisionsIn.get(family, (of) => [...findCollisions(of)]))
      yield { family: family.name, found };
  }
}

/** Found once for each family, which may have thousands of series. */
const collisionsIn = new Memo<ExposedFamily, readonly string[]>();

function* findCollisions({ series }: ExposedFamily): IterableIterator<string> {
  const labels = renamedLabels(series);
  if (labels.length > 0) {
    const names = labels.map((label) => JSON.stringify(label)).join(', ');
    yield `has labels escaped to names that others have: ${names}`;
  }
  const repeated = renamedSeries(series);
  if (repeated.length > 0) {
    const { sampleName } = repeated[0]!;
    yield `has ${repeated.length} series escaped to another's line, of ${sampleName} first`;
  }
}

function renamedLabels(series: ExposedFamily['series']): string[] {
  const found = new Set<string>();
  let last: ExposedSeries | undefined;
  for (const current of series) {
    // Thousands of series in a row have the same label names.
    if (last !== undefined && haveSameNames(current, last)) continue;
    last = current;
    const names = labelNamesOf(current);
    const spelling = names.map((name) => escapeLabelName(name, 'underscores'));
    for (const i of namesToForce(spelling, names.map(forceLabelName))) found.add(names[i]!);
  }
  return [...found];
}
