/**
 * Which directories are served: DIR alone, without a name, or the sources that flags name.
 */

import { UsageError } from '../errors.js';
import { isUrl } from '../inspect/remote.js';
import type { NamedDirectory } from '../scrape/directory/source.js';
import type { Scraper } from '../scrape/scraper.js';
import { chooseDirectory } from './directory.js';
import type { FlagKey, FlagValues } from './flags.js';

export const SOURCES = ['source', 'sourceLabel'] as const satisfies readonly FlagKey[];

interface Flags extends FlagValues<(typeof SOURCES)[number] | 'label'> {
  /** Of `serve`: there may be no sources at first. */
  readonly discover?: boolean;
}

/**
 * @param given DIR, if it was given
 * @throws UsageError when DIR comes with sources, or nothing names a directory
 */
export function chooseSources(
  given: string | undefined,
  { source, sourceLabel, label, discover = false }: Flags,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (line: string) => void,
): string | readonly NamedDirectory[] {
  const directories = [given, ...source.map(({ directory }) => directory)];
  const url = directories.find((directory) => directory !== undefined && isUrl(directory));
  if (url !== undefined) throw new UsageError(`${url}: expected a directory, got a URL`);
  if (source.length === 0 && !discover) return chooseDirectory(given, environment, warn);
  if (given !== undefined) {
    throw new UsageError(
      `expected DIR or ${discover ? '--discover' : '--source'}, got both; give ${given} a name: --source NAME=${given}`,
    );
  }
  if (label.some(([name]) => name === sourceLabel)) {
    throw new UsageError(
      `--label: expected a label other than that of the sources, ${sourceLabel}`,
    );
  }
  return source;
}

/**
 * @throws UsageError when a family that is there now has a label called as that of the sources. One
 *   that comes later is a problem among others: a daemon does not stop for it.
 */
export function refuseLabelInUse(scraper: Scraper, { sourceLabel }: Flags): void {
  const inUse = scraper.problems().find(({ code }) => code === 'LABEL_IN_USE');
  if (inUse === undefined) return;
  throw new UsageError(
    `--source-label: expected a label that no family has, got '${sourceLabel}': ${inUse.message}`,
  );
}
