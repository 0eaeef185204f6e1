/** The flags of what routers read, and the load that they ask for. */
import { UsageError } from '../errors.js';
import { Loads, type LoadsOptions } from '../live/load/loads.js';
import type { SourcesWatch } from '../live/watch/sources-watch.js';
import type { Scraper } from '../scrape/scraper.js';
import type { FlagKey, FlagValues } from './flags.js';

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
  { load, loadMaxAge, loadFailStalled }: FlagValues<(typeof LOAD_FLAGS)[number]>,
  {
    watch,
    procThread,
  }: Pick<LoadsOptions, 'procThread'> & { readonly watch: SourcesWatch | undefined },
): Loads {
  if (loadFailStalled && watch === undefined) {
    throw new UsageError('--load.fail-stalled: expected --watchdog.silence above 0, got 0');
  }
  return new Loads(scraper, {
    procThread,
    operations: load,
    maxAgeSeconds: loadMaxAge,
    ...(loadFailStalled && { verdicts: () => watch!.verdicts() }),
  });
}
