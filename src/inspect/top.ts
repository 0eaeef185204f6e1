/**
 * The view of `top`: what moves between two readings of a directory.
 *
 * What is counted are increments: of counters, and observations of histograms and summaries. A counter that
 * incremented by 4,000 tokens counts 4,000. Gauges do not count: they go up and down.
 *
 * A file only grows at its end, so entry i of a file is the same series in both readings.
 */
import { isUnusable, type Key, type Labels } from '../format/key.js';
import type { Liveness } from '../processes/writer.js';
import { check } from './check.js';
import type { Severity } from './findings/finding.js';
import { usedBytesOf } from './processes.js';
import type { ReadFile, Reading } from './reading.js';

export interface TopProcess {
  readonly processId: string;
  readonly liveness: Liveness;
  readonly pid: number | undefined;
  readonly role: string | undefined;
  readonly program: string | undefined;
  readonly incrementsPerSecond: number;
  /** Series that moved, of those that count. */
  readonly movingEntries: number;
  readonly entries: number;
  readonly usedBytes: number;
}

export interface TopSeries {
  /** `http_requests_total{path="/"}`; of a histogram or summary its `_count`. */
  readonly series: string;
  readonly family: string;
  /** Of all processes together. */
  readonly incrementsPerSecond: number;
  /** Processes in which it moved. */
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
  readonly incrementsPerSecond: number;
  readonly files: number;
  readonly entries: number;
  readonly usedBytes: number;
  /** Fastest first. */
  readonly processes: readonly TopProcess[];
  /** Only those that moved, fastest first. */
  readonly series: readonly TopSeries[];
  /** Errors and warnings of `check` that the files alone show. */
  readonly problems: readonly TopProblem[];
}

/** @param before the reading before; undefined for the first: all rates are 0 then */
export function viewTop(now: Reading, before: Reading | undefined): TopView {
  const windowSeconds = before === undefined ? 0 : now.takenAtSeconds - before.takenAtSeconds;
  const perSecond = (increments: number) => (windowSeconds > 0 ? increments / windowSeconds : 0);
  const earlier = new Map(before?.files.map((file) => [file.name, file]));

  const processes = new Map<
    string,
    { increments: number; moving: number; entries: number; used: number }
  >();
  const series = new Map<string, { family: string; increments: number; processes: Set<string> }>();
  const texts = new Map<Key, string>();
  let total = 0;
  for (const file of now.files) {
    const { fileName, entries, fault } = file;
    if (fileName === undefined) continue;
    const { processId } = fileName;
    const known = processes.get(processId) ?? { increments: 0, moving: 0, entries: 0, used: 0 };
    processes.set(processId, known);
    known.entries += entries.length;
    known.used += usedBytesOf(file);
    if (before === undefined || fault !== undefined || fileName.type === 'gauge') continue;
    for (const { key, increments } of movedEntries(file, earlier.get(file.name))) {
      let text = texts.get(key);
      if (text === undefined) {
        text = countedText(key);
        texts.set(key, text);
      }
      const one = series.get(text) ?? { family: key.family, increments: 0, processes: new Set() };
      series.set(text, one);
      one.increments += increments;
      one.processes.add(processId);
      known.increments += increments;
      known.moving++;
      total += increments;
    }
  }

  return {
    path: now.path,
    takenAtSeconds: now.takenAtSeconds,
    windowSeconds,
    incrementsPerSecond: perSecond(total),
    files: now.files.length,
    entries: now.files.reduce((sum, { entries }) => sum + entries.length, 0),
    usedBytes: now.files.reduce((sum, file) => sum + usedBytesOf(file), 0),
    processes: [...processes]
      .map(([processId, { increments, moving, entries, used }]): TopProcess => {
        const writer = now.writers.get(processId);
        return {
          processId,
          liveness: writer?.liveness ?? 'unknown',
          pid: writer?.pid,
          role: writer?.role,
          program: writer?.program,
          incrementsPerSecond: perSecond(increments),
          movingEntries: moving,
          entries,
          usedBytes: used,
        };
      })
      .sort((a, b) => b.incrementsPerSecond - a.incrementsPerSecond),
    series: [...series]
      .map(([text, { family, increments, processes: movedIn }]) => ({
        series: text,
        family,
        incrementsPerSecond: perSecond(increments),
        processes: movedIn.size,
      }))
      .sort((a, b) => b.incrementsPerSecond - a.incrementsPerSecond),
    problems: check(now)
      .findings.filter(({ severity }) => severity !== 'info')
      .map(({ code, severity, title, evidence }) => ({
        code,
        severity,
        title,
        count: evidence.length,
      })),
  };
}

/** Entries that count and went up. What is new began at 0, or was adopted from a file we did not see. */
function* movedEntries(
  file: ReadFile,
  before: ReadFile | undefined,
): IterableIterator<{ key: Key; increments: number }> {
  const isSame = before?.identity === file.identity;
  for (const [i, { key, value, valueOffset }] of file.entries.entries()) {
    const last = isSame ? before?.entries[i] : undefined;
    if (last !== undefined && last.value === value) continue;
    if (isUnusable(key) || !countsIncrements(file, key)) continue;
    const from = last?.valueOffset === valueOffset ? last.value : 0;
    if (value > from) yield { key, increments: value - from };
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

/** The series that the increments are of: buckets are their histogram's count. */
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
