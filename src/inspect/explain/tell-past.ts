/**
 * A series or a histogram over time, from the values that a recording has: the merged value, the share of each process, the
 * rate of what only grows, and who decided where one process does.
 */
import { formatNumber } from '../../format/number.js';
import { OPERATION } from '../../plan/operation.js';
import type { Series } from '../../plan/series.js';
import type { Steps } from '../../steps.js';
import { observations, type Quantiles } from '../observations.js';
import type { PastEntry, PastValues } from '../past-values.js';
import { type Column, increases, isCumulative, perSecond, sumOfColumns } from './increase.js';
import type { ChosenHistogram, ChosenSeries } from './selection.js';

export interface ShareHistory {
  readonly processId: string;
  readonly file: string;
  /** Its role, else its program. */
  readonly role: string | undefined;
  /** Undefined where the process had none. */
  readonly value: Column;
  /** Since the time before; absent where it may also fall. */
  readonly ratePerSecond?: Column;
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
  /** Undefined where no sample was printed. */
  readonly value: Column;
  /** The sum of those of the shares: what a process has that ends is not lost, as a fall of the value would make it. */
  readonly ratePerSecond?: Column;
  readonly shares: readonly ShareHistory[];
  /** Absent where values add up. */
  readonly decided?: readonly Decision[];
}

/** Of the observations since the time before; undefined where there was none. */
export type QuantilesHistory = { readonly [Name in keyof Quantiles]: Column };

export interface HistogramHistory extends History {
  /** Of all processes. */
  readonly quantiles: QuantilesHistory;
  /** Observations since the time before, those of lower buckets not counted; ascending. */
  readonly buckets: readonly { readonly le: string; readonly increase: Column }[];
  readonly shares: readonly (ShareHistory & { readonly quantiles: QuantilesHistory })[];
}

export class PastTeller {
  readonly #values: PastValues;
  readonly #roles: ReadonlyMap<string, string | undefined>;
  readonly #points: readonly number[];
  readonly #timeSeconds: readonly number[];

  /**
   * @param roles by process id
   * @param points indexes of the times that are told
   */
  constructor(
    values: PastValues,
    roles: ReadonlyMap<string, string | undefined>,
    points: readonly number[],
  ) {
    this.#values = values;
    this.#roles = roles;
    this.#points = points;
    this.#timeSeconds = points.map((at) => values.timeSeconds[at]!);
  }

  *series({ family, series, group }: ChosenSeries): Steps<History> {
    if (group !== undefined) {
      const last = group.buckets.indexOf(series);
      return yield* this.#summed(last < 0 ? group.buckets : group.buckets.slice(0, last + 1));
    }
    const values = this.#values;
    const entries = values.entriesOf(series.slot);
    const decided =
      series.operation === OPERATION.sum ? undefined : yield* this.#decisions(series, entries);
    yield;
    const value = this.#points.map((at) => values.joinedAt(series, entries, at).value);
    const shares: ShareHistory[] = [];
    for (const entry of entries) {
      shares.push({ ...this.#holder(entry), value: this.#valuesOf(entry) });
      yield;
    }
    const history = isCumulative(family.type) ? this.#withRates(value, shares) : { value, shares };
    return { timeSeconds: this.#timeSeconds, ...history, ...(decided && { decided }) };
  }

  *histogram({ group: { buckets } }: ChosenHistogram): Steps<HistogramHistory> {
    const counted = yield* this.#summed(buckets);
    const bounds = buckets.map(({ bound }) => bound!);
    const ofFile = new Map<string, Column[]>();
    const files = yield* this.#byFile(buckets);
    const shares: HistogramHistory['shares'][number][] = [];
    for (const [i, { entries }] of files.entries()) {
      const own = buckets.map((_, bucket) => {
        const columns = (entries[bucket] ?? []).map((entry) =>
          increases(this.#valuesOf(entry), entry.file.fileName.processId),
        );
        return sumOfColumns(columns, this.#points.length);
      });
      ofFile.set(`${i}`, own);
      shares.push({ ...counted.shares[i]!, quantiles: quantilesOf(bounds, own) });
      yield;
    }
    const all = buckets.map((_, bucket) =>
      sumOfColumns(
        [...ofFile.values()].map((own) => own[bucket]!),
        this.#points.length,
      ),
    );
    return {
      ...counted,
      shares,
      quantiles: quantilesOf(bounds, all),
      buckets: all.map((increase, i) => ({ le: formatNumber(bounds[i]!), increase })),
    };
  }

  /** Of several series that add up: buckets, up to a bound. In the order in which a scrape adds them. */
  *#summed(buckets: readonly Series[]): Steps<History> {
    const files = yield* this.#byFile(buckets);
    const shares: ShareHistory[] = [];
    for (const { file, entries } of files) {
      const columns = entries.flat().map((entry) => this.#valuesOf(entry));
      const value = sumOfColumns(columns, this.#points.length);
      shares.push({ ...this.#holder({ file }), value });
      yield;
    }
    // Bucket after bucket: floating-point sums depend on the order.
    const merged: Column[] = [];
    for (const bucket of buckets) {
      const columns = this.#values.entriesOf(bucket.slot).map((entry) => this.#valuesOf(entry));
      merged.push(sumOfColumns(columns, this.#points.length));
      yield;
    }
    const value = sumOfColumns(merged, this.#points.length);
    return { timeSeconds: this.#timeSeconds, ...this.#withRates(value, shares) };
  }

  /** The entries of each bucket, of each file. */
  *#byFile(
    buckets: readonly Series[],
  ): Steps<{ readonly file: PastEntry['file']; readonly entries: PastEntry[][] }[]> {
    const byFile = new Map<PastEntry['file'], PastEntry[][]>();
    for (const [i, { slot }] of buckets.entries()) {
      for (const entry of this.#values.entriesOf(slot)) {
        let entries = byFile.get(entry.file);
        if (entries === undefined) {
          entries = buckets.map(() => []);
          byFile.set(entry.file, entries);
        }
        entries[i]!.push(entry);
      }
      yield;
    }
    return Array.from(byFile, ([file, entries]) => ({ file, entries }));
  }

  #withRates(
    value: Column,
    shares: readonly ShareHistory[],
  ): Pick<History, 'value' | 'ratePerSecond' | 'shares'> {
    const withRates = shares.map((share) => ({
      ...share,
      ratePerSecond: perSecond(increases(share.value, share.processId), this.#timeSeconds),
    }));
    const rates = withRates.map(({ ratePerSecond }) => ratePerSecond);
    return { value, ratePerSecond: sumOfColumns(rates, this.#points.length), shares: withRates };
  }

  #valuesOf(entry: PastEntry): Column {
    const values = this.#values;
    return this.#points.map((at) =>
      values.isPresent(entry, at) ? values.valueAt(entry, at) : undefined,
    );
  }

  #holder({ file }: Pick<PastEntry, 'file'>): Pick<ShareHistory, 'processId' | 'file' | 'role'> {
    const { processId } = file.fileName;
    return { processId, file: file.name, role: this.#roles.get(processId) };
  }

  /** At all moments, not only at those that are told. */
  *#decisions(series: Series, entries: readonly PastEntry[]): Steps<Decision[]> {
    const values = this.#values;
    const decided: Decision[] = [];
    let last: PastEntry | undefined;
    for (const [at, timeSeconds] of values.timeSeconds.entries()) {
      if (at % MOMENTS_PER_STEP === MOMENTS_PER_STEP - 1) yield;
      const { value, winner } = values.joinedAt(series, entries, at);
      if (at > 0 && winner?.row === last?.row) continue;
      last = winner;
      const { processId, file } = winner === undefined ? {} : this.#holder(winner);
      decided.push({ timeSeconds, value, processId, file });
    }
    return decided;
  }
}

/** Of hundreds of processes, some hundred microseconds. */
const MOMENTS_PER_STEP = 16;

/** @param increase of each bucket, by time */
function quantilesOf(bounds: readonly number[], increase: readonly Column[]): QuantilesHistory {
  const length = increase[0]?.length ?? 0;
  const quantiles = Array.from({ length }, (_, at): Partial<Quantiles> => {
    let running = 0;
    const totals = increase.map((column) => {
      running += column[at] ?? 0;
      return running;
    });
    return running > 0 ? observations(bounds, totals, undefined).quantiles : {};
  });
  return {
    p50: quantiles.map(({ p50 }) => p50),
    p90: quantiles.map(({ p90 }) => p90),
    p99: quantiles.map(({ p99 }) => p99),
  };
}
