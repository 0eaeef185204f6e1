/**
 * Ticks: instants of a source at a fixed interval, as long as something listens. All that listen to the same source at the
 * same interval share them.
 *
 * A tick never begins before the last one has ended. Where one takes longer than the interval, those in between are left
 * out, and counted.
 */
import type { ApiCounts } from './api-counts.js';

export interface TickListener<T> {
  /** The instant is valid until this returns, or its promise settles; the next tick waits for it. */
  tick(instant: T): void | Promise<void>;
  /** There is no instant: the directory cannot be read, say. The next tick tries again. */
  failed(error: Error): void;
}

interface Released {
  release(): void;
}

export class Ticks<T extends Released> {
  readonly #take: (source: string | undefined) => Promise<T>;
  readonly #counts: ApiCounts;
  readonly #share: number;
  readonly #tickers = new Map<string, Ticker<T>>();

  /** @param share of the time that instants may take: where they take long, ticks are less frequent */
  constructor(
    take: (source: string | undefined) => Promise<T>,
    counts: ApiCounts,
    { share = 1 }: { readonly share?: number } = {},
  ) {
    this.#take = take;
    this.#counts = counts;
    this.#share = share;
  }

  /**
   * The first tick is at the next one of those that listen already, or after an interval.
   *
   * @param source undefined for the one directory that needs no name
   * @returns how to stop listening
   */
  listen(source: string | undefined, intervalMs: number, listener: TickListener<T>): () => void {
    const key = JSON.stringify([source ?? null, intervalMs]);
    let ticker = this.#tickers.get(key);
    if (ticker === undefined) {
      const own = new Ticker<T>(intervalMs, {
        share: this.#share,
        take: () => this.#take(source),
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

/** The median of so many ticks says how long one takes. */
const COUNTED = 5;

const LONGEST_REST_MS = 10_000;

interface TickerOptions<T> {
  readonly share: number;
  take(): Promise<T>;
  leftOut(ticks: number): void;
  /** The last listener left. */
  ended(): void;
}

class Ticker<T extends Released> {
  readonly #intervalMs: number;
  readonly #options: TickerOptions<T>;
  readonly #listeners = new Set<TickListener<T>>();
  /** Of the last ticks. */
  readonly #tookMs: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #nextMs: number;

  constructor(intervalMs: number, options: TickerOptions<T>) {
    this.#intervalMs = intervalMs;
    this.#options = options;
    this.#nextMs = performance.now() + intervalMs;
    this.#wait();
  }

  add(listener: TickListener<T>): () => void {
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

  /** The first ones have to make what later ones use. */
  #restMs(tookMs: number): number {
    this.#tookMs.push(tookMs);
    if (this.#tookMs.length > COUNTED) this.#tookMs.shift();
    if (this.#tookMs.length < COUNTED) return 0;
    const middle = this.#tookMs.toSorted((a, b) => a - b)[Math.floor(COUNTED / 2)]!;
    return Math.min(LONGEST_REST_MS, middle / this.#options.share);
  }

  async #tick(): Promise<void> {
    const beganMs = performance.now();
    const beganCpu = process.cpuUsage();
    let tookMs = 0;
    try {
      const instant = await this.#options.take();
      const { user, system } = process.cpuUsage(beganCpu);
      // Neither counts what it waited for, nor what other work took.
      tookMs = Math.min(performance.now() - beganMs, (user + system) / 1000);
      await Promise.all(Array.from(this.#listeners, (listener) => tell(listener, instant)));
      instant.release();
    } catch (error) {
      for (const listener of this.#listeners) listener.failed(error as Error);
    }
    // A timer may fire a moment early.
    const restUntilMs = Math.max(performance.now(), beganMs + this.#restMs(tookMs));
    const lateMs = Math.max(0, restUntilMs - this.#nextMs);
    const missed = Math.floor(lateMs / this.#intervalMs);
    this.#nextMs += (missed + 1) * this.#intervalMs;
    this.#options.leftOut(missed);
    if (this.#listeners.size > 0) this.#wait();
  }
}

/** A listener that fails is told so; the others go on. */
async function tell<T>(listener: TickListener<T>, instant: T): Promise<void> {
  try {
    await listener.tick(instant);
  } catch (error) {
    listener.failed(error as Error);
  }
}
