/**
 * JSON for --json: one document, one line. What JSON has no number for is a string as in an exposition: `NaN`,
 * `+Inf`, `-Inf`. What is not known is left out.
 */
import { formatNumber } from '../format/number.js';

export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'number' && !Number.isFinite(one) ? formatNumber(one) : one,
  );
  return `${text}\n`;
}
