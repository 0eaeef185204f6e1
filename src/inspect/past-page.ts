/**
 * A recording as OpenMetrics with timestamps, for `promtool tsdb create-blocks-from openmetrics`.
 *
 * All points of a metric (a label set of a family) are together, in the order of time, and all samples of a point; so each
 * series ascends, which promtool needs. A series that ends just ends: the text format has no stale marker, and NaN is a
 * value. Prometheus shows its last point for the look-back delta.
 *
 * Source: OpenMetrics 1.0.0, "Overall Structure" and "MetricPoint"; Prometheus, cmd/promtool/backfill.go.
 */
import { dialectFor } from '../expose/formats.js';
import { familyBlocks } from '../expose/template.js';
import { isUnusable } from '../format/key.js';
import { formatNumber } from '../format/number.js';
import type { Histogram, LaidOutFamily } from '../plan/laid-out-family.js';
import type { PlanRules } from '../plan/plan.js';
import { EVERYTHING, type Prefixes } from '../plan/selection.js';
import type { Series } from '../plan/series.js';
import { PastValues, type Recorded } from './past-values.js';

export interface PastPageOptions {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** At most one point in this time, and the last moment. */
  readonly stepSeconds: number;
  /** A series for each process, with a label `process`; one that the series has is renamed `exported_process`. */
  readonly byProcess: boolean;
  readonly prefixes?: Prefixes;
  /** Is told how many were written. */
  readonly onPoints?: (points: number) => void;
}

const DIALECT = dialectFor('openmetrics');

const PROCESS_LABEL = 'process';

/** What the daemon retained of removed files is of no process that is known. */
const REMOVED = 'removed';

/** Values that are read at once: a column of them is 64 MiB. */
const MAX_VALUES = 8 * 2 ** 20;

/** The page in pieces. */
export async function* pastPage(
  past: Recorded,
  options: PastPageOptions,
): AsyncIterableIterator<string> {
  const printer = new PagePrinter(options);
  for (const keyId of await batches(past, options)) {
    const { fromSeconds, toSeconds } = options;
    const history = await past.recording.history(keyId, fromSeconds, toSeconds, ALL);
    for (const piece of printer.print(past, history)) yield piece;
  }
  yield '# EOF\n';
}

const ALL = 2 ** 31 - 1;

/** Keys that are read together: those of some families, or of some label sets of a family. In the order of the keys. */
async function batches(past: Recorded, { fromSeconds, toSeconds }: PastPageOptions) {
  const files = await filesOfKey(past, fromSeconds, toSeconds);
  const ticks = past.timeSeconds.filter((time) => time >= fromSeconds && time <= toSeconds).length;
  const most = Math.max(1, Math.floor(MAX_VALUES / Math.max(1, ticks)));
  const families = new Map<string, Map<string, number[]>>();
  for (let id = 0; id < past.keys.size; id++) {
    const key = past.keys.read(id);
    if (isUnusable(key)) continue;
    const labelSet = JSON.stringify(key.labels.filter(([name]) => name !== 'le' && name !== 'pid'));
    const groups = families.get(key.family) ?? new Map<string, number[]>();
    families.set(key.family, groups);
    const group = groups.get(labelSet);
    if (group === undefined) groups.set(labelSet, [id]);
    else group.push(id);
  }
  const all: Uint32Array[] = [];
  let batch: number[] = [];
  let rows = 0;
  for (const groups of families.values()) {
    for (const group of groups.values()) {
      const own = group.reduce((sum, id) => sum + files[id]!, 0);
      if (rows > 0 && rows + own > most) {
        all.push(Uint32Array.from(batch));
        batch = [];
        rows = 0;
      }
      for (const id of group) batch.push(id);
      rows += own;
    }
  }
  all.push(Uint32Array.from(batch));
  return all;
}

/** How many files have each key, at most at one of some moments. */
async function filesOfKey(
  past: Recorded,
  fromSeconds: number,
  toSeconds: number,
): Promise<Uint32Array> {
  const files = new Uint32Array(past.keys.size).fill(1);
  for (const seconds of [fromSeconds, (fromSeconds + toSeconds) / 2, toSeconds]) {
    const now = new Uint32Array(past.keys.size);
    const instant = await past.recording.at(seconds);
    for (const id of instant?.keyId ?? []) now[id]!++;
    for (const [id, count] of now.entries()) files[id] = Math.max(files[id]!, count);
  }
  return files;
}

type History = Parameters<typeof PastValues.of>[1];

class PagePrinter {
  readonly #options: PastPageOptions;
  /** Of the last family: a batch may go on with it. */
  #header = '';

  constructor(options: PastPageOptions) {
    this.#options = options;
  }

  *print(past: Recorded, history: History): IterableIterator<string> {
    const { byProcess, prefixes = EVERYTHING } = this.#options;
    const points = pointsAt(history.timeSeconds, this.#options.stepSeconds);
    const parts = byProcess
      ? partsByProcess(past, history, prefixes)
      : [PastValues.of(past, history, { rules: { prefixes, labels: { fixed: [] } } })];
    // Families together: each in the order in which the first part has it.
    const names = new Set(parts.flatMap(({ layout }) => layout.families.map(({ name }) => name)));
    const familiesOf = parts.map(
      ({ layout }) => new Map(layout.families.map((family) => [family.name, family])),
    );
    for (const name of names) {
      for (const [i, part] of parts.entries()) {
        const family = familiesOf[i]!.get(name);
        if (family !== undefined) yield* this.#family(part, family, points);
      }
    }
  }

  *#family(
    values: PastValues,
    family: LaidOutFamily,
    points: readonly number[],
  ): IterableIterator<string> {
    const [block] = familyBlocks(DIALECT, family, false);
    if (block === undefined || family.series.length === 0) return;
    const { header, lineOf } = block;
    if (header !== this.#header) yield header;
    this.#header = header;
    const times = points.map((at) => timestampText(values.timeSeconds[at]!));
    const columnsOf = new FamilyColumns(values, family, points);
    let from = 0;
    while (from < family.series.length) {
      const { labelSet } = family.series[from]!;
      let to = from + 1;
      while (family.series[to]?.labelSet === labelSet) to++;
      const columns = family.series.slice(from, to).map((series) => columnsOf.of(series));
      const lines = columns.map((_, i) => lineOf(from + i));
      let text = '';
      let count = 0;
      for (const [at, time] of times.entries()) {
        for (const [i, column] of columns.entries()) {
          const value = column[at];
          if (value === undefined) continue;
          text += `${lines[i]}${formatNumber(value)} ${time}\n`;
          count++;
        }
      }
      this.#options.onPoints?.(count);
      yield text;
      from = to;
    }
  }
}

function partsByProcess(past: Recorded, history: History, prefixes: Prefixes): PastValues[] {
  const all = PastValues.of(past, history);
  const ids = new Set(all.files.map(({ fileName }) => fileName.processId));
  return [...ids].map((id) => {
    const rules: PlanRules = {
      prefixes,
      labels: { fixed: [], source: [PROCESS_LABEL, id === '' ? REMOVED : id] },
    };
    return PastValues.of(past, history, {
      rules,
      isWanted: ({ fileName }) => fileName.processId === id,
    });
  });
}

/** By point; undefined where the series was not there. */
type Column = readonly (number | undefined)[];

/** The columns of the series of one family; buckets are running totals. */
class FamilyColumns {
  readonly #values: PastValues;
  readonly #points: readonly number[];
  readonly #groupOf = new Map<Series, Histogram>();
  /** Of the histogram that was asked for last. */
  #group: Histogram | undefined;
  #totals = new Map<Series, Column>();

  constructor(values: PastValues, { histograms }: LaidOutFamily, points: readonly number[]) {
    this.#values = values;
    this.#points = points;
    for (const group of histograms) {
      for (const series of [...group.buckets, group.count]) this.#groupOf.set(series, group);
    }
  }

  of(series: Series): Column {
    const group = this.#groupOf.get(series);
    if (group === undefined) return this.#own(series);
    if (group !== this.#group) {
      this.#group = group;
      this.#totals = this.#add(group);
    }
    return this.#totals.get(series)!;
  }

  #own(series: Series): Column {
    const entries = this.#values.entriesOf(series.slot);
    return this.#points.map((at) => this.#values.joinedAt(series, entries, at).value);
  }

  /** A bucket that is not there yet is not printed. */
  #add({ buckets, count }: Histogram): Map<Series, Column> {
    const totals = new Map<Series, Column>();
    const running: (number | undefined)[] = this.#points.map(() => undefined);
    for (const bucket of buckets) {
      const column = this.#own(bucket).map((value, i) => {
        if (value === undefined) return undefined;
        running[i] = (running[i] ?? 0) + value;
        return running[i];
      });
      totals.set(bucket, column);
    }
    totals.set(count, running);
    return totals;
  }
}

/** The first moment of each step, and the last one of all. They ascend, also where the clock was set back. */
function pointsAt(timeSeconds: Float64Array, stepSeconds: number): number[] {
  const points: number[] = [];
  let step = Number.NEGATIVE_INFINITY;
  let before = Number.NEGATIVE_INFINITY;
  for (const [at, seconds] of timeSeconds.entries()) {
    if (seconds <= before) continue;
    const own = Math.floor(seconds / stepSeconds);
    if (own === step && at < timeSeconds.length - 1) continue;
    points.push(at);
    step = own;
    before = seconds;
  }
  return points;
}

/** Prometheus keeps milliseconds. */
function timestampText(seconds: number): string {
  return seconds.toFixed(3);
}
