/**
 * The name a family has in its HELP and TYPE lines, before escaping.
 *
 * prometheus_client takes `_total` off a counter's name; OpenMetrics prints it so, while the text
 * formats put it back, and `_info` likewise.
 *
 * Source: exposition.py and openmetrics/exposition.py, generate_latest; `src/reference.md` H4, H7, N2.
 */
import type { ExposedFamily } from './family.js';

type NamedFamily = Pick<ExposedFamily, 'name' | 'type' | 'keepsRawName'>;

export function textFamilyName({ name, type, keepsRawName }: NamedFamily): string {
  if (type === 'counter' && !keepsRawName) return `${name}_total`;
  if (type === 'info') return `${name}_info`;
  return name;
}

export function openMetricsFamilyName({ name }: NamedFamily): string {
  return name;
}
