/**
 * Where `top` has its views from: a directory, whose keys are read once and then only its values; another input, which is
 * read whole each time; or a running promfold, which is asked for its own.
 */
import { openInput } from '../inspect/input.js';
import { readInput, readPath } from '../inspect/read-directory.js';
import { isUrl } from '../inspect/remote.js';
import { fetchTop } from '../inspect/remote-top.js';
import type { TopView } from '../inspect/top.js';
import { Instants } from '../live/instants.js';
import { TopViews } from '../live/top-views.js';
import { SourcesWatch } from '../live/watch/sources-watch.js';
import { ProcThread } from '../processes/proc-thread.js';
import { defaultLimits } from '../scrape/default-limits.js';
import { Scraper } from '../scrape/scraper.js';

export interface TopSource {
  /**
   * What moved since the call before; the first has no rates.
   *
   * @throws MetricFileError, UsageError
   */
  next(): Promise<TopView>;
  /** Does not wait for what hangs. */
  close(): void;
}

/** A screen is compared with the one before, however soon it follows. */
const ANY_TIME = 0;

/** A scan of /proc takes longer than a refresh, and processes rarely come and go. */
const WRITERS_MS = 5_000;

/** Of a timer. The last view is kept for the next one, whatever the interval. */
const LONGEST_MS = 2 ** 31 - 1;

/** As --watchdog.silence has it by default. */
const SILENCE_SECONDS = 30;

/** So does stat of all files. Their entries are always counted, and new files are looked at at once. */
const FACTS_MS = 10_000;

/** @throws MetricFileError, UsageError */
export async function openTopSource(path: string): Promise<TopSource> {
  if (isUrl(path)) return { next: () => fetchTop(path), close: () => {} };
  const input = await openInput(path);
  if (input.kind === 'directory') return new TopOfDirectory(path);
  let first: typeof input | undefined = input;
  const top = new TopViews(ANY_TIME, LONGEST_MS);
  return {
    async next() {
      const reading = first === undefined ? await readPath(path) : await readInput(path, first);
      first = undefined;
      return top.view({ reading, hold: () => {}, release: () => {} });
    },
    close: () => top.close(),
  };
}

class TopOfDirectory implements TopSource {
  readonly #procThread = new ProcThread();
  readonly #scraper: Scraper;
  readonly #instants: Instants;
  /** It needs minutes before it says anything. */
  readonly #watch: SourcesWatch;

  constructor(path: string) {
    this.#scraper = new Scraper(path, {
      required: true,
      watch: false,
      limits: defaultLimits(false),
      factsMs: FACTS_MS,
    });
    this.#watch = new SourcesWatch(this.#scraper, {
      silenceSeconds: SILENCE_SECONDS,
      profile: 'all',
      procThread: this.#procThread,
      log: { info() {}, warn() {} },
    });
    this.#watch.start();
    this.#instants = new Instants(this.#scraper, this.#procThread, {
      verdictsOf: (source) => this.#watch.verdictsOf(source),
      writersMs: WRITERS_MS,
      topSeconds: ANY_TIME,
      keepMs: LONGEST_MS,
    });
  }

  async next(): Promise<TopView> {
    const instant = await this.#instants.take(undefined);
    try {
      return await instant.top();
    } finally {
      instant.release();
    }
  }

  close(): void {
    this.#instants.close();
    void this.#watch.close().then(() => this.#scraper.close());
    void this.#procThread.close();
  }
}
