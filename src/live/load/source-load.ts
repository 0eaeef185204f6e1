/**
 * The load of one source: its values are at most a few milliseconds old, and no request waits for more than two behind a
 * scrape. As long as requests come, an instant is taken once a second, which notices files and keys that came or went; in
 * between only the entries that matter are gathered.
 */
import { releaseColumns } from '../../files/column-changes.js';
import { isArchiveId } from '../../format/filename.js';
import { type FileWriter, type LoadLayout, layOutLoad } from '../../load/layout.js';
import { type GatheredValues, type LoadValues, readLoad } from '../../load/read.js';
import type { WantedFamilies } from '../../load/wanted.js';
import { adoptedBeforeSeconds } from '../../processes/earlier-process.js';
import type { WrittenFile } from '../../processes/find-writers.js';
import type { ProcThread } from '../../processes/proc-thread.js';
import type { SourceInstant } from '../../scrape/directory/source.js';
import { firstWithin } from '../../scrape/first-within.js';
import type { Scraper } from '../../scrape/scraper.js';
import { inSlices } from '../../steps.js';
import { LiveKeys } from '../live-keys.js';
import { NOBODY_KNOWN, WriterLookup, type Writers, writtenOf } from '../writer-lookup.js';

export interface SourceLoadOptions {
  readonly wanted: WantedFamilies;
  readonly procThread: Pick<ProcThread, 'writers' | 'forget'>;
}

/** Requests within this time are given the same values. */
const FRESH_MS = 5;

/** Behind a scrape, for one who asks again and again. A timer may fire a millisecond late, and it must not be more than two. */
const PATIENCE_MS = 1;

/** For the first values, which need all keys, and for one who asks now and then. Pickers wait for a second. */
const FIRST_MS = 900;

/** Values that are older are none: a scrape hangs. */
const LONGEST_MS = 10_000;

/** Between two instants. */
const INSTANT_MS = 1_000;

/** Where instants take long, they are taken less often: a fiftieth of the time at most, but for those that read much that is new. */
const INSTANT_PACE = 50;
const LONGEST_REST_MS = 5_000;

/** Where entries cannot be gathered by themselves, as of files that are not mapped: a tenth. */
const FALLBACK_PACE = 10;

/** Without a request, what the answers are made from is dropped. */
const IDLE_MS = 60_000;

const LOOKUP_MS = 3_000;
const LOOKUP_PACE = { share: 1 / 200, maxAgeMs: 60_000 };

const NOTHING: GatheredValues = {
  value: new Float64Array(0),
  timestampSeconds: new Float64Array(0),
};

/** There is no answer: what is wrong, in words. */
export class NoLoadError extends Error {
  override readonly name = 'NoLoadError';
}

export interface TakenLoad {
  readonly values: LoadValues;
  /** By a monotonic clock. */
  readonly takenMs: number;
  readonly takenAtSeconds: number;
}

export class SourceLoad {
  readonly source: string | undefined;
  readonly path: string;
  readonly #scraper: Pick<Scraper, 'instant' | 'gatherEntries'>;
  readonly #options: SourceLoadOptions;
  readonly #idle: NodeJS.Timeout;
  #lookup: WriterLookup | undefined;
  #writers: Writers = NOBODY_KNOWN;
  /** Of these. */
  #said = '';
  #files: SourceInstant['files'] | undefined;
  #written: readonly WrittenFile[] = [];
  #identityOf: ReadonlyMap<number, string> = new Map();
  /** With what it was made of. */
  #layout:
    | { readonly layout: LoadLayout; readonly state: SourceInstant['state']; readonly by: Writers }
    | undefined;
  #last: TakenLoad | undefined;
  #taking: Promise<TakenLoad> | undefined;
  #instantDueMs = Number.NEGATIVE_INFINITY;
  #freshMs = FRESH_MS;

  constructor(
    source: string | undefined,
    path: string,
    scraper: Pick<Scraper, 'instant' | 'gatherEntries'>,
    options: SourceLoadOptions,
  ) {
    this.source = source;
    this.path = path;
    this.#scraper = scraper;
    this.#options = options;
    this.#idle = setTimeout(() => this.#drop(), IDLE_MS).unref();
  }

  /** Of the last answer, however long ago. */
  get last(): TakenLoad | undefined {
    return this.#last;
  }

  /**
   * @param isPatient waits for values of now, also behind a scrape
   * @throws NoLoadError where there are none in that time, or a scrape hangs
   * @throws as Scraper.instant
   */
  async take(isPatient: boolean): Promise<TakenLoad> {
    const before = this.#last;
    if (before !== undefined && performance.now() - before.takenMs <= this.#freshMs) return before;
    this.#idle.refresh();
    this.#taking ??= this.#takeNow().finally(() => {
      this.#taking = undefined;
    });
    // One that is waited for no longer may fail later.
    this.#taking.catch(() => {});
    const waitMs = isPatient ? FIRST_MS : PATIENCE_MS;
    const taken = await firstWithin(waitMs, this.#taking);
    const answer = taken ?? before;
    if (answer === undefined) {
      throw new NoLoadError(`${this.path}: the first values take longer than ${waitMs} ms`);
    }
    const oldMs = performance.now() - answer.takenMs;
    if (oldMs <= LONGEST_MS) return answer;
    throw new NoLoadError(`${this.path}: no value was read for ${Math.round(oldMs / 1000)} s`);
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#drop();
  }

  #drop(): void {
    this.#lookup?.close();
    this.#lookup = undefined;
    this.#writers = NOBODY_KNOWN;
    this.#said = '';
    this.#files = undefined;
    this.#layout = undefined;
    this.#last = undefined;
    this.#instantDueMs = Number.NEGATIVE_INFINITY;
  }

  async #takeNow(): Promise<TakenLoad> {
    const known = this.#layout;
    const isDue = performance.now() >= this.#instantDueMs;
    if (known !== undefined && !isDue && known.by === this.#writers) {
      // As long as there is nothing to gather, only an instant can tell of something.
      if (known.layout.entry.length === 0) return this.#took(known.layout, NOTHING);
      const gathered = await this.#scraper.gatherEntries(this.source, known.layout, known.state);
      if (gathered === undefined) return this.#takeInstant(known.state);
      this.#freshMs = FRESH_MS;
      const taken = this.#took(known.layout, gathered);
      releaseColumns(gathered);
      return taken;
    }
    return this.#takeInstant();
  }

  /** @param refused the state whose entries were not gathered by themselves: where it is a new one, they will be */
  async #takeInstant(refused?: SourceInstant['state']): Promise<TakenLoad> {
    const beganMs = performance.now();
    let instant: SourceInstant;
    let tookMs: number;
    try {
      instant = await this.#instant();
      tookMs = performance.now() - beganMs;
    } catch (error) {
      // What was there is not there any more.
      this.#last = undefined;
      throw error;
    }
    try {
      await this.#look();
      const layout = await this.#layoutOf(instant);
      const { value, timestampSeconds } = instant.columns;
      const gathered = {
        value: pick(value, layout.row),
        timestampSeconds: pick(timestampSeconds, layout.row),
      };
      const restMs = Math.min(LONGEST_REST_MS, INSTANT_PACE * tookMs);
      this.#instantDueMs = performance.now() + Math.max(INSTANT_MS, restMs);
      this.#freshMs =
        instant.state === refused ? Math.max(FRESH_MS, FALLBACK_PACE * tookMs) : FRESH_MS;
      return this.#took(layout, gathered);
    } finally {
      instant.release();
    }
  }

  /** With facts where files came or went. */
  async #instant(): Promise<SourceInstant> {
    const instant = await this.#scraper.instant(this.source, false);
    if (instant.files === this.#files) return instant;
    instant.release();
    const withFacts = await this.#scraper.instant(this.source, true);
    const { files, facts = new Map() } = withFacts;
    this.#files = files;
    this.#written = writtenOf(files, facts);
    this.#identityOf = new Map(files.map(({ id }) => [id, facts.get(id)?.identity ?? '']));
    return withFacts;
  }

  /** What is found is for a later answer, but for the first time: a model whose server is gone must not be told of. */
  async #look(): Promise<void> {
    const isFirst = this.#lookup === undefined;
    this.#lookup ??= new WriterLookup(this.#options.procThread, LOOKUP_MS, LOOKUP_PACE);
    const looking = this.#lookup.writers(this.#written).then((writers) => {
      // One that failed says nothing; and each makes a new map.
      if (writers === NOBODY_KNOWN) return;
      const said = saidOf(writers);
      if (said === this.#said) return;
      this.#said = said;
      this.#writers = writers;
    });
    if (isFirst) await looking;
  }

  async #layoutOf({ state }: SourceInstant): Promise<LoadLayout> {
    const by = this.#writers;
    if (this.#layout?.state === state && this.#layout.by === by) return this.#layout.layout;
    const { rows, keyTexts, fileNames } = state;
    const keys = new LiveKeys(keyTexts, 0);
    const textOf = (id: number) => keys.text(id);
    const entries = { ...rows, fileNames, keyCount: keys.size, textOf };
    const layout = await inSlices(
      layOutLoad(entries, this.#options.wanted, (id) => {
        return writerOf(by, fileNames.get(id)?.processId, this.#identityOf.get(id));
      }),
    );
    this.#layout = { layout, state, by };
    return layout;
  }

  #took(layout: LoadLayout, gathered: GatheredValues): TakenLoad {
    this.#last = {
      values: readLoad(layout, gathered),
      takenMs: performance.now(),
      takenAtSeconds: Date.now() / 1000,
    };
    return this.#last;
  }
}

/** What a layout depends on. */
function saidOf(writers: Writers): string {
  const said = Array.from(writers.values(), ({ processId, liveness, startSeconds, abandoned }) => [
    processId,
    liveness,
    liveness === 'alive' ? startSeconds : 0,
    abandoned,
  ]);
  return JSON.stringify(said);
}

function writerOf(
  writers: Writers,
  processId: string | undefined,
  identity: string | undefined,
): FileWriter {
  // What it has is of dead processes, whether anything is known of processes or not.
  if (processId !== undefined && isArchiveId(processId)) return { isDead: true, bornSeconds: 0 };
  const writer = writers.get(processId ?? '');
  if (writer === undefined) return { isDead: false, bornSeconds: 0 };
  const { liveness, startSeconds, abandoned } = writer;
  const isAbandoned = identity !== undefined && abandoned?.includes(identity) === true;
  const isBornKnown = liveness === 'alive' && startSeconds !== undefined;
  return {
    isDead: liveness === 'dead' || isAbandoned,
    bornSeconds: isBornKnown ? adoptedBeforeSeconds(startSeconds) : 0,
  };
}

/** Of a column that is empty where there is nothing, zeros. */
function pick(column: Float64Array, row: Uint32Array): Float64Array {
  return Float64Array.from(row, (i) => column[i] ?? 0);
}
