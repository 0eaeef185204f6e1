/** The entries that a client makes for a family: one a sample, histograms one a bucket and their sum. */

import { formatNumber } from '../../src/format/number.js';
import type { Entry } from './file-image.js';

export interface Family {
  /** Without `_total`. */
  readonly name: string;
  readonly help: string;
}
type Labels = Readonly<Record<string, string>>;

export function counterEntry({ name, help }: Family, labels: Labels): Entry {
  return { family: name, sampleName: `${name}_total`, labels, help, value: 'count' };
}

export function gaugeEntry({ name, help }: Family, labels: Labels): Entry {
  return { family: name, sampleName: name, labels, help, value: 'amount' };
}

/** @param bounds without +Inf, which is added */
export function histogramEntries(
  { name, help }: Family,
  labels: Labels,
  bounds: readonly number[],
): Entry[] {
  const bucket = (le: string): Entry => ({
    family: name,
    sampleName: `${name}_bucket`,
    labels: { ...labels, le },
    help,
    value: 'count',
  });
  return [
    { family: name, sampleName: `${name}_sum`, labels, help, value: 'amount' },
    ...bounds.map((bound) => bucket(formatNumber(bound))),
    bucket('+Inf'),
  ];
}

export function summaryEntries({ name, help }: Family, labels: Labels): Entry[] {
  return [
    { family: name, sampleName: `${name}_count`, labels, help, value: 'count' },
    { family: name, sampleName: `${name}_sum`, labels, help, value: 'amount' },
  ];
}
