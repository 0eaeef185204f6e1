/** The flags about processes that write, as the scraper takes them; `serve` and `scrape` have the same. */
import { ProcThread } from '../processes/proc-thread.js';
import type { ScraperOptions } from '../scrape/scraper.js';
import type { FlagKey, FlagValues } from './flags.js';

export const WRITER_FLAGS = ['deadProcesses'] as const satisfies readonly FlagKey[];

export interface WriterOptions {
  readonly scraper: Pick<ScraperOptions, 'procThread' | 'deadProcesses'>;
  /** After the scraper. */
  close(): Promise<void>;
}

export function writerOptions(flags: FlagValues<(typeof WRITER_FLAGS)[number]>): WriterOptions {
  const { deadProcesses } = flags;
  const procThread = new ProcThread();
  const looks = deadProcesses !== 'keep';
  return {
    scraper: { deadProcesses, procThread: looks ? procThread : undefined },
    close: () => procThread.close(),
  };
}
