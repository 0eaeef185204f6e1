/** What the debug surfaces are served from: one for the servers of all listen addresses. */
import type { ApiCounts } from '../../live/api-counts.js';
import type { Instants } from '../../live/instants.js';
import { LiveValues } from '../../live/live-values.js';
import type { SourcesWatch } from '../../live/watch/sources-watch.js';
import type { Limits } from '../../plan/budget.js';
import type { FlightRecorder } from '../../record/flight-recorder.js';
import type { Scraper } from '../../scrape/scraper.js';
import { LiveStreams } from './live.js';
import { liveReadings, type Readings } from './readings.js';
import { Snapshots } from './snapshot.js';

export interface DebugSurfaces {
  readonly readings: Readings;
  readonly snapshots: Snapshots;
  readonly streams: LiveStreams;
  /** Of the scraper, for findings. */
  readonly limits: Limits;
  readonly counts: ApiCounts;
  /** Undefined where nothing is recorded. */
  readonly recorder: FlightRecorder | undefined;
  /** Undefined where the watchdog is off. */
  readonly watch: SourcesWatch | undefined;
  /** Before the scraper. */
  close(): Promise<void>;
}

export function debugSurfaces(
  scraper: Scraper,
  instants: Instants,
  {
    limits,
    counts,
    recorder,
    watch,
  }: Pick<DebugSurfaces, 'limits' | 'counts' | 'recorder' | 'watch'>,
): DebugSurfaces {
  const snapshots = new Snapshots();
  const streams = new LiveStreams(new LiveValues(scraper, counts), counts);
  return {
    readings: liveReadings(scraper, instants),
    snapshots,
    streams,
    limits,
    counts,
    recorder,
    watch,
    close: async () => {
      streams.close();
      instants.close();
      await snapshots.close();
    },
  };
}
