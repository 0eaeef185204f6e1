/**
 * What `check` finds in the directories that are served, for promfold_findings: looked for in the background, once a minute
 * at most and never during a scrape, and less often where it takes more than its share of a core. One source after the other.
 */
import { readDiskFacts } from '../inspect/findings/disk-facts.js';
import { findInSteps } from '../inspect/findings/find-in-steps.js';
import type { CheckView } from '../inspect/findings/finding.js';
import { Subject } from '../inspect/findings/subject.js';
import type { Reading } from '../inspect/reading.js';
import { Memo } from '../memo.js';
import type { Limits } from '../plan/budget.js';
import type { ProcThread } from '../processes/proc-thread.js';
import type { FindingCounts, FoundOfSource } from '../scrape/families/self-metrics.js';
import type { Scraper } from '../scrape/scraper.js';
import { inSlices } from '../steps.js';
import { type InstantOptions, Instants } from './instants.js';
import { PROCESS_CLOCK, type TickClock } from './tick-clock.js';

const views = new Memo<Reading, Promise<CheckView>>();

/** All but processes that write elsewhere: those are for the terminal. */
export function findingsOf(reading: Reading, limits: Limits): Promise<CheckView> {
  return views.get(reading, async () => {
    // A moment of the past may be of another machine.
    const diskFacts = reading.isRecorded ? undefined : await readDiskFacts(reading.path);
    return inSlices(findInSteps(new Subject(reading, diskFacts, limits)));
  });
}

export interface FindingsWatchOptions {
  readonly procThread: ProcThread;
  readonly verdictsOf?: InstantOptions['verdictsOf'] | undefined;
  /** Of the daemon. */
  readonly limits: Limits;
  /** For tests. */
  readonly clock?: Pick<TickClock, 'cpuSeconds' | 'after'>;
}

/** The server is busy enough when it starts. */
const FIRST_MS = 15_000;

const INTERVAL_MS = 60_000;

/** What a look needs is dropped soon: until the next one it would only take memory. */
const KEEP_MS = 1_000;

/** Of a core. */
const SHARE = 0.002;

export class FindingsWatch implements FindingCounts {
  readonly #scraper: Scraper;
  readonly #instants: Instants;
  readonly #limits: Limits;
  readonly #clock: Pick<TickClock, 'cpuSeconds' | 'after'>;
  #found = new Map<string | undefined, FoundOfSource>();
  #cancel: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    scraper: Scraper,
    { procThread, verdictsOf, limits, clock = PROCESS_CLOCK }: FindingsWatchOptions,
  ) {
    this.#scraper = scraper;
    this.#instants = new Instants(scraper, procThread, {
      keepMs: KEEP_MS,
      ...(verdictsOf && { verdictsOf }),
    });
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Undefined before the first look. The same object until the next one. */
  of(source: string | undefined): FoundOfSource | undefined {
    return this.#found.get(source);
  }

  start(): void {
    this.#wait(FIRST_MS);
  }

  /** Before the scraper. Waits for a look that is under way. */
  async close(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#looking;
    this.#instants.close();
  }

  #wait(milliseconds: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(milliseconds, () => {
      this.#looking = this.#look();
    });
  }

  async #look(): Promise<void> {
    const began = this.#clock.cpuSeconds();
    const found = new Map<string | undefined, FoundOfSource>();
    for (const { name } of this.#scraper.sources()) {
      if (this.#isStopped) return;
      const before = this.#found.get(name);
      // A directory that cannot be read has promfold_up for that.
      const now = await this.#lookAt(name).catch(() => before);
      if (now !== undefined) found.set(name, now);
    }
    this.#found = found;
    // It counts what else the process did: a busy one looks less often.
    const took = this.#clock.cpuSeconds() - began;
    this.#wait(Math.max(INTERVAL_MS, (took / SHARE) * 1000));
  }

  async #lookAt(source: string | undefined): Promise<FoundOfSource> {
    const instant = await this.#instants.take(source);
    try {
      const { takenAtSeconds, findings } = await findingsOf(instant.reading, this.#limits);
      return {
        takenAtSeconds,
        findings: findings.map(({ code, severity, evidence }) => ({
          labels: { severity, code },
          value: evidence.length,
        })),
      };
    } finally {
      instant.release();
    }
  }
}
