/**
 * Which series an entry belongs to: its identity while merging, and what it is printed as.
 *
 * The two differ where the reference's do. It merges by the tuple of labels with the file's process
 * id behind them, and prints a dictionary made of that tuple: an application's own label `pid` keeps
 * two series apart and is then overwritten by the file's (`reference.md` E2).
 *
 * Source: prometheus_client multiprocess.py, _read_metrics and _accumulate_metrics.
 */
import { compareCodePoints } from '../format/code-point.js';
import type { Key, Labels } from '../format/key.js';
import { formatNumber, parsePythonFloat } from '../format/number.js';
import type { MergeRule, Operation } from './operation.js';

/** One line of output, but for its number. A series keeps its slot while its family keeps its rule. */
export interface Series {
  readonly slot: number;
  readonly sampleName: string;
  /** As printed. */
  readonly labels: Labels;
  /** Identity of the label set that the series is grouped by: without `le` for buckets. */
  readonly labelSet: string;
  /** Upper bound of a bucket; absent for every other series. NaN is a bound like any other. */
  readonly bound?: number;
  readonly operation: Operation;
}

/** A series before it has a slot. `identity` tells series of one family apart. */
export type SeriesShape = Omit<Series, 'slot'> & { readonly identity: string };

/**
 * Finds the series of an entry.
 *
 * @param processId of the file, where the file's process id counts: gauge files of a family that
 *   keeps it
 * @returns undefined for a bucket whose bound is no number
 */
export function seriesShape(
  family: string,
  rule: MergeRule,
  key: Key,
  processId: string | undefined,
): SeriesShape | undefined {
  const merged = rule.dropsPid ? key.labels.filter(([name]) => name !== 'pid') : key.labels;
  const { operation } = rule;

  const le = rule.hasBuckets ? merged.find(([name]) => name === 'le') : undefined;
  if (le === undefined) {
    const labelSet = labelSetIdentity(merged, processId);
    return {
      identity: plainIdentity(key.sampleName, labelSet),
      sampleName: key.sampleName,
      labels: withProcessId(merged, processId),
      labelSet,
      operation,
    };
  }

  const bound = parsePythonFloat(le[1]);
  if (bound === undefined) return undefined;
  const base = merged.filter(([name]) => name !== 'le');
  const labelSet = labelSetIdentity(base, processId);
  return {
    // One bucket for 1, 1.0 and 1e0, and for 0.0 and -0.0; String() writes both zeros as 0.
    identity: `bucket ${bound} ${labelSet}`,
    sampleName: `${family}_bucket`,
    labels: withLabel(withProcessId(base, processId), 'le', formatNumber(bound)),
    labelSet,
    bound,
    operation,
  };
}

/** The `_count` that accumulation makes for the buckets of one label set. */
export function countShape(family: string, bucket: Series): SeriesShape {
  const sampleName = `${family}_count`;
  return {
    identity: plainIdentity(sampleName, bucket.labelSet),
    sampleName,
    labels: bucket.labels.filter(([name]) => name !== 'le'),
    labelSet: bucket.labelSet,
    operation: bucket.operation,
  };
}

function plainIdentity(sampleName: string, labelSet: string): string {
  return `${JSON.stringify(sampleName)} ${labelSet}`;
}

function labelSetIdentity(labels: Labels, processId: string | undefined): string {
  const identity = JSON.stringify(labels);
  return processId === undefined ? identity : `${identity} ${JSON.stringify(processId)}`;
}

function withProcessId(labels: Labels, processId: string | undefined): Labels {
  return processId === undefined ? labels : withLabel(labels, 'pid', processId);
}

/** Labels with one more in its place by name; one of the same name is replaced. */
function withLabel(labels: Labels, name: string, value: string): Labels {
  const others = labels.filter(([other]) => other !== name);
  const at = others.findIndex(([other]) => compareCodePoints(other, name) > 0);
  const place = at < 0 ? others.length : at;
  return [...others.slice(0, place), [name, value], ...others.slice(place)];
}
