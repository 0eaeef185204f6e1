/**
 * The values of chosen series at each tick, as text for a stream of events. Streams of the same series share one
 * selection, and each tick is encoded once for all of them.
 *
 * Series are chosen again when the layout changes; streams are told the names then, and after that the values alone, in
 * the same order.
 */
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
  /** Which series there are now: the next values are theirs. */
  series(event: string): void;
  values(event: string): void;
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
  readonly #ticks: Ticks;
  readonly #selections = new Map<string, Selection>();

  constructor(scraper: Pick<Scraper, 'instant'>, counts: ApiCounts) {
    this.#scraper = scraper;
    this.#ticks = new Ticks(scraper, counts);
  }

  /**
   * Whether the series can be given. A directory that cannot be read now may be there again at the next tick.
   *
   * @throws TooManySeriesError; UsageError for a regular expression that takes too long
   */
  async check({ source, selectors }: LiveQuery): Promise<void> {
    const instant = await this.#scraper.instant(source, false).catch(() => undefined);
    if (instant === undefined) return;
    instant.release();
    await inSlices(seriesIn(instant.state.layout, selectors));
  }

  /** @returns how to leave */
  join(query: LiveQuery, stream: LiveStream): () => void {
    const { source, intervalMs, texts } = query;
    const key = JSON.stringify([source ?? null, intervalMs, [...texts].sort()]);
    let selection = this.#selections.get(key);
    if (selection === undefined) {
      selection = new Selection(query.selectors);
      this.#selections.set(key, selection);
      selection.leave = this.#ticks.listen(source, intervalMs, selection);
    }
    const own = selection;
    own.add(stream);
    return () => {
      if (own.remove(stream) > 0) return;
      own.leave();
      if (this.#selections.get(key) === own) this.#selections.delete(key);
    };
  }
}

class Selection {
  leave = () => {};
  readonly #selectors: readonly Selector[];
  readonly #streams = new Set<LiveStream>();
  /** Streams that were not told the series yet. */
  readonly #new = new Set<LiveStream>();
  #layout: Layout | undefined;
  #slots: readonly number[] = [];
  #seriesEvent = '';
  #choosing: Promise<void> | undefined;

  constructor(selectors: readonly Selector[]) {
    this.#selectors = selectors;
  }

  add(stream: LiveStream): void {
    this.#streams.add(stream);
    this.#new.add(stream);
  }

  /** @returns how many are left */
  remove(stream: LiveStream): number {
    this.#streams.delete(stream);
    this.#new.delete(stream);
    return this.#streams.size;
  }

  tick({ takenAtSeconds, columns, state }: SourceInstant): void {
    if (state.layout !== this.#layout) {
      this.#choosing ??= this.#choose(state.layout).finally(() => {
        this.#choosing = undefined;
      });
      return;
    }
    for (const stream of this.#new) stream.series(this.#seriesEvent);
    this.#new.clear();
    const printed = printedValues(columns);
    // Of a series that is not printed, JSON's null.
    const values = this.#slots.map((slot) => printed(slot) ?? null);
    const event = eventOf('values', { takenAtSeconds, values });
    for (const stream of this.#streams) stream.values(event);
  }

  failed({ message }: Error): void {
    // The next tick that succeeds tells the series again.
    this.#layout = undefined;
    for (const stream of this.#streams) stream.failed(message);
  }

  /** In slices: there may be a million series. Values are told from the next tick on. */
  async #choose(layout: Layout): Promise<void> {
    try {
      const { slots, event } = await inSlices(seriesIn(layout, this.#selectors));
      this.#slots = slots;
      this.#seriesEvent = event;
      this.#layout = layout;
      for (const stream of this.#streams) this.#new.add(stream);
    } catch (error) {
      for (const stream of this.#streams) stream.ended((error as Error).message);
    }
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
