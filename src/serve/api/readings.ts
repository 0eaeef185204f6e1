/** The readings that the API answers from: each is one instant of a source, and the last ones are kept. */
import { randomBytes } from 'node:crypto';
import { readDirectory } from '../../inspect/read-directory.js';
import type { Reading } from '../../inspect/reading.js';
import type { SlotColumns } from '../../inspect/series/series-values.js';
import { SeriesIndex } from '../../inspect/series-index.js';
import { UnknownSourceError } from '../../scrape/scrape-run.js';
import type { Scraper, SourceStatus } from '../../scrape/scraper.js';
import { ApiError } from './error.js';

/** What a source had at one time: every view of it agrees with every other. */
export interface Instant {
  readonly snapshotId: string;
  /** Undefined for the one directory that needs no name. */
  readonly source: string | undefined;
  readonly reading: Reading;
  /** Of that reading: its entries are the ones of this instant. */
  readonly index: SeriesIndex;
  /** Numbers of its series that the daemon has already. */
  readonly columns?: SlotColumns;
}

/** Readings of the directories that are served. */
export interface Readings {
  /**
   * A new instant of a source, which is kept: three of each source are, for five seconds.
   *
   * @throws UnknownSourceError, and MetricFileError if the directory cannot be read
   */
  take(source: string | undefined): Promise<Instant>;
  /** One that is kept; undefined when it is gone. */
  kept(snapshotId: string): Instant | undefined;
}

const KEPT = 3;
const KEPT_MILLISECONDS = 5_000;

/** The last instants of each source. */
export class KeptInstants {
  /** Oldest first. */
  readonly #instants: Instant[] = [];

  add(instant: Instant): void {
    const sameSource = this.#instants.filter(({ source }) => source === instant.source);
    if (sameSource.length >= KEPT) this.#drop(sameSource[0]!);
    this.#instants.push(instant);
    setTimeout(() => this.#drop(instant), KEPT_MILLISECONDS).unref();
  }

  find(snapshotId: string): Instant | undefined {
    return this.#instants.find((instant) => instant.snapshotId === snapshotId);
  }

  #drop(instant: Instant): void {
    const at = this.#instants.indexOf(instant);
    if (at >= 0) this.#instants.splice(at, 1);
  }
}

/** Another one after a restart, too. */
export function newSnapshotId(): string {
  return randomBytes(6).toString('hex');
}

/** Reads the directory at each instant. */
export class DirectoryReadings implements Readings {
  readonly #scraper: Scraper;
  readonly #kept = new KeptInstants();

  constructor(scraper: Scraper) {
    this.#scraper = scraper;
  }

  async take(wanted: string | undefined): Promise<Instant> {
    const { name: source, path } = chooseSource(this.#scraper.sources(), wanted);
    const reading = await readDirectory(path);
    const index = new SeriesIndex(reading);
    const instant: Instant = { snapshotId: newSnapshotId(), source, reading, index };
    this.#kept.add(instant);
    return instant;
  }

  kept(snapshotId: string): Instant | undefined {
    return this.#kept.find(snapshotId);
  }
}

/**
 * @param wanted as in `source=`
 * @throws UnknownSourceError
 * @throws ApiError if there are several, and none is named
 */
export function chooseSource(
  sources: readonly SourceStatus[],
  wanted: string | undefined,
): SourceStatus {
  const names = sources.flatMap(({ name }) => name ?? []);
  if (wanted === undefined && sources.length > 1) {
    throw new ApiError(400, `?source= must name one of: ${names.join(', ')}`);
  }
  const source = wanted === undefined ? sources[0] : sources.find(({ name }) => name === wanted);
  if (source === undefined) throw new UnknownSourceError(wanted ?? '', names);
  return source;
}
