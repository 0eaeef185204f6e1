/** The flags of the flight recorder, and the recorder that they ask for. */
import { UsageError } from '../errors.js';
import type { FlightRecorder, FlightRecorderOptions } from '../record/flight-recorder.js';
import { defaultRecorderBytes } from '../scrape/default-limits.js';
import type { ScraperOptions } from '../scrape/scrape-run.js';
import type { Scraper } from '../scrape/scraper.js';
import type { FlagKey, FlagValues } from './flags.js';

export const RECORDER_FLAGS = [
  'recorderSize',
  'recorderInterval',
  'recorderExclude',
  'recorderDir',
  'recorderDiskSize',
  'recorderIncidents',
] as const satisfies readonly FlagKey[];

/**
 * @returns undefined where it is turned off
 * @throws UsageError
 */
export async function openRecorder(
  scraper: Scraper,
  flags: FlagValues<(typeof RECORDER_FLAGS)[number]>,
  parts: Pick<FlightRecorderOptions, 'procThread' | 'log' | 'onInstant'>,
): Promise<FlightRecorder | undefined> {
  const { recorderSize: maxBytes = defaultRecorderBytes(), recorderDir: path } = flags;
  if (maxBytes === 0) {
    if (path === undefined) return undefined;
    throw new UsageError('--recorder.size: expected more than 0 with --recorder.dir, got 0');
  }
  const { FlightRecorder } = await import('../record/flight-recorder.js');
  return new FlightRecorder(scraper, {
    intervalSeconds: flags.recorderInterval,
    maxBytes,
    exclude: flags.recorderExclude,
    folder: path === undefined ? undefined : { path, maxBytes: flags.recorderDiskSize },
    incidents: flags.recorderIncidents,
    ...parts,
  });
}

/** What --recorder.dir has of a source from before the start; undefined without the flag. */
export function recordedBefore({
  recorderDir: path,
}: FlagValues<'recorderDir'>): ScraperOptions['lastRecorded'] {
  if (path === undefined) return undefined;
  return async (source, directory) => {
    const { lastRecorded } = await import('../record/last-recorded.js');
    return lastRecorded(path, source, directory);
  };
}
