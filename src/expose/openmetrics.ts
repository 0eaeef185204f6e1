/**
 * A family in OpenMetrics 1.0.0. Files hold no unit, exemplar or creation time, so none is printed.
 *
 * Source: openmetrics/exposition.py, generate_latest; `reference.md` H5, H7, N6.
 */
import type { Dialect } from './dialect.js';
import { escapeMetricName, escapeQuoted, forceMetricName } from './escaping.js';
import type { ExposedFamily, FamilyBlock } from './family.js';
import { familyLines } from './family-lines.js';
import { familyName } from './family-name.js';

export function openMetricsBlocks(
  { format, escaping }: Dialect,
  family: ExposedFamily,
  renamed: boolean,
): FamilyBlock[] {
  const name = familyName(format, family);
  const printed = renamed ? forceMetricName(name) : escapeMetricName(name, escaping);
  // A counter's samples must end in `_total`; those of a bare one do not.
  const type = family.type === 'counter' && family.bare ? 'unknown' : family.type;
  return [
    {
      header: `# HELP ${printed} ${escapeQuoted(family.help)}\n# TYPE ${printed} ${type}\n`,
      seriesIndex: family.series.map((_, i) => i),
      lineOf: familyLines(escaping, renamed, family.series),
    },
  ];
}
