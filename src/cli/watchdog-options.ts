/** The flags of the watchdog, and the watchdog that they ask for. */
import { UsageError } from '../errors.js';
import { SourcesWatch, type SourcesWatchOptions } from '../live/watch/sources-watch.js';
import type { Scraper } from '../scrape/scraper.js';
import type { FlagKey, FlagValues } from './flags.js';

export const WATCHDOG_FLAGS = [
  'watchdogSilence',
  'watchdogProfile',
] as const satisfies readonly FlagKey[];

/**
 * @returns undefined where it is turned off
 * @throws UsageError
 */
export function openWatch(
  scraper: Scraper,
  flags: FlagValues<(typeof WATCHDOG_FLAGS)[number] | 'engineProbe'>,
  parts: Pick<SourcesWatchOptions, 'procThread' | 'log' | 'onStalled'>,
): SourcesWatch | undefined {
  const { watchdogSilence: silenceSeconds, watchdogProfile: profile } = flags;
  if (silenceSeconds > 0) return new SourcesWatch(scraper, { silenceSeconds, profile, ...parts });
  if (!flags.engineProbe) return undefined;
  throw new UsageError('--web.enable-engine-probe: expected --watchdog.silence above 0, got 0');
}
