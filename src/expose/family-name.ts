/**
 * The name a family has in its HELP and TYPE lines, before escaping.
 *
 * prometheus_client takes `_total` off a counter's name; OpenMetrics prints it so, while the text
 * formats put it back, and `_info` likewise.
 *
 * Source: exposition.py and openmetrics/exposition.py, generate_latest; `src/reference.md` H4, H7, N2.
 */
import type { Format } from './dialect.js';
import type { ExposedFamily } from './family.js';

export function familyName(
  format: Format,
  { name, type, bare }: Pick<ExposedFamily, 'name' | 'type' | 'bare'>,
): string {
  if (format === 'openmetrics') return name;
  if (type === 'counter' && !bare) return `${name}_total`;
  if (type === 'info') return `${name}_info`;
  return name;
}
