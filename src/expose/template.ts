/**
 * Every byte of an exposition but the numbers, family by family, in any dialect. Runs when a family
 * changes, not per scrape; what joins text and slots is src/scrape/.
 *
 * What follows the families (`# EOF`) is not printed here.
 */
import { compareCodePoints } from '../format/code-point.js';
import { namesToForce } from './collision.js';
import type { Dialect } from './dialect.js';
import { escapeMetricName, forceMetricName } from './escaping.js';
import type { ExposedFamily, FamilyBlock } from './family.js';
import { familyName } from './family-name.js';
import { openMetricsBlocks } from './openmetrics.js';
import { textBlocks } from './text.js';

/**
 * Prints one family: a block, and in the text formats one more for each kind of sample they do not
 * know. The first block is there even without series, as in the reference.
 *
 * @param renamed collidingFamilies says so: all names of the family are printed in forced `values`
 */
export function familyBlocks(
  dialect: Dialect,
  family: ExposedFamily,
  renamed: boolean,
): FamilyBlock[] {
  const print = dialect.format === 'openmetrics' ? openMetricsBlocks : textBlocks;
  return print(dialect, family, renamed);
}

/**
 * Finds the families whose HELP and TYPE would repeat those of another one in this dialect.
 *
 * Not compared: sample names with those of other families (`h_bucket` of a histogram `h` with a gauge
 * called so), which no escaping brings about and the reference prints as they are.
 *
 * @returns indexes of the families that must be renamed; the first by code point of the name is not
 */
export function collidingFamilies(
  dialect: Dialect,
  families: readonly Pick<ExposedFamily, 'name' | 'type' | 'bare'>[],
): Set<number> {
  const order = families.map((_, i) => i);
  order.sort((a, b) => compareCodePoints(families[a]!.name, families[b]!.name));
  const name = order.map((i) => familyName(dialect.format, families[i]!));
  const spelling = name.map((one) => escapeMetricName(one, dialect.escaping));
  return new Set([...namesToForce(spelling, name.map(forceMetricName))].map((at) => order[at]!));
}
