/** The flags of what routers read, and the load that they ask for. */
import { Loads, type LoadsOptions } from '../live/load/loads.js';
import type { SourcesWatch } from '../live/watch/sources-watch.js';
import type { Scraper } from '../scrape/scraper.js';
import type { FlagKey, FlagValues } from './flags.js';
import { requireEngineWatch, type WatchdogFlags } from './watchdog-options.js';

export const LOAD_FLAGS = [
  'load',
  'loadMaxAge',
  'loadFailStalled',
  'loadAddress',
] as const satisfies readonly FlagKey[];

/**
 * @param watch undefined where it is turned off
 * @throws UsageError
 */
export function openLoads(
  scraper: Scraper,
  flags: FlagValues<(typeof LOAD_FLAGS)[number]> & WatchdogFlags,
  {
    watch,
    procThread,
  }: Pick<LoadsOptions, 'procThread'> & { readonly watch: SourcesWatch | undefined },
): Loads {
  const { load, loadMaxAge, loadFailStalled } = flags;
  if (loadFailStalled) requireEngineWatch('--load.fail-stalled', flags);
  return new Loads(scraper, {
    procThread,
    operations: load,
    maxAgeSeconds: loadMaxAge,
    ...(loadFailStalled && { verdicts: () => watch!.verdicts() }),
  });
}
