/**
 * The values of chosen series at each tick, as text for a stream of events. Streams of the same series share one
 * selection, and each tick is encoded once for all of them.
 *
 * Series are chosen again when the layout changes; streams are told the names then, and after that the values alone, in
 * the same order.
 */
import { UsageError } from '../errors.js';
import { jsonText } from '../inspect/json.js';
import type { Selector } from '../inspect/selector.js';
import { rowsOf } from '../inspect/series/list-series.js';
import { seriesTable } from '../inspect/series/series-table.js';
import { seriesName } from '../inspect/series-name.js';
import type { Layout } from '../plan/layout.js';
import { printedValues } from '../scrape/directory/printed-values.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import { inSlices, type Steps } from '../steps.js';
import type { ApiCounts } from './api-counts.js';
import { Ticks } from './ticks.js';

/** Series of one selection. */
export const MAX_LIVE_SERIES = 1_000;

/** Receives what a selection has to say. */
export interface LiveStream {
  /** Values, after the names of their series where these are new. Shared: all streams are given the same bytes. */
  events(bytes: Buffer): void;
  /** There are no values now; the next tick tries again. */
  failed(message: string): void;
  /** There will be none. */
  ended(message: string): void;
}

/** A selection has too many series. */
export class TooManySeriesError extends Error {
  override readonly name = 'TooManySeriesError';

  constructor(found: number) {
    super(`expected ${MAX_LIVE_SERIES} series at most, got ${found}`);
  }
}

export interface LiveQuery {
  readonly source: string | undefined;
  readonly intervalMs: number;
  readonly selectors: readonly Selector[];
  /** Of the selectors: equal for equal queries. */
  readonly texts: readonly string[];
}

export class LiveValues {
  readonly #scraper: Pick<Scraper, 'instant'>;
  readonly #ticks: Ticks<SourceInstant>;
  readonly #selections = new Map<string, Selection>();

  constructor(scraper: Pick<Scraper, 'instant'>, counts: ApiCounts) {
    this.#scraper = scraper;
    this.#ticks = new Ticks((source) => scraper.instant(source, false), counts);
  }

  /**
   * Tells a stream series and values: now, unless the directory cannot be read now, and at each tick.
   *
   * @returns how to leave
   * @throws TooManySeriesError; UsageError for a regular expression that takes too long
   */
  async join(query: LiveQuery, stream: LiveStream): Promise<() => void> {
    const { source, intervalMs, texts } = query;
    const key = JSON.stringify([source ?? null, intervalMs, [...texts].sort()]);
    let selection = this.#selections.get(key);
    if (selection === undefined) {
      selection = new Selection(query.selectors);
      selection.begun = this.#begin(query, selection);
      this.#selections.set(key, selection);
    }
    const own = selection;
    own.add(stream);
    const leave = () => {
      if (own.remove(stream) > 0) return;
      own.leave();
      if (this.#selections.get(key) === own) this.#selections.delete(key);
    };
    try {
      await own.begun;
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  /** @throws as join */
  async #begin({ source, intervalMs }: LiveQuery, selection: Selection): Promise<void> {
    try {
      const instant = await this.#scraper.instant(source, false);
      try {
        await selection.begin(instant);
      } finally {
        instant.release();
      }
    } catch (error) {
      if (error instanceof TooManySeriesError || error instanceof UsageError) throw error;
      selection.failed(error as Error);
    }
    if (selection.isEmpty) return;
    selection.leave = this.#ticks.listen(source, intervalMs, selection);
  }
}

class Selection {
  leave = () => {};
  /** Its first values were told; rejects if it cannot be given. */
  begun: Promise<void> | undefined;
  readonly #selectors: readonly Selector[];
  readonly #streams = new Set<LiveStream>();
  /** Undefined while there are no values. */
  #layout: Layout | undefined;
  #slots: readonly number[] = [];
  #seriesEvent = Buffer.alloc(0);
  /** What a stream that joins between two ticks is told after that. */
  #lastValues: Buffer | undefined;

  constructor(selectors: readonly Selector[]) {
    this.#selectors = selectors;
  }

  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  add(stream: LiveStream): void {
    this.#streams.add(stream);
    if (this.#lastValues === undefined) return;
    stream.events(Buffer.concat([this.#seriesEvent, this.#lastValues]));
  }

  /** @returns how many are left */
  remove(stream: LiveStream): number {
    this.#streams.delete(stream);
    return this.#streams.size;
  }

  /** @throws TooManySeriesError; UsageError for a regular expression that takes too long */
  async begin(instant: SourceInstant): Promise<void> {
    await this.#choose(instant.state.layout);
    this.#tell(instant, true);
  }

  async tick(instant: SourceInstant): Promise<void> {
    const { layout } = instant.state;
    const isOther = layout !== this.#layout;
    if (isOther) {
      try {
        await this.#choose(layout);
      } catch (error) {
        for (const stream of this.#streams) stream.ended((error as Error).message);
        return;
      }
    }
    this.#tell(instant, isOther);
  }

  failed({ message }: Error): void {
    // The next tick that succeeds tells the series again.
    this.#layout = undefined;
    this.#lastValues = undefined;
    for (const stream of this.#streams) stream.failed(message);
  }

  #tell({ takenAtSeconds, columns }: SourceInstant, areSeriesNew: boolean): void {
    const printed = printedValues(columns);
    // Of a series that is not printed, JSON's null.
    const values = this.#slots.map((slot) => printed(slot) ?? null);
    const event = Buffer.from(eventOf('values', { takenAtSeconds, values }));
    this.#lastValues = event;
    // As one piece: of two, the second one would find the client slow if the first is long.
    const told = areSeriesNew ? Buffer.concat([this.#seriesEvent, event]) : event;
    for (const stream of this.#streams) stream.events(told);
  }

  /** In slices: there may be a million series. */
  async #choose(layout: Layout): Promise<void> {
    const { slots, event } = await inSlices(seriesIn(layout, this.#selectors));
    this.#slots = slots;
    this.#seriesEvent = Buffer.from(event);
    this.#layout = layout;
  }
}

/** @throws TooManySeriesError; UsageError for a regular expression that takes too long */
function* seriesIn(
  layout: Layout,
  selectors: readonly Selector[],
): Steps<{ readonly slots: readonly number[]; readonly event: string }> {
  const table = yield* seriesTable(layout);
  const rows = yield* rowsOf(table, selectors);
  if (rows.length > MAX_LIVE_SERIES) throw new TooManySeriesError(rows.length);
  const chosen = Array.from(rows, (row) => table.series[row]!);
  const series = chosen.map(({ sampleName, labels }) => seriesName(sampleName, labels));
  return { slots: chosen.map(({ slot }) => slot), event: eventOf('series', { series }) };
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html; JSON has no line breaks. */
export function eventOf(name: string, data: object): string {
  return `event: ${name}\ndata: ${jsonText(data)}\n\n`;
}
