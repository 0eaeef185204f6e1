/**
 * Histograms in the view of `diff`: one row for all series of a label set, as in `explain`, with the observations
 * made in between.
 *
 * Expositions and merged readings have running totals; the values of a process (`--by process`) are those of single
 * buckets.
 */
import type { Labels } from '../format/key.js';
import { formatNumber, parsePythonFloat } from '../format/number.js';
import { ITEMS_PER_STEP, type Steps } from '../steps.js';
import type { ExposedSample } from './exposition.js';
import { type Observations, observations } from './observations.js';
import { seriesName } from './series-name.js';

export interface ChangedHistogram {
  /** `request_seconds{path="/"}`: the family with the label set. */
  readonly histogram: string;
  readonly family: string;
  /** With `--by process`. */
  readonly processId?: string | undefined;
  /** Bounds of both, ascending, as printed. */
  readonly le: readonly string[];
  /** Absent where it was added. */
  readonly before?: Observations;
  /** Absent where it was removed. */
  readonly after?: Observations;
  /** Observations since; absent if either is absent, or if it went back. */
  readonly between?: Observations;
  readonly wentBack?: true;
}

export interface HistogramsDifference {
  readonly changed: readonly ChangedHistogram[];
  /** Histograms that are the same in both. */
  readonly same: number;
}

/** The part of a histogram that a sample is. */
export interface HistogramPart {
  /** `request_seconds{path="/"}`. */
  readonly histogram: string;
  readonly kind: 'bucket' | 'sum' | 'count';
  /** Of a bucket; undefined if it is not a number. */
  readonly bound: number | undefined;
}

/** The parts of a sample that are compared. */
export interface ComparedSample {
  readonly family: string;
  readonly processId: string | undefined;
  readonly value: number;
  /** Undefined if it is not part of a histogram. */
  readonly part: HistogramPart | undefined;
}

/** One histogram on one side. */
interface Gathered {
  readonly name: string;
  readonly family: string;
  readonly processId: string | undefined;
  /** By bound. */
  readonly buckets: Map<number, number>;
  sum: number | undefined;
}

const KINDS = ['bucket', 'sum', 'count'] as const;

/** @returns undefined if the sample is not part of a histogram */
export function histogramPart({
  family,
  sampleName,
  labels,
  type,
}: ExposedSample): HistogramPart | undefined {
  if (type !== 'histogram') return undefined;
  const kind = KINDS.find((suffix) => sampleName === `${family}_${suffix}`);
  if (kind === undefined) return undefined;
  const le = kind === 'bucket' ? labels.find(([name]) => name === 'le')?.[1] : undefined;
  return {
    histogram: seriesName(family, withoutBound(labels)),
    kind,
    bound: le === undefined ? undefined : parsePythonFloat(le),
  };
}

/** @param isCumulative whether buckets are running totals */
export function* diffHistograms(
  before: Iterable<ComparedSample>,
  after: Iterable<ComparedSample>,
  isCumulative: boolean,
): Steps<HistogramsDifference> {
  const was = yield* gather(before);
  const is = yield* gather(after);
  const changed: ChangedHistogram[] = [];
  let same = 0;
  for (const [key, old] of was) {
    if (!is.has(key)) changed.push(changeOf(old, undefined, isCumulative));
    yield;
  }
  for (const [key, now] of is) {
    const change = changeOf(was.get(key), now, isCumulative);
    if (isSame(change)) same++;
    else changed.push(change);
    yield;
  }
  return { changed, same };
}

function* gather(samples: Iterable<ComparedSample>): Steps<Map<string, Gathered>> {
  const found = new Map<string, Gathered>();
  let seen = 0;
  for (const { part, family, processId, value } of samples) {
    if (++seen % ITEMS_PER_STEP === 0) yield;
    if (part === undefined) continue;
    const { histogram: name, kind, bound } = part;
    const key = processId === undefined ? name : `${processId} ${name}`;
    let gathered = found.get(key);
    if (gathered === undefined) {
      gathered = { name, family, processId, buckets: new Map(), sum: undefined };
      found.set(key, gathered);
    }
    if (kind === 'sum') gathered.sum = value;
    if (bound !== undefined) gathered.buckets.set(bound, value);
  }
  return found;
}

function changeOf(
  old: Gathered | undefined,
  now: Gathered | undefined,
  isCumulative: boolean,
): ChangedHistogram {
  const bounds = [...new Set([...boundsOf(old), ...boundsOf(now)])].sort((a, b) => a - b);
  const first = old && runningTotals(old, bounds, isCumulative);
  const second = now && runningTotals(now, bounds, isCumulative);
  const { name, family, processId } = (now ?? old)!;
  const base = {
    histogram: name,
    family,
    ...(processId !== undefined && { processId }),
    le: bounds.map(formatNumber),
    ...(first && { before: observations(bounds, first, old!.sum) }),
    ...(second && { after: observations(bounds, second, now!.sum) }),
  };
  if (first === undefined || second === undefined) return base;
  const between = second.map((total, i) => total - first[i]!);
  if (between.some((delta) => delta < 0)) return { ...base, wentBack: true };
  const hasSums = old!.sum !== undefined && now!.sum !== undefined;
  const sum = hasSums ? now!.sum! - old!.sum! : undefined;
  return { ...base, between: observations(bounds, between, sum) };
}

function boundsOf(gathered: Gathered | undefined): Iterable<number> {
  return gathered === undefined ? [] : gathered.buckets.keys();
}

/** A bound that only the other side has gets the total of the bound below it. */
function runningTotals(
  { buckets }: Gathered,
  bounds: readonly number[],
  isCumulative: boolean,
): number[] {
  let total = 0;
  return bounds.map((bound) => {
    const own = buckets.get(bound);
    if (own !== undefined) total = isCumulative ? own : total + own;
    return total;
  });
}

function isSame({ before, after }: ChangedHistogram): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    Object.is(before.sum, after.sum) &&
    before.buckets.every((total, i) => Object.is(total, after.buckets[i]))
  );
}

function withoutBound(labels: Labels): Labels {
  return labels.filter(([name]) => name !== 'le');
}
