/** The instants of served directories that views are made from. */
import { randomBytes } from 'node:crypto';
import type { ListedFile } from '../files/metric-files.js';
import type { Reading } from '../inspect/reading.js';
import type { RateColumn } from '../inspect/series/list-series.js';
import { indexOf, type SeriesIndex } from '../inspect/series-index.js';
import { Memo } from '../memo.js';
import type { WrittenFile } from '../processes/find-writers.js';
import type { ProcThread } from '../processes/proc-thread.js';
import type { FactsOfFile } from '../scrape/directory/file-facts.js';
import type { SourceInstant } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import { KeptInstants } from './kept-instants.js';
import { liveReading } from './live-reading.js';
import { Rates } from './rates.js';
import { TopViews } from './top-views.js';
import { WriterLookup } from './writer-lookup.js';

/** A source at one moment: all views of it agree with each other. */
export interface Instant {
  readonly snapshotId: string;
  /** Undefined for the one directory that needs no name. */
  readonly source: string | undefined;
  readonly reading: Reading;
  readonly index: SeriesIndex;
  /** Since an instant at least a second before; undefined without one. */
  readonly perSecond: RateColumn | undefined;
  /** Of its source. */
  readonly top: TopViews;
  /** What it is made from. */
  readonly taken: SourceInstant;
}

export interface InstantOptions {
  /** Between two lookups of the writers. */
  readonly writersMs: number;
  /** Between two instants that `top` compares, at least. */
  readonly topSeconds: number;
}

/** Views that follow each other quickly have steady rates. */
const SHARED_BY_MANY: InstantOptions = { writersMs: 1_000, topSeconds: 1 };

export class Instants {
  readonly #scraper: Scraper;
  readonly #procThread: ProcThread;
  readonly #options: InstantOptions;
  /** By the path of the directory. */
  readonly #lookups = new Map<string, WriterLookup>();
  readonly #rates = new Map<string, Rates>();
  readonly #tops = new Map<string, TopViews>();
  /** Requests that share a run share an instant. */
  readonly #instantOf = new WeakMap<SourceInstant, Promise<Instant>>();
  readonly #kept = new KeptInstants<Instant>();

  constructor(scraper: Scraper, procThread: ProcThread, options = SHARED_BY_MANY) {
    this.#scraper = scraper;
    this.#procThread = procThread;
    this.#options = options;
  }

  /**
   * A new instant of a source.
   *
   * @throws as Scraper.instant
   */
  async take(source: string | undefined): Promise<Instant> {
    const taken = await this.#scraper.instant(source, true);
    let instant = this.#instantOf.get(taken);
    if (instant === undefined) {
      instant = this.#make(taken);
      this.#instantOf.set(taken, instant);
    }
    return instant;
  }

  /** One that is kept; undefined when it is gone. */
  kept(snapshotId: string): Instant | undefined {
    return this.#kept.find(snapshotId);
  }

  close(): void {
    for (const lookup of this.#lookups.values()) lookup.close();
    for (const top of this.#tops.values()) top.close();
  }

  async #make(taken: SourceInstant): Promise<Instant> {
    const { source, path, files, facts = NO_FACTS } = taken;
    const written = writtenFiles.get(files, () => writtenOf(files, facts));
    const { writersMs, topSeconds } = this.#options;
    const newLookup = () => new WriterLookup(this.#procThread, writersMs);
    const lookup = madeOnce(this.#lookups, path, newLookup);
    const writers = await lookup.writers(written);
    const reading = liveReading(taken, facts, writers);
    const index = indexOf(reading);
    const perSecond = madeOnce(this.#rates, path, () => new Rates()).next(taken);
    const top = madeOnce(this.#tops, path, () => new TopViews(topSeconds));
    const snapshotId = newSnapshotId();
    const instant = { snapshotId, source, reading, index, perSecond, top, taken };
    this.#kept.add(instant);
    return instant;
  }
}

function madeOnce<V>(values: Map<string, V>, key: string, make: () => V): V {
  const value = values.get(key) ?? make();
  values.set(key, value);
  return value;
}

/** Another one after a restart, too. */
function newSnapshotId(): string {
  return randomBytes(6).toString('hex');
}

const NO_FACTS: ReadonlyMap<number, FactsOfFile> = new Map();

/** The same list as long as no file comes or goes. */
const writtenFiles = new Memo<readonly ListedFile[], readonly WrittenFile[]>();

function writtenOf(
  files: readonly ListedFile[],
  facts: ReadonlyMap<number, FactsOfFile>,
): WrittenFile[] {
  return files.flatMap(({ id, path, name }): WrittenFile[] =>
    name === undefined
      ? []
      : [{ processId: name.processId, identity: facts.get(id)?.identity ?? '', path }],
  );
}
