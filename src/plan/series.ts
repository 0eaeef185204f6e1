/**
 * Which series an entry belongs to: its identity while merging, and what it is printed as.
 *
 * The two differ where the reference's do. It merges by the tuple of labels, followed by the file's process
 * id, and prints a dictionary made of that tuple: an application's own label `pid` keeps two series apart and
 * is then overwritten by the file's (`src/reference.md` E2).
 *
 * A directory may have a million series. So a series holds little more than the values of its labels, as one
 * string; what it has in common with others of its family is a SeriesKind.
 *
 * Source: prometheus_client multiprocess.py, _read_metrics and _accumulate_metrics.
 */
import type { Key, Label, Labels } from '../format/key.js';
import { withLabel } from '../format/labels.js';
import { formatNumber, parsePythonFloat } from '../format/number.js';
import { type AddedLabels, withAdded } from './added-labels.js';
import { LargeMap } from './large-map.js';
import type { MergeRule, Operation } from './operation.js';

/** A series without its slot and its process: what a key alone says under its family's rule. */
export class SeriesShape {
  readonly sampleName: string;
  readonly labels: Labels;
  readonly operation: Operation;
  /** Upper bound of a bucket; undefined for every other series. NaN is a bound like any other. */
  readonly bound: number | undefined;

  constructor(sampleName: string, labels: Labels, operation: Operation, bound?: number) {
    this.sampleName = sampleName;
    this.labels = labels;
    this.operation = operation;
    this.bound = bound;
  }

  /** Identifies a series within its family, and within its process where that counts. */
  get identity(): string {
    // One bucket for 1, 1.0 and 1e0, and for 0.0 and -0.0: JavaScript writes both zeros as 0.
    return this.bound === undefined
      ? `${JSON.stringify(this.sampleName)} ${this.labelSet}`
      : `bucket ${this.bound} ${this.labelSet}`;
  }

  /** Identity of the label set that the series is grouped by: without `le` for buckets. */
  get labelSet(): string {
    return JSON.stringify(this.bound === undefined ? this.labels : withoutBound(this.labels));
  }
}

/**
 * Finds the series of a key.
 *
 * @returns undefined for a bucket whose bound is not a number
 */
export function seriesShape(family: string, rule: MergeRule, key: Key): SeriesShape | undefined {
  const { operation, dropsPid, droppedLabels } = rule;
  const isKept = ([name]: Label) => !(dropsPid && name === 'pid') && !droppedLabels?.has(name);
  const isAll = !dropsPid && droppedLabels === undefined;
  const merged = isAll ? key.labels : key.labels.filter(isKept);

  const le = rule.hasBuckets ? merged.find(([name]) => name === 'le') : undefined;
  if (le === undefined) return new SeriesShape(key.sampleName, merged, operation);

  const bound = parsePythonFloat(le[1]);
  if (bound === undefined) return undefined;
  const labels = withLabel(merged, ['le', formatNumber(bound)]);
  return new SeriesShape(`${family}_bucket`, labels, operation, bound);
}

/** The `_count` that accumulation makes for the buckets of one label set. */
export function countShape(family: string, bucket: Series): SeriesShape {
  const { labels, operation } = bucket.shape;
  return new SeriesShape(`${family}_count`, withoutBound(labels), operation);
}

function withoutBound(labels: Labels): Labels {
  return labels.filter(([name]) => name !== 'le');
}

/** Where the value of a printed label comes from: an index into the values of the key, or one of these. */
const PROCESS_ID = -1;
const FIXED = -2;

interface PrintedLabel {
  readonly name: string;
  readonly from: number;
  /** Where `from` is FIXED. */
  readonly value: string;
}

/** What many series of one family have in common: everything but the values of their labels. */
export class SeriesKind {
  readonly sampleName: string;
  readonly operation: Operation;
  readonly isBucket: boolean;
  /** As the keys have them, sorted. */
  readonly keyNames: readonly string[];
  /** As printed, in order. */
  readonly labelNames: readonly string[];
  readonly #printed: readonly PrintedLabel[];
  /** By process id where it counts, then by the values of the labels. */
  readonly #series = new Map<string | undefined, LargeMap<Series>>();

  /** @param hasProcess the process id counts: it is printed as label `pid` */
  constructor(shape: SeriesShape, hasProcess: boolean, added: AddedLabels) {
    this.sampleName = shape.sampleName;
    this.operation = shape.operation;
    this.isBucket = shape.bound !== undefined;
    this.keyNames = shape.labels.map(([name]) => name);
    this.#printed = printedLabels(this.keyNames, hasProcess, added);
    this.labelNames = this.#printed.map(({ name }) => name);
  }

  find(processId: string | undefined, shape: SeriesShape): Series | undefined {
    return this.#series.get(processId)?.get(identityOf(shape));
  }

  /** REQUIRES: there is none yet. */
  make(slot: number, processId: string | undefined, shape: SeriesShape): Series {
    const identity = identityOf(shape);
    const values = Object.is(shape.bound, -0) ? valuesOf(shape.labels) : identity;
    const series = new Series(slot, this, values, processId);
    let ofProcess = this.#series.get(processId);
    if (ofProcess === undefined) {
      ofProcess = new LargeMap();
      this.#series.set(processId, ofProcess);
    }
    ofProcess.add(identity, series);
    return series;
  }

  /** Takes back make(). */
  remove({ processId, shape }: Series): void {
    this.#series.get(processId)?.delete(identityOf(shape));
  }

  /** As printed. */
  labelsOf({ values, processId }: Series): Labels {
    const value = parseValues(values);
    return this.#printed.map(({ name, from, value: fixed }) => {
      if (from >= 0) return [name, value[from]!];
      return [name, from === PROCESS_ID ? processId! : fixed];
    });
  }
}

/** One line of output, but for its number. A series keeps its slot while its family keeps its rule. */
export class Series {
  readonly slot: number;
  readonly kind: SeriesKind;
  /** Those of the key's labels, in order, as JSON; empty where it has none. */
  readonly values: string;
  /** That of the file, where it is part of the identity. */
  readonly processId: string | undefined;

  constructor(slot: number, kind: SeriesKind, values: string, processId: string | undefined) {
    this.slot = slot;
    this.kind = kind;
    this.values = values;
    this.processId = processId;
  }

  get sampleName(): string {
    return this.kind.sampleName;
  }

  get operation(): Operation {
    return this.kind.operation;
  }

  /** As printed: those of the key, the process id, and what is added. Made at each call. */
  get labels(): Labels {
    return this.kind.labelsOf(this);
  }

  get labelNames(): readonly string[] {
    return this.kind.labelNames;
  }

  /** Upper bound of a bucket. */
  get bound(): number | undefined {
    return this.shape.bound;
  }

  /** What its key alone says. */
  get shape(): SeriesShape {
    const { keyNames, sampleName, operation, isBucket } = this.kind;
    const value = parseValues(this.values);
    const labels = keyNames.map((name, i) => [name, value[i]!] as const);
    const bound = isBucket ? parsePythonFloat(value[keyNames.indexOf('le')]!) : undefined;
    return new SeriesShape(sampleName, labels, operation, bound);
  }

  /** Of the shape and the process. */
  get labelSet(): string {
    const { labelSet } = this.shape;
    return this.processId === undefined ? labelSet : `${labelSet} ${this.processId}`;
  }
}

/** Identifies a series among those of its kind and process. */
function identityOf({ labels, bound }: SeriesShape): string {
  // -0.0 is the same bound as 0.0, and is printed as it came first.
  if (!Object.is(bound, -0)) return valuesOf(labels);
  return valuesOf(withLabel(labels, ['le', formatNumber(0)]));
}

function valuesOf(labels: Labels): string {
  return labels.length === 0 ? '' : JSON.stringify(labels.map(([, value]) => value));
}

function parseValues(values: string): readonly string[] {
  return values === '' ? [] : (JSON.parse(values) as string[]);
}

/** The rules of withLabel and withAdded, applied to indexes instead of values. */
function printedLabels(
  keyNames: readonly string[],
  hasProcess: boolean,
  added: AddedLabels,
): readonly PrintedLabel[] {
  // What is added comes from a command line, which holds no NUL.
  const mark = (from: number) => `\0${from}`;
  let labels: Labels = keyNames.map((name, i) => [name, mark(i)]);
  if (hasProcess) labels = withLabel(labels, ['pid', mark(PROCESS_ID)]);
  return withAdded(added, labels).map(([name, value]) => ({
    name,
    from: value[0] === '\0' ? Number(value.slice(1)) : FIXED,
    value,
  }));
}
