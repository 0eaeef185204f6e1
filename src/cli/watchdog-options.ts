/** The flags of the watchdog, and the watchdog that they ask for. */
import { UsageError } from '../errors.js';
import { SourcesWatch, type SourcesWatchOptions } from '../live/watch/sources-watch.js';
import type { Scraper } from '../scrape/scraper.js';
import type { FlagKey, FlagValues } from './flags.js';

export const WATCHDOG_FLAGS = [
  'watchdogSilence',
  'watchdogProfile',
] as const satisfies readonly FlagKey[];

export type WatchdogFlags = FlagValues<(typeof WATCHDOG_FLAGS)[number]>;

/**
 * @returns undefined where it is turned off
 * @throws UsageError
 */
export function openWatch(
  scraper: Scraper,
  flags: WatchdogFlags & FlagValues<'engineProbe'>,
  parts: Pick<SourcesWatchOptions, 'procThread' | 'log' | 'onStalled'>,
): SourcesWatch | undefined {
  const { watchdogSilence: silenceSeconds, watchdogProfile: profile } = flags;
  if (flags.engineProbe) requireEngineWatch('--web.enable-engine-probe', flags);
  if (silenceSeconds === 0) return undefined;
  return new SourcesWatch(scraper, { silenceSeconds, profile, ...parts });
}

/**
 * @param flag one that needs verdicts of engines, and would do nothing without them
 * @throws UsageError
 */
export function requireEngineWatch(
  flag: string,
  { watchdogSilence, watchdogProfile }: WatchdogFlags,
): void {
  if (watchdogSilence === 0) {
    throw new UsageError(`${flag}: expected --watchdog.silence above 0, got 0`);
  }
  if (watchdogProfile === 'none') {
    throw new UsageError(`${flag}: expected a --watchdog.profile with engines, got none`);
  }
}
