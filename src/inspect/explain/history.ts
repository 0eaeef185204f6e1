/**
 * The view of `explain --since`: each series over time, with what each process had, and who decided it. In the shape of
 * `explain --json` at the last moment, with a history; series that are gone by then follow.
 */

import { OPERATION, OPERATION_NAME } from '../../plan/operation.js';
import type { Series } from '../../plan/series.js';
import { type PastEntry, PastValues, readHistory, selectedKeys } from '../past-values.js';
import type { Reading } from '../reading.js';
import type { RecordedPast } from '../recorded-reading.js';
import type { Selector } from '../selector.js';
import { seriesName } from '../series-name.js';
import { explain } from './explain.js';
import type { ExplainedHistogram, ExplainedSeries, Explanation } from './explanation.js';
import { type ChosenHistogram, type ChosenSeries, choose } from './selection.js';

/** Of a history: an hour of every sixth second. More can be told from an export. */
const MAX_POINTS = 600;

/** Moments that are read for the roles of processes that are gone. */
const MAX_LOOKUPS = 4;

export interface ShareHistory {
  readonly processId: string;
  readonly file: string;
  /** Its role, else its program. */
  readonly role: string | undefined;
  /** By time; undefined where the process had none. */
  readonly value: readonly (number | undefined)[];
}

/** From this time on another process decides, or none. */
export interface Decision {
  readonly timeSeconds: number;
  readonly value: number | undefined;
  readonly processId: string | undefined;
  readonly file: string | undefined;
}

export interface History {
  readonly timeSeconds: readonly number[];
  /** By time; undefined where no sample was printed. */
  readonly value: readonly (number | undefined)[];
  readonly shares: readonly ShareHistory[];
  /** Absent where values add up. */
  readonly decided?: readonly Decision[];
}

export interface WithHistory {
  readonly history: History;
}

export interface PastExplanation extends Omit<Explanation, 'series' | 'histograms'> {
  readonly sinceSeconds: number;
  readonly untilSeconds: number;
  /** Moments that were recorded in between. */
  readonly moments: number;
  readonly series: readonly (ExplainedSeries & WithHistory)[];
  /** The value is the number of observations. */
  readonly histograms: readonly (ExplainedHistogram & WithHistory)[];
}

/** @param fromSeconds as toSeconds: within the recording */
export async function explainPast(
  past: RecordedPast,
  selector: Selector,
  fromSeconds: number,
  toSeconds: number,
): Promise<PastExplanation> {
  const keyId = selectedKeys(past, selector);
  const [history, reading] = await Promise.all([
    readHistory(past, keyId, fromSeconds, toSeconds),
    past.readingOf(toSeconds, keyId),
  ]);
  const values = new PastValues(past, history);
  const last = explain(reading, selector);
  const roles = await earlierRoles(past, values, reading);
  const lastSeries = new Map<string, ExplainedSeries>();
  for (const series of last.series) lastSeries.set(series.series, series);
  const lastHistograms = new Map<string, ExplainedHistogram>();
  for (const histogram of last.histograms) lastHistograms.set(histogram.histogram, histogram);
  for (const { shares } of [...lastSeries.values(), ...lastHistograms.values()]) {
    for (const { processId, role, program } of shares) roles.set(processId, role ?? program);
  }

  const series: (ExplainedSeries & WithHistory)[] = [];
  const histograms: (ExplainedHistogram & WithHistory)[] = [];
  const told = new Teller(values, roles);
  for (const family of values.layout.families) {
    for (const chosen of choose(family, selector)) {
      if ('series' in chosen) {
        const name = seriesName(chosen.series.sampleName, chosen.series.labels);
        const base = lastSeries.get(name) ?? goneSeries(values, chosen, name);
        series.push({ ...base, history: told.series(chosen) });
      } else {
        const name = seriesName(family.name, chosen.group.count.labels);
        const base = lastHistograms.get(name) ?? goneHistogram(chosen, name);
        histograms.push({ ...base, history: told.histogram(chosen) });
      }
    }
  }
  const { timeSeconds } = values;
  return {
    path: past.path,
    takenAtSeconds: last.takenAtSeconds,
    windowSeconds: undefined,
    sinceSeconds: timeSeconds[0] ?? fromSeconds,
    untilSeconds: timeSeconds.at(-1) ?? toSeconds,
    moments: timeSeconds.length,
    series,
    histograms,
  };
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

class Teller {
  readonly #values: PastValues;
  readonly #roles: ReadonlyMap<string, string | undefined>;
  /** Indexes of the times that are told. */
  readonly #points: readonly number[];

  constructor(values: PastValues, roles: ReadonlyMap<string, string | undefined>) {
    this.#values = values;
    this.#roles = roles;
    this.#points = evenly(values.timeSeconds.length, MAX_POINTS);
  }

  series({ series, group }: ChosenSeries): History {
    if (group !== undefined) {
      const last = group.buckets.indexOf(series);
      return this.#summed(last < 0 ? group.buckets : group.buckets.slice(0, last + 1));
    }
    const values = this.#values;
    const entries = values.entriesOf(series.slot);
    const decided =
      series.operation === OPERATION.sum ? undefined : this.#decisions(series, entries);
    return {
      timeSeconds: this.#times(),
      value: this.#points.map((at) => values.joinedAt(series, entries, at).value),
      shares: entries.map((entry) => ({
        ...this.#holder(entry),
        value: this.#points.map((at) =>
          values.isPresent(entry, at) ? values.valueAt(entry, at) : undefined,
        ),
      })),
      ...(decided && { decided }),
    };
  }

  histogram({ group }: ChosenHistogram): History {
    return this.#summed(group.buckets);
  }

  /** Of several series that add up: buckets, up to a bound. In the order in which a scrape adds them. */
  #summed(buckets: readonly Series[]): History {
    const values = this.#values;
    const entries = buckets.map(({ slot }) => values.entriesOf(slot));
    const byFile = new Map<PastEntry['file'], PastEntry[]>();
    for (const entry of entries.flat()) {
      const own = byFile.get(entry.file);
      if (own === undefined) byFile.set(entry.file, [entry]);
      else own.push(entry);
    }
    const sumAt = (some: readonly PastEntry[], at: number) => {
      const there = some.filter((entry) => values.isPresent(entry, at));
      if (there.length === 0) return undefined;
      return there.reduce((sum, entry) => sum + values.valueAt(entry, at), 0);
    };
    const totalAt = (at: number) => {
      const sums = entries.flatMap((some) => sumAt(some, at) ?? []);
      return sums.length === 0 ? undefined : sums.reduce((total, sum) => total + sum, 0);
    };
    return {
      timeSeconds: this.#times(),
      value: this.#points.map(totalAt),
      shares: [...byFile.values()].map((own) => ({
        ...this.#holder(own[0]!),
        value: this.#points.map((at) => sumAt(own, at)),
      })),
    };
  }

  #times(): number[] {
    return this.#points.map((at) => this.#values.timeSeconds[at]!);
  }

  #holder({ file }: PastEntry): Omit<ShareHistory, 'value'> {
    const { processId } = file.fileName;
    return { processId, file: file.name, role: this.#roles.get(processId) };
  }

  /** At all moments, not only at those that are told. */
  #decisions(series: Series, entries: readonly PastEntry[]): Decision[] {
    const values = this.#values;
    const decided: Decision[] = [];
    let last: PastEntry | undefined;
    for (const [at, timeSeconds] of values.timeSeconds.entries()) {
      const { value, winner } = values.joinedAt(series, entries, at);
      if (at > 0 && winner?.row === last?.row) continue;
      last = winner;
      const { processId, file } = winner === undefined ? {} : this.#holder(winner);
      decided.push({ timeSeconds, value, processId, file });
    }
    return decided;
  }
}

/** Indexes, first and last among them. */
function evenly(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}
