/**
 * Families that come with their numbers: promfold's own, and others that no metric file holds. They are
 * few, made anew for each scrape, and printed as everything else is.
 */
import type { Dialect } from './dialect.js';
import type { ExposedFamily } from './family.js';
import { selectSeries } from './select.js';
import { collidingFamilies, familyBlocks } from './template.js';

export interface ValuedFamily extends ExposedFamily {
  /** value[i] stands behind the blank of series[i]: the number as it is printed. */
  readonly value: readonly string[];
  /** Where a sample has a time of its own. */
  readonly timestampMs?: readonly (number | undefined)[];
}

/**
 * @param beside the families printed before, none of which these repeat before escaping; where two
 *   names meet under escaping, these give way
 * @param wanted `name[]`; absent for all
 */
export function printFamilies(
  dialect: Dialect,
  families: readonly ValuedFamily[],
  beside: readonly ExposedFamily[],
  wanted?: ReadonlySet<string>,
): string {
  const renamed = collidingFamilies(dialect, families, beside);
  let text = '';
  for (const [i, family] of families.entries()) {
    const chosen = wanted === undefined ? family : select(dialect, family, wanted);
    if (chosen === undefined) continue;
    for (const { header, line, seriesIndex } of familyBlocks(dialect, chosen, renamed.has(i))) {
      text += header;
      for (const [j, one] of line.entries()) {
        const at = seriesIndex[j]!;
        text += `${one}${chosen.value[at]!}${timestamp(dialect, chosen.timestampMs?.[at])}\n`;
      }
    }
  }
  return text;
}

function select(
  dialect: Dialect,
  family: ValuedFamily,
  wanted: ReadonlySet<string>,
): ValuedFamily | undefined {
  const selected = selectSeries(dialect, family, wanted);
  return (
    selected && {
      ...family,
      series: selected.map((i) => family.series[i]!),
      value: selected.map((i) => family.value[i]!),
      ...(family.timestampMs && { timestampMs: selected.map((i) => family.timestampMs![i]) }),
    }
  );
}

/** Milliseconds in the text formats, seconds in OpenMetrics. */
function timestamp({ format }: Dialect, milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '';
  return ` ${format === 'openmetrics' ? milliseconds / 1000 : milliseconds}`;
}
