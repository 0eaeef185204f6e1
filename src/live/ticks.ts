/**
 * Ticks: instants of a source at a fixed interval, as long as something listens. All that listen to the same source at the
 * same interval share them.
 *
 * A tick never begins before the last one has ended. Where one takes longer than the interval, those in between are left
 * out, and counted.
 */
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import type { ApiCounts } from './api-counts.js';

export interface TickListener {
  /** The instant is valid until this returns, or its promise settles; the next tick waits for it. */
  tick(instant: SourceInstant): void | Promise<void>;
  /** There is no instant: the directory cannot be read, say. The next tick tries again. */
  failed(error: Error): void;
}

export class Ticks {
  readonly #scraper: Pick<Scraper, 'instant'>;
  readonly #counts: ApiCounts;
  readonly #tickers = new Map<string, Ticker>();

  constructor(scraper: Pick<Scraper, 'instant'>, counts: ApiCounts) {
    this.#scraper = scraper;
    this.#counts = counts;
  }

  /**
   * The first tick is at the next one of those that listen already, or after an interval.
   *
   * @param source undefined for the one directory that needs no name
   * @returns how to stop listening
   */
  listen(source: string | undefined, intervalMs: number, listener: TickListener): () => void {
    const key = JSON.stringify([source ?? null, intervalMs]);
    let ticker = this.#tickers.get(key);
    if (ticker === undefined) {
      const own = new Ticker(intervalMs, {
        take: () => this.#scraper.instant(source, false),
        leftOut: (ticks) => {
          this.#counts.ticksLeftOut += ticks;
        },
        ended: () => {
          if (this.#tickers.get(key) === own) this.#tickers.delete(key);
        },
      });
      ticker = own;
      this.#tickers.set(key, ticker);
    }
    return ticker.add(listener);
  }
}

interface TickerOptions {
  take(): Promise<SourceInstant>;
  leftOut(ticks: number): void;
  /** The last listener left. */
  ended(): void;
}

class Ticker {
  readonly #intervalMs: number;
  readonly #options: TickerOptions;
  readonly #listeners = new Set<TickListener>();
  #timer: NodeJS.Timeout | undefined;
  #nextMs: number;

  constructor(intervalMs: number, options: TickerOptions) {
    this.#intervalMs = intervalMs;
    this.#options = options;
    this.#nextMs = performance.now() + intervalMs;
    this.#wait();
  }

  add(listener: TickListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#options.ended();
    };
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.#tick(), this.#nextMs - performance.now());
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    try {
      const instant = await this.#options.take();
      await Promise.all(Array.from(this.#listeners, (listener) => tell(listener, instant)));
      instant.release();
    } catch (error) {
      for (const listener of this.#listeners) listener.failed(error as Error);
    }
    // A timer may fire a moment early.
    const lateMs = Math.max(0, performance.now() - this.#nextMs);
    const missed = Math.floor(lateMs / this.#intervalMs);
    this.#nextMs += (missed + 1) * this.#intervalMs;
    this.#options.leftOut(missed);
    if (this.#listeners.size > 0) this.#wait();
  }
}

/** A listener that fails is told so; the others go on. */
async function tell(listener: TickListener, instant: SourceInstant): Promise<void> {
  try {
    await listener.tick(instant);
  } catch (error) {
    listener.failed(error as Error);
  }
}
