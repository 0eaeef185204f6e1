/** What the debug surfaces are served from: one for the servers of all listen addresses. */
import type { ApiCounts } from '../../live/api-counts.js';
import type { Instants, TakenInstant } from '../../live/instants.js';
import { LiveValues } from '../../live/live-values.js';
import { PastInstants } from '../../live/past-instants.js';
import { Ticks } from '../../live/ticks.js';
import type { SourcesWatch } from '../../live/watch/sources-watch.js';
import type { Limits } from '../../plan/budget.js';
import type { FlightRecorder } from '../../record/flight-recorder.js';
import type { Scraper } from '../../scrape/scraper.js';
import { LiveStreams } from './live.js';
import { liveReadings, type Readings } from './readings.js';
import { pastOf, recordedSource } from './recording.js';
import { Snapshots } from './snapshot.js';

export interface DebugSurfaces {
  readonly readings: Readings;
  readonly past: PastInstants;
  readonly snapshots: Snapshots;
  readonly streams: LiveStreams;
  readonly values: LiveValues;
  readonly ticks: Ticks<TakenInstant>;
  /** As Instants.pin. */
  readonly pin: (snapshotId: string) => () => void;
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

/** Of the time, for instants that a page which is only open has taken. */
const TICK_SHARE = 1 / 300;

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
  const streams = new LiveStreams(counts);
  const past = new PastInstants((source, known) => pastOf(recorder, source, known));
  const recorded = (wanted: string | undefined) => recordedSource(scraper, recorder, wanted);
  return {
    readings: liveReadings(scraper, instants, past, recorded),
    past,
    snapshots,
    streams,
    values: new LiveValues(scraper, counts),
    ticks: new Ticks((source) => instants.take(source), counts, { share: TICK_SHARE }),
    pin: (snapshotId) => instants.pin(snapshotId),
    limits,
    counts,
    recorder,
    watch,
    close: async () => {
      streams.close();
      instants.close();
      past.close();
      await snapshots.close();
    },
  };
}
