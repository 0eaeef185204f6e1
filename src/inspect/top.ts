/**
 * The view of `top`: what changes between two readings of a directory.
 *
 * It counts two things, and never adds them up, since one event is often both: increments of counters (one by 4,000
 * tokens counts 4,000), and observations of histograms and summaries. For gauges, which go up and down, it has the
 * merged value and its change.
 *
 * movement.ts finds out what moved; objects and texts are made here, and only of that.
 */

import { compareCodePoints } from '../format/code-point.js';
import { Memo } from '../memo.js';
import type { Liveness } from '../processes/writer.js';
import type { Verdict, VerdictName } from '../watchdog/verdict.js';
import type { CheckView, Severity } from './findings/finding.js';
import { RULES } from './findings/rules.js';
import { STUCK_RULES } from './findings/stuck.js';
import type { MovedGauge, Movement, ProcessMovement } from './movement.js';
import { lastSeenByProcess, usedBytesOf } from './processes.js';
import type { Reading } from './reading.js';

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
  /** Absent where no watchdog watches it. */
  readonly verdict?: VerdictName;
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
  /** Of engines, as the watchdog has them; absent where it does not watch. */
  readonly engines?: readonly Verdict[];
}

/** Rules of severity info are not in it, nor what the verdicts say themselves. */
export const TOP_RULES = RULES.filter(
  (rule) => rule.severity !== 'info' && !STUCK_RULES.includes(rule),
);

export function topProblems({ findings }: Pick<CheckView, 'findings'>): readonly TopProblem[] {
  return findings.map(({ code, severity, title, evidence }) => ({
    code,
    severity,
    title,
    count: evidence.length,
  }));
}

export interface TopOptions {
  /** What moved since an earlier reading; absent for the first: all rates are 0 then. */
  readonly movement?: Movement | undefined;
  readonly problems: readonly TopProblem[];
  /** Of each list but the problems; all by default. */
  readonly limit?: number;
}

export function viewTop(
  now: Reading,
  { movement, problems, limit = Number.POSITIVE_INFINITY }: TopOptions,
): TopView {
  const windowSeconds = movement?.seconds ?? 0;
  const perSecond = (count: number) => (windowSeconds > 0 ? count / windowSeconds : 0);
  const moved = [...(movement?.byProcess.values() ?? [])];
  const verdicts = new Map<string, VerdictName>();
  for (const { processId, verdict } of now.verdicts ?? []) {
    if (processId !== undefined) verdicts.set(processId, verdict);
  }
  const { processes, ...total } = totalsOf.get(now.fileFacts ?? now, () => addUp(now));
  return {
    path: now.path,
    takenAtSeconds: now.takenAtSeconds,
    windowSeconds,
    incrementsPerSecond: perSecond(sum(moved.map(({ increments }) => increments))),
    observationsPerSecond: perSecond(sum(moved.map(({ observations }) => observations))),
    ...total,
    processes: [...processes]
      .map(([processId, { lastSeenSeconds, entries, usedBytes }]): TopProcess => {
        const writer = now.writers.get(processId);
        const { increments, observations, moving } = movement?.byProcess.get(processId) ?? STILL;
        return {
          processId,
          liveness: writer?.liveness ?? 'unknown',
          lastSeenSeconds,
          pid: writer?.pid,
          role: writer?.role,
          program: writer?.program,
          incrementsPerSecond: perSecond(increments),
          observationsPerSecond: perSecond(observations),
          movingEntries: moving,
          entries,
          usedBytes,
          ...(verdicts.has(processId) && { verdict: verdicts.get(processId)! }),
        };
      })
      .sort(
        (a, b) =>
          b.incrementsPerSecond - a.incrementsPerSecond ||
          b.observationsPerSecond - a.observationsPerSecond,
      )
      .slice(0, limit),
    series: movement === undefined ? [] : movedSeries(movement, limit, perSecond),
    gauges: movement === undefined ? [] : movedGauges(movement, limit),
    problems,
    ...(now.verdicts !== undefined && {
      engines: now.verdicts.filter(({ engine }) => engine !== undefined),
    }),
  };
}

/** What is known of files but for values, which does not change at each refresh. */
interface Totals {
  readonly files: number;
  readonly entries: number;
  readonly usedBytes: number;
  readonly processes: ReadonlyMap<
    string,
    Pick<TopProcess, 'lastSeenSeconds' | 'entries' | 'usedBytes'>
  >;
}

const totalsOf = new Memo<object, Totals>();

function addUp(reading: Reading): Totals {
  const total = { files: reading.files.length, entries: 0, usedBytes: 0 };
  const processes = new Map<
    string,
    { readonly lastSeenSeconds: number | undefined; entries: number; usedBytes: number }
  >();
  const lastSeen = lastSeenByProcess(reading);
  for (const file of reading.files) {
    const entries = file.entries.length;
    const usedBytes = usedBytesOf(file);
    total.entries += entries;
    total.usedBytes += usedBytes;
    if (file.fileName === undefined) continue;
    const { processId } = file.fileName;
    let known = processes.get(processId);
    if (known === undefined) {
      known = { lastSeenSeconds: lastSeen.get(processId), entries: 0, usedBytes: 0 };
      processes.set(processId, known);
    }
    known.entries += entries;
    known.usedBytes += usedBytes;
  }
  return { ...total, processes };
}

const STILL: ProcessMovement = { increments: 0, observations: 0, moving: 0 };

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function movedSeries(
  { groups, group, increase, files }: Movement,
  limit: number,
  perSecond: (count: number) => number,
): TopSeries[] {
  const order = [...group.keys()].sort((a, b) => increase[b]! - increase[a]!);
  return order.slice(0, limit).map((i) => {
    const series = groups.seriesOf[group[i]!]!;
    return {
      series: groups.textOf(series),
      family: groups.familyOf(series),
      incrementsPerSecond: perSecond(increase[i]!),
      processes: files[i]!,
    };
  });
}

/** In name order; a new one had no value. */
function movedGauges({ groups, gauges }: Movement, limit: number): TopGauge[] {
  const texts = new Map<MovedGauge, string>();
  for (const gauge of gauges) texts.set(gauge, groups.textOf(gauge.series));
  const byName = [...texts].sort(([, a], [, b]) => compareCodePoints(a, b));
  return byName.slice(0, limit).map(([{ series, value, before }, text]) => ({
    series: text,
    family: groups.familyOf(series),
    mode: groups.modeOf(series),
    value,
    ...(before !== undefined && { change: value - before }),
    processes: groups.entriesOf(series),
  }));
}
