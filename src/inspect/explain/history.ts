/**
 * The view of `explain --since`: each series over time, with what each process had, and who decided it. In the shape of
 * `explain --json` at the last moment, with a history; series that are gone by then follow.
 *
 * Planning and telling are in slices: a daemon answers it, too.
 */
import { OPERATION_NAME } from '../../plan/operation.js';
import { inSlices, type Steps } from '../../steps.js';
import { PastValues, readHistory } from '../past-values.js';
import type { Reading } from '../reading.js';
import type { RecordedPast } from '../recorded-reading.js';
import type { Selector } from '../selector.js';
import type { Page } from '../series/ordering.js';
import { SeriesIndex } from '../series-index.js';
import { seriesName } from '../series-name.js';
import { type Chosen, explainChosen } from './explain.js';
import type { ExplainedHistogram, ExplainedSeries, Explanation } from './explanation.js';
import { type PastSelection, selectionOf } from './past-selection.js';
import type { ChosenHistogram, ChosenSeries } from './selection.js';
import { type HistogramHistory, type History, PastTeller } from './tell-past.js';

/** Of a history: an hour of every sixth second. More can be told from an export. */
export const MAX_POINTS = 600;

/** Moments that are read for the roles of processes that are gone. */
const MAX_LOOKUPS = 4;

export interface PastQuery {
  /** As toSeconds: within the recording. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Between two points; where absent, MAX_POINTS of them at most are spread evenly. */
  readonly stepSeconds?: number | undefined;
  /** Of the series and the histograms after them; all where absent. */
  readonly page?: Page;
  /** That are read; where absent as many as the addon does. */
  readonly maxValues?: number;
}

export interface PastExplanation extends Omit<Explanation, 'series' | 'histograms'> {
  readonly sinceSeconds: number;
  readonly untilSeconds: number;
  /** Moments that were recorded in between. */
  readonly moments: number;
  readonly series: readonly (ExplainedSeries & { readonly history: History })[];
  /** The value is the number of observations. */
  readonly histograms: readonly (ExplainedHistogram & { readonly history: HistogramHistory })[];
}

export interface PastExplanationPage {
  readonly explanation: PastExplanation;
  /** Series and histograms that are selected. */
  readonly total: number;
}

export async function explainPast(
  past: RecordedPast,
  selector: Selector,
  query: PastQuery,
): Promise<PastExplanationPage> {
  const { fromSeconds, toSeconds, maxValues } = query;
  const selection = selectionOf(past.keys, selector);
  await inSlices(selection.findKeys());
  const [history, reading] = await Promise.all([
    readHistory(past, selection.narrowed, { fromSeconds, toSeconds, maxValues }),
    past.readingOf(toSeconds, selection.keyId),
  ]);
  const values = await inSlices(PastValues.inSteps(past, history));
  const chosen = await inSlices(selection.chosenOf(values.layout));
  const shown = pageOf(chosen, query.page);
  const last = await inSlices(lastExplained(reading, selection, shown));
  const roles = await earlierRoles(past, values, reading);
  for (const { shares } of [...last.series.values(), ...last.histograms.values()]) {
    for (const { processId, role, program } of shares) roles.set(processId, role ?? program);
  }
  const told = new PastTeller(values, roles, pointsOf(values.timeSeconds, query));
  const { timeSeconds } = values;
  return {
    explanation: {
      path: past.path,
      takenAtSeconds: reading.takenAtSeconds,
      windowSeconds: undefined,
      sinceSeconds: timeSeconds[0] ?? fromSeconds,
      untilSeconds: timeSeconds.at(-1) ?? toSeconds,
      moments: timeSeconds.length,
      ...(await inSlices(tellAll(told, values, shown, last))),
    },
    total: chosen.series.length + chosen.histograms.length,
  };
}

function pageOf({ series, histograms }: Chosen, page: Page | undefined): Chosen {
  if (page === undefined) return { series, histograms };
  const { offset, limit } = page;
  const from = Math.max(0, offset - series.length);
  const to = Math.max(0, offset + limit - series.length);
  return { series: series.slice(offset, offset + limit), histograms: histograms.slice(from, to) };
}

/** By name. */
interface LastExplained {
  readonly series: ReadonlyMap<string, ExplainedSeries>;
  readonly histograms: ReadonlyMap<string, ExplainedHistogram>;
}

/** What there is at the end of what is shown. */
function* lastExplained(
  reading: Reading,
  selection: PastSelection,
  shown: Chosen,
): Steps<LastExplained> {
  const planned = yield* selection.plan.of(reading);
  const index = new SeriesIndex(planned);
  const names = new Set([
    ...shown.series.map(nameOfSeries),
    ...shown.histograms.map(nameOfHistogram),
  ]);
  const there = yield* selection.chosenOf(index.layout);
  const series = there.series.filter((one) => names.has(nameOfSeries(one)));
  const histograms = there.histograms.filter((one) => names.has(nameOfHistogram(one)));
  yield;
  const explained = explainChosen(planned, index, { series, histograms });
  return {
    series: new Map(Array.from(explained.series, (one) => [one.series, one])),
    histograms: new Map(Array.from(explained.histograms, (one) => [one.histogram, one])),
  };
}

function nameOfSeries({ series }: ChosenSeries): string {
  return seriesName(series.sampleName, series.labels);
}

function nameOfHistogram({ family, group }: ChosenHistogram): string {
  return seriesName(family.name, group.count.labels);
}

function* tellAll(
  told: PastTeller,
  values: PastValues,
  shown: Chosen,
  last: LastExplained,
): Steps<Pick<PastExplanation, 'series' | 'histograms'>> {
  const series: PastExplanation['series'][number][] = [];
  for (const chosen of shown.series) {
    const name = nameOfSeries(chosen);
    const base = last.series.get(name) ?? goneSeries(values, chosen, name);
    series.push({ ...base, history: yield* told.series(chosen) });
  }
  const histograms: PastExplanation['histograms'][number][] = [];
  for (const chosen of shown.histograms) {
    const name = nameOfHistogram(chosen);
    const base = last.histograms.get(name) ?? goneHistogram(chosen, name);
    histograms.push({ ...base, history: yield* told.histogram(chosen) });
  }
  return { series, histograms };
}

/** Indexes of the times that are told, ascending; the last moment is always one. */
function pointsOf(
  timeSeconds: Float64Array,
  { fromSeconds, toSeconds, stepSeconds }: PastQuery,
): readonly number[] {
  if (stepSeconds === undefined) return evenly(timeSeconds.length, MAX_POINTS);
  const points = new Set<number>();
  let next = 0;
  for (let step = 0; fromSeconds + step * stepSeconds <= toSeconds; step++) {
    // The last moment at or before each step.
    while (next < timeSeconds.length && timeSeconds[next]! <= fromSeconds + step * stepSeconds) {
      next++;
    }
    if (next > 0) points.add(next - 1);
  }
  if (timeSeconds.length > 0) points.add(timeSeconds.length - 1);
  return [...points];
}

/** Indexes, first and last among them. */
function evenly(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}

/** Processes that are gone at the end: of these, what was known when the last of them went, and the ones before. */
async function earlierRoles(
  past: RecordedPast,
  values: PastValues,
  { writers }: Reading,
): Promise<Map<string, string | undefined>> {
  const lastSeen = new Map<string, number>();
  for (const { slot } of values.layout.families.flatMap(({ series }) => series)) {
    for (const entry of values.entriesOf(slot)) {
      const { processId } = entry.file.fileName;
      if (processId === '' || writers.has(processId)) continue;
      const last = values.lastPresent(entry);
      if (last > (lastSeen.get(processId) ?? 0)) lastSeen.set(processId, last);
    }
  }
  // Reading a moment takes as long as an explanation of it.
  const times = [...new Set(lastSeen.values())].sort((a, b) => b - a).slice(0, MAX_LOOKUPS);
  const roles = new Map<string, string | undefined>();
  for (const then of await Promise.all(times.map((seconds) => past.writersAt(seconds)))) {
    for (const { processId, role, program } of then) {
      if (!roles.has(processId)) roles.set(processId, role ?? program);
    }
  }
  return roles;
}

/** A series that is not there any more at the end. */
function goneSeries(
  { structure }: PastValues,
  { family, series: { sampleName, labels, operation } }: ChosenSeries,
  name: string,
): ExplainedSeries {
  return {
    series: name,
    sampleName,
    labels: Object.fromEntries(labels),
    family: family.name,
    type: family.type,
    mode: family.type === 'gauge' ? structure.modes.get(family.name) : undefined,
    operation: OPERATION_NAME[operation],
    value: undefined,
    shares: [],
    verdict: 'gone',
    warnings: [],
  };
}

function goneHistogram({ family, group }: ChosenHistogram, name: string): ExplainedHistogram {
  return {
    histogram: name,
    labels: Object.fromEntries(group.count.labels),
    family: family.name,
    operation: 'sum',
    le: [],
    count: 0,
    sum: undefined,
    quantiles: { p50: Number.NaN, p90: Number.NaN, p99: Number.NaN },
    buckets: [],
    shares: [],
    warnings: [],
  };
}
