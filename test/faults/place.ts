/**
 * Where faults happen: a directory with a few files of known numbers, and a promfold that reads it. No
 * scrape may fail or be invalid, and no counter may go back or vanish, whatever is done to the directory.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import type { ScraperOptions } from '../../src/scrape/scrape-run.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { Daemon, type ServeOptions } from '../support/cli.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { Monotone } from '../support/monotone.js';
import { tempDirectory } from '../support/temp.js';

/** The file things happen to. Where it reads well, `jobs_total` is 12 and `loops_total` 3. */
export const VICTIM = 'counter_3.db';
export const VICTIM_ENTRIES = [counter('jobs', 5), counter('loops', 2)] as const;
export const WHOLE = { jobs: 12, loops: 3 } as const;
/** Without the victim. */
export const REST = { jobs: 7, loops: 1 } as const;

export const victimBytes = (sizeBytes = 4096): Buffer =>
  fileBytes('dict4-16', VICTIM_ENTRIES, sizeBytes);

/** What stays whole. */
export function writeRest(directory: string): void {
  writeFileSync(
    join(directory, 'counter_1.db'),
    fileBytes('dict4-16', [counter('jobs', 3), counter('loops', 1)], 4096),
  );
  writeFileSync(
    join(directory, 'counter_2.db'),
    fileBytes('dict4-16', [counter('jobs', 4)], 65_536),
  );
}

export interface Said {
  readonly jobs: number | undefined;
  readonly loops: number | undefined;
}

/** What was answered so far. */
class Answers {
  readonly #monotone = new Monotone();
  /** All series of the last scrape. */
  values: ReadonlyMap<string, number> = new Map();
  body = '';

  protected take(body: string): Said {
    assert.deepEqual(this.#monotone.dips(body), []);
    this.body = body;
    this.values = valuesOf(body);
    return { jobs: this.values.get('jobs_total'), loops: this.values.get('loops_total') };
  }

  own(name: string): number | undefined {
    return this.values.get(`promfold_${name}`);
  }
}

/** Reads the directory in this process, so that problems can be asked for. */
export class Place extends Answers {
  readonly directory: string;
  readonly scraper: Scraper;

  private constructor(directory: string, options: ScraperOptions) {
    super();
    this.directory = directory;
    const selfMetrics = new SelfMetrics({ version: '1', revision: '' });
    this.scraper = new Scraper(directory, { selfMetrics, ...options });
  }

  static async use(
    work: (place: Place) => Promise<void>,
    options: ScraperOptions & { directory?: string } = {},
  ): Promise<void> {
    const { directory = tempDirectory(), ...rest } = options;
    writeRest(directory);
    const place = new Place(directory, rest);
    try {
      await work(place);
    } finally {
      await place.scraper.close();
    }
  }

  get victim(): string {
    return join(this.directory, VICTIM);
  }

  async scrape(): Promise<Said> {
    return this.take(String(await this.scraper.scrape({ dialect: TEXT })));
  }

  /** Codes and file names of what is wrong, in order. */
  problems(): string[] {
    const relative = (path: string) => path.slice(this.directory.length + 1);
    return this.scraper
      .problems()
      .map(({ code, path }) => `${code} ${relative(path)}`)
      .sort();
  }
}

/** Reads the directory as users do. */
export class DaemonPlace extends Answers {
  readonly directory: string;
  readonly daemon: Daemon;

  constructor(directory: string, daemon: Daemon) {
    super();
    this.directory = directory;
    this.daemon = daemon;
  }

  /** The daemon is there for `work` and must end well after it. */
  static async use(
    directory: string,
    work: (place: DaemonPlace) => Promise<void>,
    options: ServeOptions & { readonly flags?: readonly string[] } = {},
  ): Promise<void> {
    const daemon = await Daemon.serve(directory, options.flags, options);
    try {
      await work(new DaemonPlace(directory, daemon));
      assert.equal(await daemon.stop(), 0, daemon.log);
    } finally {
      await daemon.stop();
    }
  }

  async scrape(headers?: Record<string, string>): Promise<Said> {
    const { status, body } = await this.daemon.get('/metrics', headers);
    assert.equal(status, 200, body);
    return this.take(body);
  }

  /** @returns the one line that says why */
  async refusal(): Promise<string> {
    const { status, body } = await this.daemon.get('/metrics');
    assert.equal(status, 503, body);
    assert.match(body, /^[^\n]+\n$/);
    return body;
  }

  async logSays(pattern: RegExp): Promise<void> {
    for (let i = 0; i < 500 && !pattern.test(this.daemon.log); i += 1) await sleep(10);
    assert.match(this.daemon.log, pattern);
  }
}
