/** The readings that the API answers from: each is one instant of a source, and the last ones are kept. */
import type { Moment } from '../../inspect/moment.js';
import type { Instant, Instants } from '../../live/instants.js';
import type { PastInstants } from '../../live/past-instants.js';
import { UnknownSourceError } from '../../scrape/scrape-run.js';
import type { Scraper, SourceStatus } from '../../scrape/scraper.js';
import { ApiError } from './error.js';
import type { INSTANT, Values } from './parameters.js';

export type { Instant } from '../../live/instants.js';

/** Readings of the directories that are served. */
export interface Readings {
  /**
   * A new instant of a source, which is kept: three of each source are, for five seconds.
   *
   * @param wanted as in `source=`
   * @throws UnknownSourceError, and MetricFileError if the directory cannot be read
   * @throws ApiError if there are several, and none is named
   */
  take(wanted: string | undefined): Promise<Instant>;
  /** One that is kept; undefined when it is gone. */
  kept(snapshotId: string): Instant | undefined;
  /**
   * One of the past.
   *
   * @throws UsageError if that moment was not recorded
   * @throws ApiError if nothing is recorded
   */
  at(wanted: string | undefined, moment: Moment): Promise<Instant>;
}

/**
 * The instant that a request asks for.
 *
 * @throws as Readings
 */
export async function instantOf(
  readings: Readings,
  { source, snapshot, at }: Values<typeof INSTANT>,
): Promise<Instant> {
  if (at !== undefined && snapshot !== undefined) {
    throw new ApiError(400, `at: expected no snapshot with it, got '${snapshot}'`);
  }
  if (at !== undefined) return readings.at(source, at);
  return snapshot === undefined ? readings.take(source) : keptInstant(readings, snapshot, source);
}

/** @param recorded the name of a source that is served or recorded */
export function liveReadings(
  scraper: Scraper,
  instants: Instants,
  past: PastInstants,
  recorded: (wanted: string | undefined) => string | undefined,
): Readings {
  return {
    take: (wanted) => instants.take(chooseSource(scraper.sources(), wanted).name),
    kept: (snapshotId) => instants.kept(snapshotId),
    at: async (wanted, moment) => past.at(recorded(wanted), moment),
  };
}

/**
 * @param source as in `source=`
 * @throws ApiError if it is gone, or is of another source
 */
export function keptInstant(
  readings: Readings,
  snapshot: string,
  source: string | undefined,
): Instant {
  const instant = readings.kept(snapshot);
  if (instant === undefined) {
    throw new ApiError(404, `snapshot: '${snapshot}' is gone; the last three are kept, for 5 s`);
  }
  if (source !== undefined && source !== instant.source) {
    instant.release();
    const of = instant.source ?? 'the one directory, which has no name';
    throw new ApiError(
      400,
      `source: expected that of snapshot ${snapshot}, ${of}, got '${source}'`,
    );
  }
  return instant;
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
