/** The instants of served directories that views are made from. */
import { randomBytes } from 'node:crypto';
import type { ListedFile } from '../files/metric-files.js';
import type { Reading } from '../inspect/reading.js';
import type { RateColumn } from '../inspect/series/list-series.js';
import { indexOf, type SeriesIndex } from '../inspect/series-index.js';
import type { TopView } from '../inspect/top.js';
import { Memo, madeOnce } from '../memo.js';
import type { WrittenFile } from '../processes/find-writers.js';
import type { ProcThread } from '../processes/proc-thread.js';
import type { FactsOfFile } from '../scrape/directory/file-facts.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import { inSlices } from '../steps.js';
import type { Verdict } from '../watchdog/verdict.js';
import { KeptInstants } from './kept-instants.js';
import { liveReading } from './live-reading.js';
import { Rates } from './rates.js';
import { structureOf } from './structure.js';
import { type Moment, TopViews } from './top-views.js';
import { WriterLookup, writtenOf } from './writer-lookup.js';

/** A source at one moment: all views of it agree with each other. */
export interface Instant {
  /** Undefined for a moment that was recorded: that is named by its time. */
  readonly snapshotId: string | undefined;
  /** Undefined for the one directory that needs no name. */
  readonly source: string | undefined;
  readonly reading: Reading;
  readonly index: SeriesIndex;
  /** Since an instant at least a second before; undefined without one. */
  readonly perSecond: () => Promise<RateColumn | undefined>;
  /** What changed since an instant of which this was asked, too. At most `limit` elements of each list. */
  readonly top: (limit?: number) => Promise<TopView>;
  /** The reading that rates are since, a second before at least; undefined without one. To be released. */
  readonly earlier: () => Promise<Pick<Moment, 'reading' | 'release'> | undefined>;
  /** What it is made from; undefined for a moment that was recorded. */
  readonly taken: SourceInstant | undefined;
  /**
   * To be called once by each that was given the instant, when it is done with it, and with all lists of its views. With
   * a million entries an instant has 16 MB, which the garbage collection would leave for long.
   */
  release(): void;
}

/** One that was taken of a served directory now. */
export interface TakenInstant extends Instant {
  readonly snapshotId: string;
  readonly taken: SourceInstant;
}

export interface InstantOptions {
  /** Between two lookups of the writers where none has come or gone. */
  readonly writersMs: number;
  /** Between two instants that `top` compares, at least. */
  readonly topSeconds: number;
  /** What views need of earlier ones is dropped when there was none this long. No rate is over a longer time. */
  readonly keepMs: number;
  /** What the watchdog says of a source; undefined where it does not watch. */
  readonly verdictsOf?: (source: string | undefined) => readonly Verdict[] | undefined;
}

/** Views that follow each other quickly have steady rates. */
const SHARED_BY_MANY: InstantOptions = {
  writersMs: 5_000,
  topSeconds: 1,
  keepMs: 60_000,
};

export class Instants {
  readonly #scraper: Scraper;
  readonly #procThread: ProcThread;
  readonly #options: InstantOptions;
  /** Restarted by each view. */
  readonly #idle: NodeJS.Timeout;
  /** By the path of the directory. */
  readonly #lookups = new Map<string, WriterLookup>();
  readonly #rates = new Map<string, Rates>();
  readonly #tops = new Map<string, TopViews>();
  /** Requests that share a run share an instant. */
  readonly #sharedBy = new WeakMap<SourceInstant, Promise<SharedInstant>>();
  readonly #kept = new KeptInstants<SharedInstant>();
  readonly #pinned = new Map<string, Pinned>();

  constructor(scraper: Scraper, procThread: ProcThread, options: Partial<InstantOptions> = {}) {
    this.#scraper = scraper;
    this.#procThread = procThread;
    this.#options = { ...SHARED_BY_MANY, ...options };
    this.#idle = setTimeout(() => this.#drop(), this.#options.keepMs).unref();
  }

  /**
   * A new instant of a source.
   *
   * @throws as Scraper.instant
   */
  async take(source: string | undefined): Promise<TakenInstant> {
    this.#idle.refresh();
    const taken = await this.#scraper.instant(source, true);
    let shared = this.#sharedBy.get(taken);
    if (shared === undefined) {
      shared = this.#make(taken);
      this.#sharedBy.set(taken, shared);
    }
    const instant = (await shared).hold();
    // The instant holds what it is made from.
    taken.release();
    return instant;
  }

  /** One that is kept; undefined when it is gone. */
  kept(snapshotId: string): TakenInstant | undefined {
    return (this.#kept.find(snapshotId) ?? this.#pinned.get(snapshotId)?.shared)?.hold();
  }

  /**
   * Keeps one that is kept as long as it takes: a page asks for views of the last tick until there is another one.
   *
   * @returns how to end that
   */
  pin(snapshotId: string): () => void {
    const known = this.#pinned.get(snapshotId);
    const shared = known?.shared ?? this.#kept.find(snapshotId);
    if (shared === undefined) return () => {};
    const pinned = known ?? { shared, release: shared.hold().release, count: 0 };
    pinned.count++;
    this.#pinned.set(snapshotId, pinned);
    return () => {
      pinned.count--;
      if (pinned.count > 0) return;
      this.#pinned.delete(snapshotId);
      pinned.release();
    };
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#drop();
  }

  #drop(): void {
    for (const lookup of this.#lookups.values()) lookup.close();
    for (const top of this.#tops.values()) top.close();
    this.#lookups.clear();
    this.#rates.clear();
    this.#tops.clear();
  }

  async #make(taken: SourceInstant): Promise<SharedInstant> {
    taken.hold();
    const { source, path, files, facts = NO_FACTS } = taken;
    const written = writtenFiles.get(files, () => writtenOf(files, facts));
    const { writersMs, topSeconds } = this.#options;
    const newLookup = () => new WriterLookup(this.#procThread, writersMs);
    const lookup = madeOnce(this.#lookups, path, newLookup);
    const writers = await lookup.writers(written);
    await inSlices(structureOf(taken.state).prepare());
    const verdicts = this.#options.verdictsOf?.(source);
    const reading = liveReading(taken, facts, writers, verdicts);
    const index = indexOf(reading);
    const rates = madeOnce(this.#rates, path, () => new Rates()).next(taken);
    const perSecond = async () => rates;
    const tops = madeOnce(this.#tops, path, () => new TopViews(topSeconds, this.#options.keepMs));
    const { hold, release } = taken;
    const moment = { reading, hold, release };
    const top = (limit?: number) => tops.view(moment, limit);
    const earlier = async () => tops.earlier(moment);
    const snapshotId = newSnapshotId();
    const shared = new SharedInstant({
      snapshotId,
      source,
      reading,
      index,
      perSecond,
      top,
      earlier,
      taken,
    });
    this.#kept.add(shared);
    return shared;
  }
}

interface Pinned {
  readonly shared: SharedInstant;
  readonly release: () => void;
  count: number;
}

type TakenViews = Omit<TakenInstant, 'release'>;

/** An instant, and how many hold it. */
class SharedInstant {
  readonly #views: TakenViews;
  #holders = 1;

  /** Held once, by the caller. */
  constructor(views: TakenViews) {
    this.#views = views;
  }

  get snapshotId(): string {
    return this.#views.snapshotId;
  }

  get source(): string | undefined {
    return this.#views.source;
  }

  /** REQUIRES: it is held. */
  hold(): TakenInstant {
    this.#holders++;
    return { ...this.#views, release: () => this.release() };
  }

  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#views.taken.release();
  }
}

/** Another one after a restart, too. */
function newSnapshotId(): string {
  return randomBytes(6).toString('hex');
}

const NO_FACTS: ReadonlyMap<number, FactsOfFile> = new Map();

/** The same list as long as no file comes or goes. */
const writtenFiles = new Memo<readonly ListedFile[], readonly WrittenFile[]>();
