/**
 * The view of `top`: what changes between two readings of a directory.
 *
 * It counts two things, and never adds them up, since one event is often both: increments of counters (one by 4,000
 * tokens counts 4,000), and observations of histograms and summaries. For gauges, which go up and down, it has the
 * merged value and its change.
 *
 * A file only grows at its end, so entry i of a file is the same series in both readings.
 */

import { compareCodePoints } from '../format/code-point.js';
import { isUnusable, type Key, type Labels } from '../format/key.js';
import { Memo } from '../memo.js';
import { joinColumns } from '../plan/join.js';
import type { Liveness } from '../processes/writer.js';
import { check } from './check.js';
import { NO_ENTRIES } from './entry-columns.js';
import type { Severity } from './findings/finding.js';
import { RULES } from './findings/rules.js';
import { lastSeenByProcess, usedBytesOf } from './processes.js';
import type { ReadFile, Reading } from './reading.js';
import { SeriesIndex } from './series-index.js';
import { seriesName } from './series-name.js';

export interface TopProcess {
  readonly processId: string;
  readonly liveness: Liveness;
  /** As in `ls`: the latest sign that it wrote. */
  readonly lastSeenSeconds: number | undefined;
  readonly pid: number | undefined;
  readonly role: string | undefined;
  readonly program: string | undefined;
  /** Of counters. */
  readonly incrementsPerSecond: number;
  /** Of histograms and summaries. */
  readonly observationsPerSecond: number;
  /** Counted series that changed; a histogram is one. */
  readonly movingEntries: number;
  readonly entries: number;
  readonly usedBytes: number;
}

export interface TopSeries {
  /** `http_requests_total{path="/"}`; of a histogram or summary its `_count`. */
  readonly series: string;
  readonly family: string;
  /** Of all processes; for a histogram or summary, observations. */
  readonly incrementsPerSecond: number;
  /** Processes in which it moved. */
  readonly processes: number;
}

export interface TopGauge {
  readonly series: string;
  readonly family: string;
  readonly mode: string | undefined;
  /** As a scrape prints it. */
  readonly value: number;
  /** Since the previous reading; absent if it had no value then. */
  readonly change?: number;
  /** Processes whose values are merged in it. */
  readonly processes: number;
}

export interface TopProblem {
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  readonly count: number;
}

export interface TopView {
  readonly path: string;
  readonly takenAtSeconds: number;
  /** Between the two readings; 0 for the first, which has no rates. */
  readonly windowSeconds: number;
  /** Of counters, and of histograms and summaries: see TopProcess. */
  readonly incrementsPerSecond: number;
  readonly observationsPerSecond: number;
  readonly files: number;
  readonly entries: number;
  readonly usedBytes: number;
  /** Fastest first. */
  readonly processes: readonly TopProcess[];
  /** Only changed series, fastest first. */
  readonly series: readonly TopSeries[];
  /** Only changed gauges, by name. */
  readonly gauges: readonly TopGauge[];
  /** Errors and warnings of `check` that the files alone show. */
  readonly problems: readonly TopProblem[];
}

/** Rules of severity info do not run at each refresh. */
const SHOWN_RULES = RULES.filter(({ severity }) => severity !== 'info');

/** @param before the previous reading; undefined for the first: all rates are 0 then */
export function viewTop(now: Reading, before: Reading | undefined): TopView {
  const windowSeconds = before === undefined ? 0 : now.takenAtSeconds - before.takenAtSeconds;
  const perSecond = (count: number) => (windowSeconds > 0 ? count / windowSeconds : 0);
  const earlier = new Map(before?.files.map((file) => [file.name, file]));

  const processes = new Map<string, Counted>();
  const series = new Map<string, { family: string; increments: number; processes: Set<string> }>();
  const texts = new Map<number, string>();
  const total = { increments: 0, observations: 0 };
  for (const file of now.files) {
    const { fileName, entries, fault } = file;
    if (fileName === undefined) continue;
    const { processId, type } = fileName;
    let known = processes.get(processId);
    if (known === undefined) {
      known = { increments: 0, observations: 0, moving: new Set(), entries: 0, used: 0 };
      processes.set(processId, known);
    }
    known.entries += entries.length;
    known.used += usedBytesOf(file);
    if (before === undefined || fault !== undefined || type === 'gauge') continue;
    const what = type === 'counter' ? 'increments' : 'observations';
    for (const { keyId, key, increments } of movedEntries(file, earlier.get(file.name))) {
      let text = texts.get(keyId);
      if (text === undefined) {
        text = countedText(key);
        texts.set(keyId, text);
      }
      let counted = series.get(text);
      if (counted === undefined) {
        counted = { family: key.family, increments: 0, processes: new Set() };
        series.set(text, counted);
      }
      counted.increments += increments;
      counted.processes.add(processId);
      known[what] += increments;
      known.moving.add(text);
      total[what] += increments;
    }
  }

  const lastSeen = lastSeenByProcess(now);
  return {
    path: now.path,
    takenAtSeconds: now.takenAtSeconds,
    windowSeconds,
    incrementsPerSecond: perSecond(total.increments),
    observationsPerSecond: perSecond(total.observations),
    files: now.files.length,
    entries: now.files.reduce((sum, { entries }) => sum + entries.length, 0),
    usedBytes: now.files.reduce((sum, file) => sum + usedBytesOf(file), 0),
    processes: [...processes]
      .map(([processId, { increments, observations, moving, entries, used }]): TopProcess => {
        const writer = now.writers.get(processId);
        return {
          processId,
          liveness: writer?.liveness ?? 'unknown',
          lastSeenSeconds: lastSeen.get(processId),
          pid: writer?.pid,
          role: writer?.role,
          program: writer?.program,
          incrementsPerSecond: perSecond(increments),
          observationsPerSecond: perSecond(observations),
          movingEntries: moving.size,
          entries,
          usedBytes: used,
        };
      })
      .sort(
        (a, b) =>
          b.incrementsPerSecond - a.incrementsPerSecond ||
          b.observationsPerSecond - a.observationsPerSecond,
      ),
    series: [...series]
      .map(([text, { family, increments, processes: movedIn }]) => ({
        series: text,
        family,
        incrementsPerSecond: perSecond(increments),
        processes: movedIn.size,
      }))
      .sort((a, b) => b.incrementsPerSecond - a.incrementsPerSecond),
    gauges: before === undefined ? [] : movedGauges(now, before),
    problems: check(now, undefined, SHOWN_RULES).findings.map(
      ({ code, severity, title, evidence }) => ({
        code,
        severity,
        title,
        count: evidence.length,
      }),
    ),
  };
}

/** What one process did between two readings. */
interface Counted {
  increments: number;
  observations: number;
  /** A histogram is one, whatever the buckets of its observations. */
  readonly moving: Set<string>;
  entries: number;
  used: number;
}

/** Gauges whose merged value changed, in name order; a new one had no value. */
function movedGauges(now: Reading, before: Reading): TopGauge[] {
  const was = gaugesOf.get(before, indexGauges);
  const moved: TopGauge[] = [];
  for (const [series, { value, ...gauge }] of gaugesOf.get(now, indexGauges)) {
    const last = was.get(series)?.value;
    if (Object.is(last, value)) continue;
    moved.push({ series, ...gauge, value, ...(last !== undefined && { change: value - last }) });
  }
  return moved.sort((a, b) => compareCodePoints(a.series, b.series));
}

type GaugeNow = Pick<TopGauge, 'family' | 'mode' | 'processes' | 'value'>;

/** Each reading is used twice: as the current one, and as the previous one. */
const gaugesOf = new Memo<Reading, ReadonlyMap<string, GaugeNow>>();

/** The gauges of a reading by series, as a scrape prints them. */
function indexGauges(reading: Reading): ReadonlyMap<string, GaugeNow> {
  const gauges = new Map<string, GaugeNow>();
  const files = reading.files.filter(({ fileName }) => fileName?.type === 'gauge');
  const index = new SeriesIndex({ files, keys: reading.keys });
  for (const { name, mode, rule, series: allSeries } of index.families) {
    for (const series of allSeries) {
      const parts = index.partsOf(series);
      const { value } = joinColumns(rule.operation, parts);
      if (value === undefined) continue;
      const text = seriesName(series.sampleName, series.labels);
      gauges.set(text, { family: name, mode, processes: parts.length, value });
    }
  }
  return gauges;
}

/**
 * Counted entries that increased. A new entry started at 0, or came from a file that was not in the previous reading.
 */
function* movedEntries(
  file: ReadFile,
  before: ReadFile | undefined,
): IterableIterator<{ keyId: number; key: Key; increments: number }> {
  const isSame = before?.identity === file.identity;
  const { entries } = file;
  const { keyId, value: values } = entries;
  const last = isSame && before !== undefined ? before.entries : NO_ENTRIES;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (last.value[i] === value) continue;
    const { key } = entries.at(i)!;
    if (isUnusable(key) || !countsIncrements(file, key)) continue;
    const isKnown = i < last.length && last.valueOffset[i] === entries.valueOffset[i];
    const from = isKnown ? last.value[i]! : 0;
    if (value > from) yield { keyId: keyId[i]!, key, increments: value - from };
  }
}

/** Counters whole; of histograms the buckets, of which each observation is in one; of summaries the count. */
function countsIncrements({ fileName }: ReadFile, { family, sampleName, labels }: Key): boolean {
  switch (fileName!.type) {
    case 'counter':
      return true;
    case 'histogram':
      return labels.some(([name]) => name === 'le');
    case 'summary':
      return sampleName === `${family}_count`;
    default:
      return false;
  }
}

/** The series to which the increments belong: for buckets, the count of the histogram. */
function countedText({ family, sampleName, labels }: Key): string {
  const isBucket = labels.some(([name]) => name === 'le') && sampleName === `${family}_bucket`;
  if (!isBucket) return withLabels(sampleName, labels);
  return withLabels(
    `${family}_count`,
    labels.filter(([name]) => name !== 'le'),
  );
}

function withLabels(name: string, labels: Labels): string {
  if (labels.length === 0) return name;
  return `${name}{${labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
}
