/** The flags about writing processes, as options of the scraper, for `serve` and `scrape`. */
import { ProcThread } from '../processes/proc-thread.js';
import type { ExtraFamilies } from '../scrape/families/extra-families.js';
import { GaugeAges } from '../scrape/families/gauge-age.js';
import { ProcessMetrics } from '../scrape/families/process-metrics.js';
import type { ScraperOptions } from '../scrape/scrape-run.js';
import type { FlagKey, FlagValues } from './flags.js';

export const WRITER_FLAGS = [
  'deadProcesses',
  'processMetrics',
  'gaugeAge',
] as const satisfies readonly FlagKey[];

export interface WriterOptions {
  readonly scraper: Pick<ScraperOptions, 'procThread' | 'deadProcesses' | 'extras'>;
  /** Starts with its first request. */
  readonly procThread: ProcThread;
  /** After the scraper. */
  close(): Promise<void>;
}

export function writerOptions(flags: FlagValues<(typeof WRITER_FLAGS)[number]>): WriterOptions {
  const { deadProcesses, processMetrics, gaugeAge } = flags;
  const procThread = new ProcThread();
  const needsScans = deadProcesses !== 'keep' || processMetrics;
  const extras: ExtraFamilies[] = [];
  if (processMetrics) extras.push(new ProcessMetrics(procThread));
  if (gaugeAge.length > 0) extras.push(new GaugeAges(gaugeAge));
  return {
    scraper: { deadProcesses, procThread: needsScans ? procThread : undefined, extras },
    procThread,
    close: () => procThread.close(),
  };
}
