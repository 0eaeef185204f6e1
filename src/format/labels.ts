/**
 * Label sets: pairs sorted by name in code-point order, each name once.
 */
import { compareCodePoints } from './code-point.js';
import type { Label, Labels } from './key.js';

/** Labels with one more in its place by name; one of the same name is replaced. */
export function withLabel(labels: Labels, label: Label): Labels {
  const longer: Label[] = [];
  let isIn = false;
  for (const other of labels) {
    if (!isIn && compareCodePoints(other[0], label[0]) >= 0) {
      longer.push(label);
      isIn = true;
    }
    if (other[0] !== label[0]) longer.push(other);
  }
  if (!isIn) longer.push(label);
  return longer;
}
