/**
 * Which series an entry belongs to: its identity while merging, and what it is printed as.
 *
 * The two differ where the reference's do. It merges by the tuple of labels with the file's process
 * id behind them, and prints a dictionary made of that tuple: an application's own label `pid` keeps
 * two series apart and is then overwritten by the file's (`reference.md` E2).
 *
 * Source: prometheus_client multiprocess.py, _read_metrics and _accumulate_metrics.
 */
import type { Key, Labels } from '../format/key.js';
import { withLabel } from '../format/labels.js';
import { formatNumber, parsePythonFloat } from '../format/number.js';
import type { MergeRule, Operation } from './operation.js';

/** A series but for its slot and its process: what a key alone says under its family's rule. */
export interface SeriesShape {
  /** Tells series of one family, and of one process where that counts, apart. */
  readonly identity: string;
  readonly sampleName: string;
  readonly labels: Labels;
  /** Identity of the label set that the series is grouped by: without `le` for buckets. */
  readonly labelSet: string;
  /** Upper bound of a bucket; absent for every other series. NaN is a bound like any other. */
  readonly bound?: number;
  readonly operation: Operation;
}

/** One line of output, but for its number. A series keeps its slot while its family keeps its rule. */
export interface Series {
  readonly slot: number;
  readonly shape: SeriesShape;
  /** Of the file, where it counts. */
  readonly processId: string | undefined;
  readonly sampleName: string;
  /** As printed: those of the shape, and the process id. */
  readonly labels: Labels;
  /** Of the shape and the process. */
  readonly labelSet: string;
}

/**
 * Finds the series of a key.
 *
 * @returns undefined for a bucket whose bound is no number
 */
export function seriesShape(family: string, rule: MergeRule, key: Key): SeriesShape | undefined {
  const merged = rule.dropsPid ? key.labels.filter(([name]) => name !== 'pid') : key.labels;
  const { operation } = rule;

  const le = rule.hasBuckets ? merged.find(([name]) => name === 'le') : undefined;
  if (le === undefined) return plainShape(key.sampleName, merged, operation);

  const bound = parsePythonFloat(le[1]);
  if (bound === undefined) return undefined;
  const base = merged.filter(([name]) => name !== 'le');
  const labelSet = JSON.stringify(base);
  return {
    // One bucket for 1, 1.0 and 1e0, and for 0.0 and -0.0; a template writes both zeros as 0.
    identity: `bucket ${bound} ${labelSet}`,
    sampleName: `${family}_bucket`,
    labels: withLabel(base, ['le', formatNumber(bound)]),
    labelSet,
    bound,
    operation,
  };
}

/** The `_count` that accumulation makes for the buckets of one label set. */
export function countShape(family: string, bucket: SeriesShape): SeriesShape {
  const labels = bucket.labels.filter(([name]) => name !== 'le');
  return plainShape(`${family}_count`, labels, bucket.operation);
}

/** Gives a shape its slot, and its process where that counts: the last label `pid` wins. */
export function seriesOf(shape: SeriesShape, slot: number, processId: string | undefined): Series {
  const { sampleName, labels, labelSet } = shape;
  if (processId === undefined) return { slot, shape, processId, sampleName, labels, labelSet };
  return {
    slot,
    shape,
    processId,
    sampleName,
    labels: withLabel(labels, ['pid', processId]),
    labelSet: `${labelSet} ${processId}`,
  };
}

function plainShape(sampleName: string, labels: Labels, operation: Operation): SeriesShape {
  const labelSet = JSON.stringify(labels);
  return {
    identity: `${JSON.stringify(sampleName)} ${labelSet}`,
    sampleName,
    labels,
    labelSet,
    operation,
  };
}
