/**
 * The watchdog of a daemon: all sources, once a second. Where the flight recorder takes instants, these are used, and none is taken in
 * addition. A tick never begins before the last one of its source has ended.
 */
import type { ScrapeLog } from '../../log.js';
import type { SourceInstant } from '../../scrape/directory/source.js';
import type { Scraper } from '../../scrape/scraper.js';
import {
  type EngineStalled,
  isTrouble,
  type Verdict,
  type VerdictChange,
  type VerdictName,
} from '../../watchdog/verdict.js';
import { Pace } from '../pace.js';
import { PROCESS_CLOCK, type TickClock } from '../tick-clock.js';
import { SourceWatch, type SourceWatchOptions } from './source-watch.js';

export interface SourcesWatchOptions extends SourceWatchOptions {
  readonly log: ScrapeLog;
  /** Told of a process or engine that stalled. */
  readonly onStalled?: ((source: string | undefined, change: VerdictChange) => void) | undefined;
  /** For tests. */
  readonly clock?: TickClock;
}

export interface SourceVerdicts {
  /** Absent for the one directory that needs no name. */
  readonly name?: string;
  readonly path: string;
  readonly verdicts: readonly Verdict[];
}

const INTERVAL_SECONDS = 1;

/** The first tick reads all keys, which must not come on top of what the first scrapes take: in a container memory is short. */
const START_MS = 10_000;

/** Of a core, that ticks may take. */
const SHARE = 0.005;

/** An instant of the recorder is waited for so long after it is due. */
const PATIENCE_MS = 250;

/** If there was one within this time. */
const OFFERED_MS = 5_000;

/** Between two looks whether a tick is due. */
const SHORTEST_MS = 50;

/** One that comes a little early is used. */
const EARLY_MS = 100;

type Sources = Pick<Scraper, 'sources' | 'instant'>;

interface Watching {
  readonly watch: SourceWatch;
  tickedMs: number;
}

export class SourcesWatch {
  readonly #scraper: Sources;
  readonly #options: SourcesWatchOptions;
  readonly #clock: TickClock;
  readonly #pace = new Pace(INTERVAL_SECONDS, SHARE);
  #watching: Watching[] = [];
  /** When an instant was last offered. */
  #offeredMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(scraper: Sources, options: SourcesWatchOptions) {
    this.#scraper = scraper;
    this.#options = options;
    this.#clock = options.clock ?? PROCESS_CLOCK;
  }

  get silenceSeconds(): number {
    return this.#options.silenceSeconds;
  }

  get intervalSeconds(): number {
    return this.#pace.intervalSeconds;
  }

  /** Undefined where there is no such source, or it was not watched yet. */
  verdictsOf(source: string | undefined): readonly Verdict[] | undefined {
    return this.#find(source)?.watch.verdicts();
  }

  /** Processes of each verdict. */
  processesOf(source: string | undefined): ReadonlyMap<VerdictName, number> | undefined {
    return this.#find(source)?.watch.processes;
  }

  /** Whether each engine has stalled; without those of which it is not known. */
  enginesOf(source: string | undefined): readonly EngineStalled[] | undefined {
    return this.#find(source)?.watch.engines;
  }

  /** Of all sources. */
  verdicts(): SourceVerdicts[] {
    return this.#watching.map(({ watch }) => ({
      ...(watch.source !== undefined && { name: watch.source }),
      path: watch.path,
      verdicts: watch.verdicts(),
    }));
  }

  start(): void {
    if (!this.#isStopped) this.#wait(START_MS);
  }

  /**
   * An instant that someone else took. Never rejects.
   *
   * REQUIRES: it is not released before this settles.
   */
  async offer(instant: SourceInstant): Promise<void> {
    const watching = this.#find(instant.source);
    if (watching === undefined || this.#isStopped) return;
    this.#offeredMs = this.#clock.nowMs();
    const dueMs = watching.tickedMs + this.#pace.intervalSeconds * 1000 - EARLY_MS;
    if (this.#clock.nowMs() < dueMs || watching.watch.needsFacts(instant)) return;
    const [beganMs, beganCpu] = [this.#clock.nowMs(), this.#clock.cpuSeconds()];
    await this.#tickOne(watching, instant);
    this.#took(beganMs, beganCpu);
  }

  /** Before the scraper. */
  async close(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#ticking;
    for (const { watch } of this.#watching) watch.close();
  }

  #find(source: string | undefined): Watching | undefined {
    return this.#watching.find(({ watch }) => watch.source === source);
  }

  #wait(milliseconds: number): void {
    this.#cancel = this.#clock.after(milliseconds, () => {
      this.#ticking = this.#tick()
        .catch((error: Error) => {
          this.#options.log.warn('the watchdog left out a tick', { cause: error.message });
        })
        .then(() => {
          if (!this.#isStopped) this.#wait(this.#untilDueMs());
        });
    });
  }

  /** Until the next tick that no one else will have taken. */
  #untilDueMs(): number {
    const nowMs = this.#clock.nowMs();
    const intervalMs = this.#pace.intervalSeconds * 1000;
    const oldest = this.#watching.reduce((least, { tickedMs }) => Math.min(least, tickedMs), nowMs);
    const patienceMs = nowMs - this.#offeredMs < OFFERED_MS ? PATIENCE_MS : 0;
    return Math.max(SHORTEST_MS, oldest + intervalMs + patienceMs - nowMs);
  }

  async #tick(): Promise<void> {
    this.#follow();
    const { nowMs, cpuSeconds } = this.#clock;
    const intervalMs = this.#pace.intervalSeconds * 1000;
    // A timer may fire a moment early.
    const due = this.#watching.filter(
      ({ tickedMs }) => nowMs() - tickedMs >= intervalMs - EARLY_MS,
    );
    if (due.length === 0) return;
    const [beganMs, beganCpu] = [nowMs(), cpuSeconds()];
    const taken = await Promise.all(
      due.map(async (watching) => ({
        watching,
        // The scraper says what is wrong with a directory.
        instant: await watching.watch.take(this.#scraper).catch(() => undefined),
      })),
    );
    for (const { watching, instant } of taken) {
      if (instant === undefined) {
        watching.tickedMs = nowMs();
        continue;
      }
      await this.#tickOne(watching, instant);
      instant.release();
    }
    this.#took(beganMs, beganCpu);
  }

  #took(beganMs: number, beganCpu: number): void {
    const { nowMs, cpuSeconds } = this.#clock;
    // Neither counts what other work took while a tick waited.
    this.#pace.took(Math.min((nowMs() - beganMs) / 1000, cpuSeconds() - beganCpu), 0);
  }

  async #tickOne(watching: Watching, instant: SourceInstant): Promise<void> {
    const { watch } = watching;
    const nowMs = this.#clock.nowMs();
    watching.tickedMs = nowMs;
    const { intervalSeconds } = this.#pace;
    try {
      const changes = await watch.tick(instant, { nowSeconds: nowMs / 1000, intervalSeconds });
      for (const change of changes) this.#report(watch, change);
    } catch (error) {
      // Whatever is wrong with the watchdog, the numbers are served.
      const fields = { path: watch.path, cause: (error as Error).message };
      this.#options.log.warn('the watchdog left out a tick', fields);
    }
  }

  /** Sources may have come or gone, as with --discover. */
  #follow(): void {
    const served = this.#scraper.sources();
    const isServed = ({ watch }: Watching) =>
      served.some(({ name, path }) => name === watch.source && path === watch.path);
    for (const gone of this.#watching) if (!isServed(gone)) gone.watch.close();
    this.#watching = this.#watching.filter(isServed);
    for (const { name, path } of served) {
      const isKnown = this.#watching.some(
        ({ watch }) => watch.source === name && watch.path === path,
      );
      if (isKnown) continue;
      const watch = new SourceWatch(name, path, this.#options);
      this.#watching.push({ watch, tickedMs: Number.NEGATIVE_INFINITY });
    }
  }

  /** Each change once; what is idle at night is not told. */
  #report({ source, path }: SourceWatch, change: VerdictChange): void {
    const { processId, engine, modelName, verdict, before, evidence } = change;
    const isWorse = isTrouble(change);
    if (!isWorse && !(before !== undefined && isTrouble({ verdict: before }))) return;
    const fields = {
      ...(source === undefined ? { path } : { source }),
      ...(processId !== undefined && { process: processId }),
      ...(engine !== undefined && { engine }),
      ...(modelName !== undefined && { model: modelName }),
      verdict,
      ...(before !== undefined && { before }),
      ...(evidence.length > 0 && { evidence: evidence.join('; ') }),
    };
    const about = JSON.stringify([path, processId, engine, modelName]);
    if (isWorse) this.#options.log.warn('verdict', fields, about);
    else this.#options.log.info('verdict', fields, about);
    if (verdict === 'stalled') this.#options.onStalled?.(source, change);
  }
}
