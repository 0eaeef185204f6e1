/**
 * A family in OpenMetrics 1.0.0. Files hold no units, exemplars or creation times, so none are printed for them. An
 * external page can have a unit.
 *
 * Source: openmetrics/exposition.py, generate_latest; `src/reference.md` H5, H7, N6.
 */
import type { Dialect } from './dialect.js';
import { escapeMetricName, escapeQuoted, forceMetricName } from './escaping.js';
import type { ExposedFamily, FamilyBlock, FamilyHead } from './family.js';
import { familyLines } from './family-lines.js';
import { openMetricsFamilyName } from './family-name.js';

export function openMetricsBlocks(
  dialect: Dialect,
  family: ExposedFamily,
  renamed: boolean,
): FamilyBlock[] {
  return [
    {
      suffix: '',
      header: openMetricsHeader(dialect, family, renamed),
      seriesIndex: family.series.map((_, i) => i),
      lineOf: familyLines(dialect.escaping, renamed, family.series),
    },
  ];
}

export function openMetricsHeader(
  { escaping }: Dialect,
  family: FamilyHead,
  renamed: boolean,
): string {
  const name = openMetricsFamilyName(family);
  const printed = renamed ? forceMetricName(name) : escapeMetricName(name, escaping);
  // A counter's samples must end in `_total`; those of one that keeps its raw name do not.
  const type = family.type === 'counter' && family.keepsRawName ? 'unknown' : family.type;
  const header = `# HELP ${printed} ${escapeQuoted(family.help)}\n# TYPE ${printed} ${type}\n`;
  const { unit } = family;
  return hasUnit(printed, family) ? `${header}# UNIT ${printed} ${unit}\n` : header;
}

/** The name must end in the unit, and some types have none. */
function hasUnit(printed: string, { type, unit }: FamilyHead): boolean {
  if (unit === undefined || !/^[a-zA-Z0-9_:]+$/.test(unit)) return false;
  return printed.endsWith(`_${unit}`) && type !== 'info' && type !== 'stateset';
}
